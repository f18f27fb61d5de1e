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

#define LABEL "%12s: "

typedef struct Usage {
        uint64_t memory, memory_peak, tasks, cpu_usec;
} Usage;

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
static void read_usage(Ctl *ctl, const char *path, Usage *u) {
        const struct {
                const char *name;
                uint64_t *value;
        } known[] = {
                { "MemoryCurrent", &u->memory      },
                { "MemoryPeak",    &u->memory_peak },
                { "TasksCurrent",  &u->tasks       },
                { "CPUUsageUSec",  &u->cpu_usec    },
        };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *name;
        uint64_t value;

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                *known[i].value = UINT64_MAX;
        if (bus_method(ctl, path, BUS_CONTAINER, "GetUsage", &m, NULL) < 0 || bus_call(ctl, m, &reply, NULL) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "{st}") < 0)
                return;
        while (sd_bus_message_read(reply, "{st}", &name, &value) > 0)
                for (size_t i = 0; i < ELEMENTSOF(known); i++)
                        if (streq(name, known[i].name))
                                *known[i].value = value;
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

static void print_usage(const Usage *u) {
        char text[FORMAT_MAX], peak[FORMAT_MAX];

        if (u->memory != UINT64_MAX) {
                printf(LABEL "%s", "Memory", format_bytes(text, u->memory));
                if (u->memory_peak != UINT64_MAX)
                        printf(" (peak: %s)", format_bytes(peak, u->memory_peak));
                putchar('\n');
        }
        if (u->tasks != UINT64_MAX)
                printf(LABEL "%" PRIu64 "\n", "Tasks", u->tasks);
        if (u->cpu_usec != UINT64_MAX)
                printf(LABEL "%s\n", "CPU", format_timespan(text, u->cpu_usec));
}

/* The last lines of the console, where the caller may see them: no reason to ask
 * for a password, and none to fail. */
static void print_log(Ctl *ctl, const char *name, size_t lines) {
        _cleanup_(log_close) Log l = LOG_INIT;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        if (lines == 0 || ctl->host)
                return;
        (void) sd_bus_set_allow_interactive_authorization(ctl->bus, false);
        r = log_open(ctl, name, &l, NULL);
        if (r >= 0)
                r = log_read(&l, lines, &text, &size, NULL);
        if (r < 0 || size == 0)
                return;
        size = format_plain(text, size);
        printf("\n%.*s%s", (int) size, text, size > 0 && text[size - 1] != '\n' ? "\n" : "");
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

static int print_status(Ctl *ctl, const char *name, size_t lines, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *path = NULL;
        uint64_t leader;
        const char *state, *description;
        Usage usage;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = object_read(ctl, path, BUS_CONTAINER, &o, error);
        if (r < 0)
                return r;
        state = object_text(&o, "State");
        leader = object_number(&o, "Leader");
        description = object_text(&o, "Description");

        printf("%s", name);
        if (!isempty(description)) {
                fputs(" - ", stdout);
                print_plain(description);
        }
        putchar('\n');
        print_state(&o, state);
        print_text("Status", object_text(&o, "StatusText"));
        print_exit(&o);
        print_restarts(&o);
        if (leader > 0) {
                printf(LABEL "%" PRIu64 "\n", "Leader", leader);
                print_text("Unit", object_text(&o, "Unit"));
        }
        print_identity(&o);
        if (leader > 0) {
                read_usage(ctl, path, &usage);
                print_usage(&usage);
        }
        print_log(ctl, name, lines);
        return leader > 0 ? EXIT_SUCCESS : STATUS_NOT_RUNNING;
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
        .details = "The exit status is 0 where it runs, 3 where it does not, 4 where there is none.",
        .options = options,
        .status_no_container = STATUS_NO_CONTAINER,
        .run = run_status,
};
