/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include "attachment-bus.h"
#include "bus.h"
#include "container-query-bus.h"
#include "copy-bus.h"
#include "deed.h"
#include "fd.h"
#include "message-size.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "settings-bus.h"
#include "strv.h"
#include "usage.h"

#define EXEC_ARGUMENTS_MAX 4096
#define EXEC_BYTES_MAX (1024 * 1024) /* of all of it */

/* A verb that becomes a job: begins it, answers with it, and ends it where the
 * verb cannot even begin. */
typedef int (*JobVerb)(Container *container, uint64_t argument, Job *job, Error *error);

static int run_job(sd_bus_message *m, Container *container, const char *kind, JobVerb verb, uint64_t argument,
                   sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        Job *job;
        int r;

        r = bus_job_new(container->manager, m, kind, ACTION_MANAGE, container->name, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        job_set_argument(job, argument);
        r = bus_reply_job(m, job);
        if (r >= 0)
                r = verb(container, argument, job, &error);
        if (r < 0) {
                error_set_errno(&error, r, "cannot %s %s", kind, container->name);
                job_finish(job, &error);
        }
        return 1;
}

static int verb_start(Container *container, uint64_t argument, Job *job, Error *error) {
        return container_start_in_turn(container, job, error);
}

static int verb_stop(Container *container, uint64_t argument, Job *job, Error *error) {
        return container_stop(container, argument, false, job, error);
}

static int verb_restart(Container *container, uint64_t argument, Job *job, Error *error) {
        if (!container_state_is_active(container->state))
                return container_start_in_turn(container, job, error);
        return container_stop(container, argument, true, job, error);
}

static int verb_soft_reboot(Container *container, uint64_t argument, Job *job, Error *error) {
        return container_soft_reboot(container, job, error);
}

static int verb_remove(Container *container, uint64_t argument, Job *job, Error *error) {
        return container_remove(container, argument != 0, job, error);
}

static int method_start(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        int r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "start", ret_error);

        if (r <= 0)
                return r < 0 ? r : 1;
        return run_job(m, c, "start", verb_start, 0, ret_error);
}

static int method_stop(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        uint64_t timeout;
        int r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "stop", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "t", &timeout);
        return r < 0 ? r : run_job(m, c, "stop", verb_stop, timeout, ret_error);
}

static int method_restart(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        uint64_t timeout = 0;
        int r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "restart", ret_error);

        if (r <= 0)
                return r < 0 ? r : 1;
        return run_job(m, c, "restart", verb_restart, timeout, ret_error);
}

static int method_soft_reboot(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        int r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "soft-reboot", ret_error);

        if (r <= 0)
                return r < 0 ? r : 1;
        return run_job(m, c, "soft-reboot", verb_soft_reboot, 0, ret_error);
}

static int method_remove(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        int force, r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "remove", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "b", &force);
        return r < 0 ? r : run_job(m, c, "remove", verb_remove, (uint64_t) force, ret_error);
}

static int method_rename(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *path = NULL;
        Container *c = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        r = bus_authorize_name(c->manager, m, ACTION_MANAGE, c->name, "rename", name, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = container_rename(c, name, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        path = bus_container_path(c);
        return path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM;
}

/* What the monitor answers. */

static int method_kill(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        Container *c = userdata;
        LaterReply *later;
        const char *whom;
        int32_t sig;
        int r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, "kill", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "si", &whom, &sig);
        if (r < 0)
                return r;
        if (kill_whom_from_string(whom) < 0)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "whom is \"init\" or \"all\", not \"%.32s\"", whom);
        if (sig < 1 || sig > SIGRTMAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "%d is no signal", sig);

        r = bus_reply_later(m, &later);
        if (r < 0)
                return r;
        r = container_kill(c, kill_whom_from_string(whom), sig, bus_later_done, later, &error);
        if (r < 0) {
                bus_later_drop(later);
                return bus_error(ret_error, &error, r);
        }
        return 1;
}

static int set_frozen(sd_bus_message *m, Container *c, bool frozen, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        LaterReply *later;
        int r;

        r = bus_authorize(c->manager, m, ACTION_MANAGE, c->name, frozen ? "freeze" : "thaw", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = bus_reply_later(m, &later);
        if (r < 0)
                return r;
        r = container_set_frozen(c, frozen, bus_later_done, later, &error);
        if (r < 0) {
                bus_later_drop(later);
                return bus_error(ret_error, &error, r);
        }
        return 1;
}

static int method_freeze(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return set_frozen(m, userdata, true, ret_error);
}

static int method_thaw(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return set_frozen(m, userdata, false, ret_error);
}

/* -E2BIG after EXEC_ARGUMENTS_MAX: nobody has been asked yet whether the caller may. */
static int read_words(sd_bus_message *m, char ***ret) {
        _cleanup_strv_ char **words = NULL;
        const char *word;
        size_t n = 0;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &word)) > 0)
                r = n++ < EXEC_ARGUMENTS_MAX ? strv_extend(&words, word) : -E2BIG;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        strv_free(*ret);
        *ret = TAKE_PTR(words);
        return 0;
}

/* The last one counts. */
static int read_word(sd_bus_message *m, char **ret) {
        const char *text;
        char *copy;
        int r = sd_bus_message_read(m, "v", "s", &text);

        if (r < 0)
                return r;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*ret);
        *ret = copy;
        return 0;
}

/* Options: an unknown one is an error, so that nobody relies on what is not done. */
static int read_exec_options(sd_bus_message *m, ExecRequest *request, bool *ret_login, sd_bus_error *ret_error) {
        const char *key;
        int r, b;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                if (streq(key, "Environment")) {
                        r = sd_bus_message_enter_container(m, 'v', "as");
                        if (r >= 0)
                                r = read_words(m, &request->environment);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                        STRV_FOREACH(e, request->environment)
                                if (!strchr(*e, '=') || **e == '=')
                                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                                                 "\"%.64s\" is no assignment: write NAME=VALUE", *e);
                } else if (streq(key, "WorkingDirectory")) {
                        r = read_word(m, &request->directory);
                        if (r >= 0 && *request->directory != '/')
                                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                                         "the working directory must be an absolute path");
                } else if (streq(key, "User")) {
                        r = read_word(m, &request->user);
                } else if (streq(key, "Terminal") || streq(key, "LoginShell")) {
                        r = sd_bus_message_read(m, "v", "b", &b);
                        if (r >= 0)
                                *(streq(key, "Terminal") ? &request->terminal : ret_login) = b;
                } else if (streq(key, "Columns"))
                        r = sd_bus_message_read(m, "v", "u", &request->columns);
                else if (streq(key, "Rows"))
                        r = sd_bus_message_read(m, "v", "u", &request->rows);
                else
                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "there is no option \"%.64s\"", key);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_streams(sd_bus_message *m, int streams[static 3], size_t *ret_n) {
        size_t n = 0;
        int fd, r;

        r = sd_bus_message_enter_container(m, 'a', "h");
        while (r >= 0 && (r = sd_bus_message_read(m, "h", &fd)) > 0) {
                if (n >= 3)
                        return -E2BIG;
                streams[n++] = fd; /* the message's, which lives as long as this call */
        }
        *ret_n = n;
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int method_exec(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(exec_request_clear) ExecRequest request = {};
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_free_ char *command = NULL;
        _cleanup_fd_ int lease = -EBADF;
        int streams[3], session, r;
        Container *c = userdata;
        bool login = false;
        LaterReply *later;
        size_t n_streams;

        if (message_size(m, EXEC_BYTES_MAX) > EXEC_BYTES_MAX)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "a command of more than %d bytes", EXEC_BYTES_MAX);
        r = read_words(m, &request.argv);
        if (r >= 0)
                r = read_exec_options(m, &request, &login, ret_error);
        if (r >= 0)
                r = read_streams(m, streams, &n_streams);
        if (r == -E2BIG)
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "more than %d arguments or variables, or more than three streams", EXEC_ARGUMENTS_MAX);
        if (r < 0)
                return r;
        if (login != !(request.argv && request.argv[0]))
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS,
                                         login ? "a login shell takes no command" : "the command is empty");

        command = strv_join_quoted(request.argv);
        const Deed deed = {
                .action = ACTION_EXEC,
                .verb = login ? "shell" : "exec",
                .container = c->name,
                .user = request.user ?: "root",
                .command = command,
        };
        r = deed_authorize(c->manager, m, &deed, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = exec_request_resolve(&request, login, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        r = bus_reply_later(m, &later);
        if (r < 0)
                return r;
        r = bus_lease(c->manager, m, &lease, &error);
        if (r >= 0)
                r = container_exec(c, &request, streams, n_streams, lease, bus_later_done, later, &session,
                                   &error);
        if (r < 0) {
                bus_later_drop(later);
                return bus_error(ret_error, &error, r);
        }
        bus_later_set_fd(later, session);
        return 1;
}

static int method_open_console(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_fd_ int lease = -EBADF;
        int stream, read_only = 0, r;
        Container *c = userdata;
        LaterReply *later;
        const char *key;

        r = bus_authorize(c->manager, m, ACTION_CONSOLE, c->name, "open-console", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && !streq(key, "ReadOnly"))
                        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "there is no option \"%.64s\"", key);
                if (r >= 0)
                        r = sd_bus_message_read(m, "v", "b", &read_only);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = bus_reply_later(m, &later);
        if (r < 0)
                return r;
        r = bus_lease(c->manager, m, &lease, &error);
        if (r >= 0)
                r = container_open_console(c, read_only, lease, bus_later_done, later, &stream, &error);
        if (r < 0) {
                bus_later_drop(later);
                return bus_error(ret_error, &error, r);
        }
        bus_later_set_fd(later, stream);
        return 1;
}

static int method_resize_console(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        uint32_t columns, rows;
        Container *c = userdata;
        int r;

        r = bus_authorize(c->manager, m, ACTION_CONSOLE, c->name, "resize-console", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_read(m, "uu", &columns, &rows);
        if (r < 0)
                return r;
        r = container_resize_console(c, columns, rows, &error);
        return r < 0 ? bus_error(ret_error, &error, r) : sd_bus_reply_method_return(m, NULL);
}

/* Properties. None holds a secret: they go to every user of the bus. */

static int property_text(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                         void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        char unit[UNIT_NAME_MAX];
        const char *value = "";

        unit_scope_name(c->name, unit);
        const struct {
                const char *name, *value;
        } values[] = {
                { "Name", c->name },
                { "State", container_state_to_string(c->state) },
                { "Description", c->settings->description },
                { "Template", c->identity.template },
                { "Image", c->identity.image },
                { "Runtime", c->settings->runtime ?: "ctrrun" },
                { "MachineID", c->identity.machine_id },
                { "Unit", unit },
                { "StatusText", c->status_text },
                { "BootProgress", c->boot_progress },
                { "Autostart", autostart_to_string(c->settings->autostart) },
                { "RestartPolicy", restart_policy_to_string(c->settings->restart) },
                { "ExitReason", exit_reason_to_string(c->exit.reason) },
                { "Network", network_mode_to_string(c->settings->network_mode) },
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                if (streq(values[i].name, property))
                        value = strempty(values[i].value);
        return sd_bus_message_append(reply, "s", value);
}

static int property_time(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                         void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        return sd_bus_message_append(reply, "t",
                                     streq(property, "CreatedAt")   ? c->identity.created_usec
                                     : streq(property, "StartedAt") ? c->started_usec
                                     : streq(property, "ReadyAt")   ? c->ready_usec
                                     : streq(property, "NextStartAt") ? c->recovery.due_realtime_usec
                                                                    : c->exit.timestamp_usec);
}

static int property_number(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                           void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        return sd_bus_message_append(reply, "u",
                                     streq(property, "UIDBase")    ? c->identity.uid_base
                                     : streq(property, "UIDCount") ? c->identity.uid_count
                                                                   : (uint32_t) c->leader);
}

static int property_restarts(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                             void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        return sd_bus_message_append(reply, "t", c->recovery.restarts);
}

static int property_users(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                          void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        bool runs = container_state_is_active(c->state); /* with the ids that it was started with */

        if (streq(property, "Privileged"))
                return sd_bus_message_append(reply, "b", runs ? c->identity.uid_base == 0 : settings_is_privileged(c->settings));
        return sd_bus_message_append(reply, "b", (runs ? c->identity.uid_count : settings_uid_count(c->settings)) > 0);
}

static int property_exit_status(sd_bus *bus, const char *path, const char *interface, const char *property,
                                sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        return sd_bus_message_append(reply, "i", (int32_t) c->exit.code);
}

static int property_list(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;

        return sd_bus_message_append_strv(reply, streq(property, "Profiles") ? c->settings->profiles
                                                 : streq(property, "Owner")  ? c->settings->owners
                                                 : c->addresses_known        ? c->addresses
                                                                             : c->settings->addresses);
}

static int property_job(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *ret_error) {
        Container *c = userdata;
        _cleanup_free_ char *job = c->job ? bus_job_path(c->job) : strdup("/");

        return job ? sd_bus_message_append(reply, "o", job) : -ENOMEM;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

const sd_bus_vtable container_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", property_text, 0, CONST),
        SD_BUS_PROPERTY("State", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("Description", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("Template", "s", property_text, 0, CONST),
        SD_BUS_PROPERTY("Image", "s", property_text, 0, CONST),
        SD_BUS_PROPERTY("Profiles", "as", property_list, 0, CHANGES),
        SD_BUS_PROPERTY("Runtime", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("UserNamespace", "b", property_users, 0, CHANGES),
        SD_BUS_PROPERTY("Privileged", "b", property_users, 0, CHANGES),
        SD_BUS_PROPERTY("UIDBase", "u", property_number, 0, CHANGES),
        SD_BUS_PROPERTY("UIDCount", "u", property_number, 0, CHANGES),
        SD_BUS_PROPERTY("MachineID", "s", property_text, 0, CONST),
        SD_BUS_PROPERTY("Leader", "u", property_number, 0, CHANGES),
        SD_BUS_PROPERTY("Unit", "s", property_text, 0, CONST),
        SD_BUS_PROPERTY("StatusText", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("BootProgress", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("CreatedAt", "t", property_time, 0, CONST),
        SD_BUS_PROPERTY("StartedAt", "t", property_time, 0, CHANGES),
        SD_BUS_PROPERTY("ReadyAt", "t", property_time, 0, CHANGES),
        SD_BUS_PROPERTY("ExitedAt", "t", property_time, 0, CHANGES),
        SD_BUS_PROPERTY("ExitReason", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("ExitStatus", "i", property_exit_status, 0, CHANGES),
        SD_BUS_PROPERTY("Network", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("Addresses", "as", property_list, 0, CHANGES),
        SD_BUS_PROPERTY("Autostart", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("RestartPolicy", "s", property_text, 0, CHANGES),
        SD_BUS_PROPERTY("Restarts", "t", property_restarts, 0, CHANGES),
        SD_BUS_PROPERTY("NextStartAt", "t", property_time, 0, CHANGES),
        SD_BUS_PROPERTY("Owner", "as", property_list, 0, CHANGES),
        SD_BUS_PROPERTY("Job", "o", property_job, 0, CHANGES),

        SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_start, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("t", timeout_usec), SD_BUS_RESULT("o", job), method_stop,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_restart, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SoftReboot", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_soft_reboot, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("s", whom, "i", signal), SD_BUS_NO_RESULT, method_kill,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Freeze", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_freeze, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Thaw", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_thaw, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("b", force), SD_BUS_RESULT("o", job), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rename", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", container), method_rename,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Exec", SD_BUS_ARGS("as", argv, "a{sv}", options, "ah", streams), SD_BUS_RESULT("h", session),
                                method_exec, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", stream), method_open_console,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResizeConsole", SD_BUS_ARGS("u", columns, "u", rows), SD_BUS_NO_RESULT, method_resize_console,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CopyTo", SD_BUS_ARGS("s", path, "a{sv}", options, "h", stream), SD_BUS_RESULT("o", job),
                                container_method_copy_to, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CopyFrom", SD_BUS_ARGS("s", path, "a{sv}", options, "h", stream), SD_BUS_RESULT("o", job),
                                container_method_copy_from, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetLog", SD_BUS_NO_ARGS, SD_BUS_RESULT("ah", files), container_method_get_log, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSettings", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", settings), container_method_get_settings,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSettingsText", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", text), container_method_get_settings_text,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReplaceSettings", SD_BUS_ARGS("s", before, "s", after), SD_BUS_RESULT("as", pending),
                                container_method_replace_settings, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetSettings", SD_BUS_ARGS("a(ss)", settings, "b", runtime), SD_BUS_RESULT("as", pending),
                                container_method_set_settings, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("s", key, "s", value, "b", permanent), SD_BUS_NO_RESULT, container_method_attach,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Detach", SD_BUS_ARGS("s", target, "b", permanent), SD_BUS_NO_RESULT, container_method_detach,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSecurity", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sss)", layers), container_method_get_security,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetUsage", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{st}", usage), container_method_get_usage,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
