/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bus.h"
#include "console.h"
#include "fd.h"
#include "relay.h"
#include "terminal.h"

typedef struct Console {
        Ctl *ctl;
        const ConsoleRequest *request;
        char *path;
        int stream;
        int signals;
        Terminal own;
        Relay relay;
} Console;

static void console_clear(Console *c) {
        terminal_restore(&c->own);
        fd_close(c->stream);
        fd_close(c->signals);
        free(c->path);
}

static int console_open(Console *c, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        int fd, r = bus_container_path(c->request->name, &c->path, error);

        if (r >= 0)
                r = bus_method(c->ctl, c->path, BUS_CONTAINER, "OpenConsole", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 1, "ReadOnly", "b", (int) c->request->read_only);
        if (r < 0)
                return bus_message_error(error, r);
        r = bus_call(c->ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'h', &fd);
        if (r < 0)
                return bus_message_error(error, r);
        c->stream = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return c->stream < 0 ? error_set_errno(error, errno, "Cannot keep the console") : 0;
}

/* Tells the console how large our terminal is. Nobody waits for an answer, and a
 * console that keeps its size is no reason to leave. */
static void console_resize(Console *c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        unsigned columns, rows;

        terminal_size(STDOUT_FILENO, &columns, &rows);
        if (c->request->read_only || columns == 0 || rows == 0 ||
            sd_bus_message_new_method_call(c->ctl->bus, &m, BUS_NAME, c->path, BUS_CONTAINER, "ResizeConsole") < 0 ||
            sd_bus_message_append(m, "uu", columns, rows) < 0 || sd_bus_message_set_expect_reply(m, false) < 0)
                return;
        if (sd_bus_send(c->ctl->bus, m, NULL) >= 0)
                (void) sd_bus_flush(c->ctl->bus);
}

static int catch_signals(Console *c, Error *error) {
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGWINCH);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return c->signals < 0 ? error_set_errno(error, errno, "Cannot catch signals") : 0;
}

/* To the end of the stream, or of our patience. Returns an exit status. */
static int relay(Console *c, const char **ret_reason, Error *error) {
        struct signalfd_siginfo info;
        size_t ready = 0;
        int r;

        for (;;) {
                r = relay_run(&c->relay, &c->signals, 1, &ready);
                switch (r) {
                case RELAY_DETACHED:
                        *ret_reason = c->request->detached;
                        return EXIT_SUCCESS;
                case RELAY_ENDED:
                        *ret_reason = "closed: the container ended";
                        return EXIT_SUCCESS;
                case RELAY_OUTPUT_LOST:
                        return STATUS_SIGNAL + SIGPIPE;
                case RELAY_WATCHED:
                        break;
                default:
                        return error_set_errno(error, r, "Cannot wait for the console");
                }
                if (read(c->signals, &info, sizeof(info)) != sizeof(info))
                        continue;
                if (info.ssi_signo != SIGWINCH)
                        return STATUS_SIGNAL + (int) info.ssi_signo;
                console_resize(c);
        }
}

static int show(Console *c, Error *error) {
        const char *reason = NULL;
        int r, status;

        r = console_open(c, error);
        if (r >= 0)
                r = catch_signals(c, error);
        if (r < 0)
                return r;
        if (!c->ctl->quiet && isatty(STDIN_FILENO))
                fprintf(stderr, "Console of %s%s. Press Ctrl-] three times within a second to %s.\n", c->request->name,
                        c->request->read_only ? ", read-only" : "", c->request->keys);
        relay_init(&c->relay);
        c->relay.read_only = c->request->read_only;
        c->relay.detachable = isatty(STDIN_FILENO);
        relay_set_remote(&c->relay, c->stream, false);
        console_resize(c);
        r = terminal_raw(&c->own, STDIN_FILENO);
        if (r < 0)
                return error_set_errno(error, r, "Cannot set up the terminal");

        status = relay(c, &reason, error);
        terminal_restore(&c->own);
        if (reason && !c->ctl->quiet)
                fprintf(stderr, "%sConsole of %s %s.\n", isatty(STDERR_FILENO) ? "\r\n" : "", c->request->name, reason);
        return status;
}

int console_run(Ctl *ctl, const ConsoleRequest *request, Error *error) {
        _cleanup_(console_clear) Console c = { .ctl = ctl, .request = request, .stream = -EBADF, .signals = -EBADF, .own = TERMINAL_INIT };

        return show(&c, error);
}
