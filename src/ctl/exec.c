/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "exec-call.h"
#include "fd.h"
#include "pump.h"
#include "relay.h"
#include "session.h"
#include "strv.h"
#include "terminal.h"

/* Signals that are for the command. */
static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

typedef struct Exec {
        const ExecRequest *request;
        int session;
        int signals;
        SessionMessage last;
        char text[SESSION_MESSAGE_MAX];
} Exec;

/* The first that came before the command was known to run. */
static volatile sig_atomic_t early_signal;

static void note_early_signal(int sig) {
        if (early_signal != 0) {
                (void) signal(sig, SIG_DFL);
                (void) raise(sig);
        }
        early_signal = sig;
}

/* From the call on one signal is kept for the command, which may run, and say so,
 * before the call is answered. A second one ends us, as a call may last: somebody may
 * have to be asked. */
static void expect_signals(void) {
        struct sigaction action = { .sa_handler = note_early_signal, .sa_flags = SA_RESTART }, old;

        for (size_t i = 0; i < ELEMENTSOF(forwarded); i++)
                if (sigaction(forwarded[i], NULL, &old) >= 0 && old.sa_handler != SIG_IGN)
                        (void) sigaction(forwarded[i], &action, NULL);
}

/* From here on signals are read, not suffered. */
static int catch_signals(bool terminal, Error *error) {
        sigset_t set;
        int fd;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(forwarded); i++)
                sigaddset(&set, forwarded[i]);
        if (terminal)
                sigaddset(&set, SIGWINCH);
        sigprocmask(SIG_BLOCK, &set, NULL);
        fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return fd < 0 ? error_set_errno(error, errno, "Cannot catch signals") : fd;
}

static int lost(const ExecRequest *q, Error *error) {
        return error_set(error, ECONNRESET, NULL, "The container %s ended, and the command with it", q->container);
}

/* Takes a message of the session. 1: it was the last. */
static int take_message(Exec *e, int *ret_fd, Error *error) {
        int r = session_receive(e->session, e->text, &e->last, ret_fd);

        if (r < 0)
                return error_set_errno(error, r, "The session with %s broke", e->request->container);
        switch (e->last.event) {
        case SESSION_CLOSED:
                return lost(e->request, error);
        case SESSION_EXITED:
        case SESSION_SIGNALED:
        case SESSION_FAILED:
                return 1;
        default:
                return 0;
        }
}

/* A signal that was caught: its number, or 0. */
static int take_signal(const Exec *e) {
        struct signalfd_siginfo info;

        return read(e->signals, &info, sizeof(info)) == sizeof(info) ? (int) info.ssi_signo : 0;
}

/* Waits with the streams being the command's own, or pumped. */
static int wait_streams(Exec *e, Pump *pumps, size_t n_pumps, Error *error) {
        const int watch[] = { e->session, e->signals };

        if (early_signal != 0)
                (void) session_send_signal(e->session, early_signal);
        for (;;) {
                int passed = -1, sig, r;

                r = pumps_run(pumps, n_pumps, watch, ELEMENTSOF(watch));
                if (r < 0)
                        return error_set_errno(error, r, "Cannot wait for the command");
                if (r == 1) {
                        sig = take_signal(e);
                        if (sig > 0)
                                (void) session_send_signal(e->session, sig); /* gone already: its end comes next */
                        continue;
                }
                r = take_message(e, &passed, error);
                fd_close(passed);
                if (r != 0)
                        return r;
        }
}

static void pass_size(int master) {
        unsigned columns, rows;

        terminal_size(STDOUT_FILENO, &columns, &rows);
        if (columns > 0 && rows > 0)
                (void) ioctl(master, TIOCSWINSZ, &(struct winsize){ .ws_col = (unsigned short) columns, .ws_row = (unsigned short) rows });
}

typedef struct Screen {
        Terminal own;
        int master;
        Relay relay;
} Screen;

static void screen_end(Screen *s) {
        terminal_restore(&s->own);
        fd_close(s->master);
}

/* A message while a terminal is shown. 1: the last. */
static int screen_message(Exec *e, Screen *s, Error *error) {
        int passed = -1, r = take_message(e, &passed, error);

        if (r == 0 && e->last.event == SESSION_TERMINAL) {
                fd_close(s->master);
                s->master = passed;
                r = terminal_raw(&s->own, STDIN_FILENO);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot set up the terminal");
                pass_size(s->master); /* it may have changed since the call */
                relay_set_remote(&s->relay, s->master, true);
                return 0;
        }
        fd_close(passed);
        return r;
}

/* Waits with our terminal showing the command's. Returns 1 as above, or an exit
 * status in *ret_status with 0 where we leave by ourselves. */
static int wait_terminal(Exec *e, int *ret_status, Error *error) {
        _cleanup_(screen_end) Screen s = { .own = TERMINAL_INIT, .master = -EBADF };
        const int watch[] = { e->session, e->signals };
        size_t ready = 0;
        int r, sig;

        if (early_signal == SIGHUP) {
                *ret_status = STATUS_SIGNAL + SIGHUP;
                return 0;
        }
        if (early_signal != 0)
                (void) session_send_signal(e->session, early_signal);
        relay_init(&s.relay);
        s.relay.detachable = e->request->detachable;
        for (;;) {
                r = relay_run(&s.relay, watch, ELEMENTSOF(watch), &ready);
                switch (r) {
                case RELAY_ENDED: /* all have closed it; the session says how it ended */
                        continue;
                case RELAY_DETACHED:
                        *ret_status = 0;
                        return 0;
                case RELAY_OUTPUT_LOST:
                        *ret_status = STATUS_SIGNAL + SIGPIPE;
                        return 0;
                case RELAY_WATCHED:
                        break;
                default:
                        return error_set_errno(error, r, "Cannot wait for the command");
                }
                if (ready == 0) {
                        r = screen_message(e, &s, error);
                        if (r == 0)
                                continue;
                        relay_drain(&s.relay);
                        return r;
                }
                sig = take_signal(e);
                if (sig == SIGWINCH) {
                        if (s.master >= 0)
                                pass_size(s.master);
                } else if (sig == SIGHUP) { /* our terminal is gone; that hangs up the other too */
                        *ret_status = STATUS_SIGNAL + SIGHUP;
                        return 0;
                } else if (sig > 0)
                        (void) session_send_signal(e->session, sig);
        }
}

static int finish(const Exec *e) {
        if (e->last.event == SESSION_FAILED)
                fprintf(stderr, "ctrctl: %s\n", isempty(e->last.text) ? strerror(e->last.number) : e->last.text);
        return session_exit_status(&e->last);
}

static int run_with_terminal(Ctl *ctl, Exec *e, Error *error) {
        int status = STATUS_EXEC_FAILED, r;

        expect_signals();
        r = exec_call(ctl, e->request, NULL, 0, &e->session, error);
        if (r >= 0)
                r = e->signals = catch_signals(true, error);
        if (r >= 0)
                r = wait_terminal(e, &status, error);
        return r < 0 ? r : r == 0 ? status : finish(e);
}

static int run_with_streams(Ctl *ctl, Exec *e, Error *error) {
        Pump pumps[PUMPS_MAX];
        int streams[3], n, r;

        n = pumps_new(pumps, streams);
        if (n < 0)
                return error_set_errno(error, n, "Cannot pass standard input and output on");
        expect_signals();
        r = exec_call(ctl, e->request, streams, ELEMENTSOF(streams), &e->session, error);
        pumps_handed_over(pumps, (size_t) n);
        if (r >= 0)
                r = e->signals = catch_signals(false, error);
        if (r >= 0)
                r = wait_streams(e, pumps, (size_t) n, error);
        pumps_end(pumps, (size_t) n);
        return r < 0 ? r : finish(e);
}

int exec_add_environment(char ***list, const char *value, Error *error) {
        const char *own;
        int r;

        if (*value == 0 || *value == '=')
                return error_set(error, EINVAL, "Usage", "--env=%.100s is not valid: write NAME=VALUE", value);
        if (strchr(value, '='))
                r = strv_extend(list, value);
        else {
                own = getenv(value);
                r = own ? strv_extendf(list, "%s=%s", value, own) : 0; /* not set here: not set there */
        }
        return r < 0 ? error_set_errno(error, r, "Cannot pass the environment on") : 0;
}

int exec_add_term(char ***list, Error *error) {
        STRV_FOREACH(s, *list)
                if (startswith(*s, "TERM="))
                        return 0;
        return exec_add_environment(list, "TERM", error);
}

int exec_run(Ctl *ctl, const ExecRequest *request, Error *error) {
        Exec e = { .request = request, .session = -EBADF, .signals = -EBADF };
        int r = request->terminal ? run_with_terminal(ctl, &e, error) : run_with_streams(ctl, &e, error);

        fd_close(e.session);
        fd_close(e.signals);
        return r;
}
