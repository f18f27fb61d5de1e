/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A container on one page, for people. */

#include <inttypes.h>
#include <stdio.h>
#include <signal.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "ctl.h"
#include "format.h"
#include "log.h"
#include "object.h"
#include "parse.h"
#include "process-tree.h"
#include "show.h"
#include "strv.h"

#define LABEL_WIDTH 12
#define LABEL "%12s: "

/* More than people read on one page. */
#define PROCESSES_MAX 200

/* What a container wrote shall not command the terminal. */
static void print_plain(const char *text) {
        _cleanup_free_ char *copy = strdup(text);

        if (copy)
                printf("%.*s", (int) format_plain(copy, strlen(copy)), copy);
}

static void print_text(const char *label, const char *text) {
        if (isempty(text))
                return;
        printf(LABEL, label);
        print_plain(text);
        putchar('\n');
}

/* Figures that the host's kernel does not keep are not there. */
static int read_usage(Ctl *ctl, const char *path, Object *o) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *name;
        uint64_t value;
        int r = 0;

        if (bus_method(ctl, path, BUS_CONTAINER, "GetUsage", &m, NULL) < 0 || bus_call(ctl, m, &reply, NULL) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "{st}") < 0)
                return 0;
        while (r >= 0 && sd_bus_message_read(reply, "{st}", &name, &value) > 0)
                r = object_add_number(o, name, value);
        return r;
}

/* What systemd holds it to: the same that systemctl set-property changes. */
static int read_limits(Ctl *ctl, Object *o) {
        static const char *const names[] = { "MemoryMax", "MemoryHigh", "TasksMax", "CPUQuotaPerSecUSec" };
        _cleanup_free_ char *path = NULL;
        int r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", object_text(o, "Unit"), &path);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                uint64_t value = UINT64_MAX;

                (void) sd_bus_get_property_trivial(ctl->bus, "org.freedesktop.systemd1", path,
                                                   "org.freedesktop.systemd1.Scope", names[i], NULL, 't', &value);
                r = object_add_number(o, names[i], value);
        }
        return r;
}

/* When the present state began; 0 where that is not known. */
static uint64_t state_since(const Object *o, const char *state) {
        uint64_t ready = object_number(o, "ReadyAt"), exited = object_number(o, "ExitedAt");

        if (streq(state, "running") && ready > 0)
                return ready;
        if (streq(state, "stopped") || streq(state, "failed"))
                return exited > 0 ? exited : object_number(o, "CreatedAt");
        if (streq(state, "frozen"))
                return 0; /* nobody keeps that */
        return object_number(o, "StartedAt");
}

static void print_state(const Object *o, const char *state) {
        uint64_t since = state_since(o, state), now = now_usec(CLOCK_REALTIME);
        bool color = isatty(STDOUT_FILENO);
        const char *on = "";
        char when[FORMAT_MAX], ago[FORMAT_MAX];

        if (color)
                on = streq(state, "running")  ? "\033[1;32m"
                     : streq(state, "failed") ? "\033[1;31m"
                     : streq(state, "frozen") ? "\033[1;36m"
                                              : "\033[1m";
        printf(LABEL "%s%s%s", "State", on, state, color ? "\033[0m" : "");
        if (since > 0)
                printf(" since %s; %s", format_timestamp(when, since), format_ago(ago, since, now));
        putchar('\n');
}

static void print_exit(const Object *o) {
        const char *reason = object_text(o, "ExitReason");
        int status = (int) (int64_t) object_number(o, "ExitStatus");
        uint64_t at = object_number(o, "ExitedAt");
        char end[FORMAT_MAX], when[FORMAT_MAX];

        if (isempty(reason) || at == 0)
                return;
        printf(LABEL "%s on %s\n", "Last end", format_end(end, reason, status), format_timestamp(when, at));
}

static void print_restarts(const Object *o) {
        uint64_t restarts = object_number(o, "Restarts"), next = object_number(o, "NextStartAt");
        char when[FORMAT_MAX];

        if (restarts == 0 && next == 0)
                return;
        printf(LABEL "%" PRIu64, "Restarts", restarts);
        if (next > 0)
                printf(", started again on %s", format_timestamp(when, next));
        putchar('\n');
}

/* False where it is not known, or there is none. */
static bool figure(const Object *o, const char *name, uint64_t *ret) {
        const Property *p = object_get(o, name);

        *ret = p ? p->number : UINT64_MAX;
        return *ret != UINT64_MAX;
}

static void print_memory(const Object *o) {
        static const struct {
                const char *word, *name;
        } more[] = { { "max", "MemoryMax" }, { "high", "MemoryHigh" }, { "peak", "MemoryPeak" } };
        const char *before = " (";
        char text[FORMAT_MAX];
        uint64_t v;

        if (!figure(o, "MemoryCurrent", &v))
                return;
        printf(LABEL "%s", "Memory", format_bytes(text, v));
        for (size_t i = 0; i < ELEMENTSOF(more); i++)
                if (figure(o, more[i].name, &v)) {
                        printf("%s%s: %s", before, more[i].word, format_bytes(text, v));
                        before = ", ";
                }
        puts(streq(before, ", ") ? ")" : "");
}

static void print_usage(const Object *o) {
        char text[FORMAT_MAX];
        uint64_t v;

        print_memory(o);
        if (figure(o, "TasksCurrent", &v)) {
                printf(LABEL "%" PRIu64, "Tasks", v);
                if (figure(o, "TasksMax", &v))
                        printf(" (max: %" PRIu64 ")", v);
                putchar('\n');
        }
        if (figure(o, "CPUUsageUSec", &v)) {
                printf(LABEL "%s", "CPU", format_timespan(text, v));
                if (figure(o, "CPUQuotaPerSecUSec", &v))
                        printf(" (quota: %" PRIu64 "%%)", v / (USEC_PER_SEC / 100));
                putchar('\n');
        }
}

/* As systemctl status has it. That there is none, for nobody or for us, is no failure. */
static void print_processes(Ctl *ctl, const char *unit) {
        _cleanup_(process_tree_clear) ProcessTree tree = {};

        if (process_tree_read(ctl->bus, unit, &tree) < 0 || tree.n == 0)
                return;
        printf(LABEL "%s\n", "CGroup", unit);
        process_tree_print(&tree, stdout, LABEL_WIDTH + 2, PROCESSES_MAX);
}

/* The last lines of the console, where the caller may see them: no reason to ask
 * for a password, and none to fail. Over ssh no descriptors come. Returns their size. */
static size_t read_log(Ctl *ctl, const char *name, size_t lines, char **ret) {
        _cleanup_(log_close) Log l = LOG_INIT;
        size_t size = 0;
        int r;

        if (lines == 0 || ctl->host)
                return 0;
        (void) sd_bus_set_allow_interactive_authorization(ctl->bus, false);
        r = log_open(ctl, name, &l, NULL);
        if (r >= 0)
                r = log_read(&l, lines, ret, &size, NULL);
        return r < 0 ? 0 : format_plain(*ret, size);
}

static int print_json(Ctl *ctl, Object *o, char *log, size_t size, Error *error) {
        _cleanup_strv_ char **lines = NULL;
        int r;

        if (log)
                log[size] = 0;
        r = strv_split(strempty(log), "\r\n", &lines);
        if (r >= 0)
                r = object_add_strings(o, "Log", lines);
        return r < 0 ? error_set_errno(error, r, "Cannot print how it is") : show_json(ctl, &(Show){}, o, error);
}

static void print_identity(const Object *o) {
        uint64_t base = object_number(o, "UIDBase"), count = object_number(o, "UIDCount");
        const char *template = object_text(o, "Template");

        printf(LABEL "%s", "Image", object_text(o, "Image"));
        if (!isempty(template))
                printf(" (from %s)", template);
        putchar('\n');
        print_text("Runtime", object_text(o, "Runtime"));
        if (object_number(o, "UserNamespace"))
                printf(LABEL "%" PRIu64 " to %" PRIu64 " on the host%s\n", "Users", base, base + count - 1,
                       object_number(o, "Privileged") ? ": privileged" : "");
        else
                printf(LABEL "those of the host: privileged\n", "Users");
        print_text("Machine ID", object_text(o, "MachineID"));
        print_text("Network", object_text(o, "Network"));
        print_text("Addresses", object_text(o, "Addresses"));
}

static void print_page(Ctl *ctl, const char *name, const Object *o) {
        const char *state = object_text(o, "State"), *description = object_text(o, "Description");
        uint64_t leader = object_number(o, "Leader");

        printf("%s", name);
        if (!isempty(description)) {
                fputs(" - ", stdout);
                print_plain(description);
        }
        putchar('\n');
        print_state(o, state);
        if (!streq(object_text(o, "BootProgress"), "ready"))
                print_text("Boot", object_text(o, "BootProgress"));
        print_text("Status", object_text(o, "StatusText"));
        print_exit(o);
        print_restarts(o);
        if (leader > 0) {
                printf(LABEL "%" PRIu64 "\n", "Leader", leader);
                print_text("Unit", object_text(o, "Unit"));
        }
        print_identity(o);
        if (leader > 0) {
                print_usage(o);
                print_processes(ctl, object_text(o, "Unit"));
        }
}

static int print_status(Ctl *ctl, const char *name, size_t lines, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *path = NULL, *log = NULL;
        size_t size;
        bool runs;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = object_read(ctl, path, BUS_CONTAINER, &o, error);
        if (r < 0)
                return r;
        runs = object_number(&o, "Leader") > 0;
        if (runs) {
                r = read_usage(ctl, path, &o);
                if (r >= 0)
                        r = read_limits(ctl, &o);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot read what %s uses", name);
        }
        if (!ctl->json)
                print_page(ctl, name, &o);
        size = read_log(ctl, name, lines, &log);
        if (ctl->json) {
                r = print_json(ctl, &o, log, size, error);
                if (r < 0)
                        return r;
        } else if (size > 0)
                printf("\n%.*s%s", (int) size, log, log[size - 1] != '\n' ? "\n" : "");
        return runs ? EXIT_SUCCESS : STATUS_NOT_RUNNING;
}

static int run_status(Ctl *ctl, Options *o, Error *error) {
        uint64_t lines = 10;
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (parse_uint_max(value, SIZE_MAX - 1, &lines) < 0)
                        return error_set(error, EINVAL, "Usage", "--lines=%.100s is not valid: give a number", value);
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the name of a container", error);
        return r < 0 ? r : print_status(ctl, options_rest(o)[0], lines, error);
}

static const Option options[] = {
        { "lines", 'n', "LINES", "So many lines of the console's log (10)" },
        {}
};

const Verb verb_status = {
        .name = "status",
        .usage = "NAME",
        .summary = "Show how a container is, for people",
        .details = "Its processes are shown as a tree of its control groups. With --json it is its\n"
                   "properties, what it uses and what it is held to, and the lines of the log.\n"
                   "The exit status is 0 where it runs, 3 where it does not, 4 where there is none.",
        .options = options,
        .status_no_container = STATUS_NO_CONTAINER,
        .run = run_status,
};
