/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "fd.h"
#include "file.h"
#include "parse.h"
#include "process.h"
#include "runtime-call.h"
#include "session.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define SESSION_PATH_MAX 256

static const char *session_path(const Session *session, const char *suffix, char ret[static SESSION_PATH_MAX]) {
        snprintf(ret, SESSION_PATH_MAX, "%s/exec-%u.%s", session->sessions->directory, session->id, suffix);
        return ret;
}

/* A client that does not read what it is told loses it; the command is not its
 * reader's hostage. */
_printf_(3, 4) static void session_tell(Session *session, int fd, const char *format, ...) {
        char text[RUNTIME_MESSAGE_MAX + 64];
        va_list ap;
        int n;

        if (session->socket < 0)
                return;
        va_start(ap, format);
        n = vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        (void) fd_send(session->socket, text, MIN((size_t) n, sizeof(text) - 1), &fd, fd >= 0 ? 1 : 0);
}

static void session_unlink(const Session *session, const char *suffix) {
        char path[SESSION_PATH_MAX];

        (void) unlink(session_path(session, suffix, path));
}

/* Undoes all that a session has made, however far it got. */
static void session_free(Session *session) {
        source_remove(&session->socket_source);
        source_remove(&session->runtime_source);
        source_remove(&session->source);
        terminal_close(&session->tty);
        fd_close(session->socket);
        fd_close(session->master);
        fd_close(session->runtime);
        fd_close(session->pidfd);
        fd_close(session->lease);
        session_unlink(session, "pid");
        session_unlink(session, "log");
        (void) payload_remove_session(session->sessions->payload, session->id);
        session->sessions = NULL;
}

/* The client has gone: what has a terminal is hung up, as when a line drops,
 * and may clean up, or ignore it as nohup(1) does. A command without one runs
 * on. */
static void session_abandon(Session *session) {
        session->abandoned = true;
        source_remove(&session->socket_source);
        session->socket = fd_close(session->socket);
        if (!session->terminal)
                return;
        session->master = fd_close(session->master);
        if (session->pidfd >= 0) {
                (void) process_signal(session->pidfd, SIGHUP);
                (void) process_signal(session->pidfd, SIGCONT);
        }
}

static void session_obey(Session *session, char *text) {
        char *words[3], *rest = text;
        uint64_t first, second = 0;
        size_t n = 0;

        while (n < ELEMENTSOF(words) && (words[n] = strsep(&rest, " ")))
                n++;
        if (rest || n < 2 || parse_uint_max(words[1], UINT16_MAX, &first) < 0 ||
            (n == 3 && parse_uint_max(words[2], UINT16_MAX, &second) < 0))
                return;

        if (n == 2 && streq(words[0], "signal") && first >= 1 && first <= (uint64_t) SIGRTMAX) {
                if (session->pidfd >= 0)
                        (void) process_signal(session->pidfd, (int) first);
                else
                        session->early_signals |= UINT64_C(1) << (first - 1);
        } else if (n == 3 && streq(words[0], "resize") && session->master >= 0) {
                struct winsize size = { .ws_col = (unsigned short) first, .ws_row = (unsigned short) second };

                (void) ioctl(session->master, TIOCSWINSZ, &size);
        }
}

static void session_socket_event(void *userdata, uint32_t events) {
        Session *session = userdata;
        char text[64];
        ssize_t k;

        k = recv(session->socket, text, sizeof(text) - 1, MSG_DONTWAIT);
        if (k < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (k <= 0) {
                session_abandon(session);
                return;
        }
        text[k] = 0;
        session_obey(session, text);
}

static void session_master(void *userdata, int master) {
        Session *session = userdata;

        /* The client reads and writes it as a file of its own: blocking. */
        (void) fd_set_nonblock(master, false);
        session_tell(session, master, "terminal");
        fd_close(session->master);
        session->master = session->abandoned ? fd_close(master) : master;
}

static void session_ended(void *userdata, uint32_t events) {
        Session *session = userdata;
        Sessions *sessions = session->sessions;
        int status = 255, sig = 0;

        if (process_collect(session->pidfd, &status, &sig) == -EAGAIN)
                sig = SIGKILL;
        /* Who hears of the end may ask for the next at once: its place is free by then. */
        session->lease = fd_close(session->lease);
        if (sig > 0)
                session_tell(session, -1, "signal %d", sig);
        else
                session_tell(session, -1, "exit %d", status);
        session_free(session);
        sessions->reaped(sessions->userdata);
}

/* The command may have said a word, and been answered, before its runtime ended. */
static void session_send_early_signals(Session *session) {
        for (int sig = 1; session->early_signals != 0; sig++, session->early_signals >>= 1)
                if (session->early_signals & 1)
                        (void) process_signal(session->pidfd, sig);
}

/* The errno in a sentence of a runtime: most end with the text of it. */
static int message_errno(const char *message) {
        static const int candidates[] = { ENOENT, EACCES, ENOEXEC, ENOTDIR, EPERM, EINVAL, ENOMEM, EBUSY, ELOOP, ENOSPC };

        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                if (strstr(message, strerror(candidates[i])))
                        return candidates[i];
        return EIO;
}

/* The log of the runtime lies there too: without room it cannot say what it lacks. */
static bool has_no_room(const char *directory) {
        struct statvfs fs;

        /* A file system without limits has 0 of 0. */
        return statvfs(directory, &fs) >= 0 &&
               ((fs.f_blocks > 0 && fs.f_bavail == 0) || (fs.f_files > 0 && fs.f_favail == 0));
}

static void session_fail(Session *session, int status, int sig) {
        _cleanup_free_ char *log = NULL;
        char path[SESSION_PATH_MAX], message[RUNTIME_MESSAGE_MAX] = "";

        if (file_read(AT_FDCWD, session_path(session, "log", path), 64 * 1024, &log, NULL) >= 0)
                runtime_message(log, message);
        if (!message[0] && has_no_room(session->sessions->directory))
                snprintf(message, sizeof(message), "The command cannot be started: %s: %s", session->sessions->directory,
                         strerror(ENOSPC));
        else if (!message[0])
                snprintf(message, sizeof(message), "The runtime ended with %s %d and said nothing.",
                         sig > 0 ? "signal" : "status", sig > 0 ? sig : status);
        for (char *p = message; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
        session->lease = fd_close(session->lease);
        session_tell(session, -1, "error %d %s", message_errno(message), message);
        session_free(session);
}

/* Finds the command that the runtime has left behind, and holds it. */
static int session_adopt(Session *session) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int pidfd = -EBADF;
        char path[SESSION_PATH_MAX];
        siginfo_t info = {};
        pid_t pid;
        int r;

        r = file_read_line(AT_FDCWD, session_path(session, "pid", path), &text);
        if (r >= 0)
                r = parse_pid(text, &pid);
        if (r >= 0)
                r = pidfd = process_pidfd(pid);
        if (r < 0)
                return r;
        /* A child of ours, or the number means nothing (-ECHILD). */
        if (waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
                return -errno;
        r = source_add(&session->source, session->sessions->loop, pidfd, EPOLLIN, session_ended, session);
        if (r < 0)
                return r;
        session->pid = pid;
        session->pidfd = TAKE_FD(pidfd);
        return 0;
}

static void session_runtime_ended(void *userdata, uint32_t events) {
        Session *session = userdata;
        Sessions *sessions = session->sessions;
        int status = 255, sig = 0, r;

        if (process_collect(session->runtime, &status, &sig) == -EAGAIN)
                sig = SIGKILL;
        source_remove(&session->runtime_source);
        session->runtime = fd_close(session->runtime);
        terminal_collect(&session->tty);
        terminal_close(&session->tty);

        if (status != 0 || sig != 0)
                session_fail(session, status, sig);
        else if ((r = session_adopt(session)) < 0) {
                session_tell(session, -1, "error %d The runtime has started the command, but it cannot be found: %s.",
                             -r, strerror(-r));
                session_free(session);
        } else {
                session_tell(session, -1, "started %d", (int) session->pid);
                session_send_early_signals(session);
                if (session->abandoned)
                        session_abandon(session);
        }
        sessions->reaped(sessions->userdata);
}

static int session_spawn(Session *session, const Plan *plan, const int *streams, int process) {
        _cleanup_fd_ int empty = -EBADF;
        char root[SESSION_PATH_MAX], pid[SESSION_PATH_MAX], log[SESSION_PATH_MAX], socket[SESSION_PATH_MAX];
        char group[PAYLOAD_SESSION_NAME_MAX];
        const char *argv[24];
        size_t n = 0;

        snprintf(root, sizeof(root), "%s/runtime", session->sessions->directory);
        argv[n++] = plan->runtime;
        argv[n++] = "--root";
        argv[n++] = root;
        argv[n++] = "--log";
        argv[n++] = session_path(session, "log", log);
        argv[n++] = "exec";
        argv[n++] = "--detach";
        argv[n++] = "--pid-file";
        argv[n++] = session_path(session, "pid", pid);
        argv[n++] = "--process";
        argv[n++] = "/proc/self/fd/3";
        argv[n++] = "--cgroup";
        argv[n++] = payload_session_name(session->id, group);
        if (session->terminal) {
                argv[n++] = "--console-socket";
                argv[n++] = session_path(session, "sock", socket);
        }
        argv[n++] = plan->name;
        argv[n] = NULL;

        session_unlink(session, "pid");
        session_unlink(session, "log");
        if (!streams) {
                empty = fd_empty();
                if (empty < 0)
                        return empty;
        }
        return process_spawn(
                &(ProcessSpawn){
                        .path = plan->runtime,
                        .argv = (char *const *) argv,
                        .stdio = { streams ? streams[0] : empty, streams ? streams[1] : empty, streams ? streams[2] : empty },
                        .fds = &process,
                        .n_fds = 1,
                },
                NULL, &session->runtime);
}

static int session_begin(Session *session, const Plan *plan, const int *streams, int socket, int process) {
        Loop *loop = session->sessions->loop;
        char path[SESSION_PATH_MAX];
        int r;

        r = payload_make_session(session->sessions->payload, session->id);
        if (r >= 0 && session->terminal)
                r = terminal_open(&session->tty, loop, session_path(session, "sock", path), session_master, session);
        if (r >= 0)
                r = fd_set_nonblock(socket, true);
        if (r >= 0)
                r = source_add(&session->socket_source, loop, socket, EPOLLIN, session_socket_event, session);
        if (r >= 0)
                r = session_spawn(session, plan, streams, process);
        if (r < 0)
                return r;
        r = source_add(&session->runtime_source, loop, session->runtime, EPOLLIN, session_runtime_ended, session);
        if (r < 0)
                (void) process_signal(session->runtime, SIGKILL);
        return r;
}

int sessions_start(Sessions *sessions, const Plan *plan, bool terminal, bool lease, int *fds, size_t n_fds, Error *error) {
        size_t first = terminal ? 0 : 3, n = first + 2 + lease;
        unsigned most = WIRE_SESSIONS_MAX - (lease ? SESSIONS_OF_ROOT : 0), used = 0;
        Session *session = NULL;
        socklen_t size = sizeof(int);
        int type, r;

        if (n_fds != n)
                return error_set(error, EINVAL, NULL, "The command exec needs %zu descriptors, not %zu.", n, n_fds);
        if (getsockopt(fds[first], SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET)
                return error_set(error, EINVAL, NULL, "The session's descriptor is no SOCK_SEQPACKET socket.");
        for (unsigned i = 0; i < WIRE_SESSIONS_MAX; i++)
                if (sessions->list[i].sessions)
                        used++;
                else if (!session) {
                        session = &sessions->list[i];
                        session->id = i;
                }
        if (used >= most)
                return error_set(error, EUSERS, "LimitsExceeded", "%u commands run in the container already.", used);

        *session = (Session){
                .sessions = sessions,
                .id = session->id,
                .terminal = terminal,
                .lease = -EBADF,
                .socket = -EBADF,
                .tty = TERMINAL_INIT,
                .master = -EBADF,
                .runtime = -EBADF,
                .pidfd = -EBADF,
        };
        r = session_begin(session, plan, terminal ? NULL : fds, fds[first], fds[first + 1]);
        if (r < 0) {
                session_free(session);
                return error_set_errno(error, r, "The runtime %s cannot be run", plan->runtime);
        }
        session->socket = TAKE_FD(fds[first]);
        if (lease)
                session->lease = TAKE_FD(fds[n - 1]);
        return 0;
}

void sessions_init(Sessions *sessions, Loop *loop, Payload *payload, const char *directory,
                   void (*reaped)(void *userdata), void *userdata) {
        /* The list is zero from the start: each place is free. */
        sessions->loop = loop;
        sessions->payload = payload;
        sessions->directory = directory;
        sessions->reaped = reaped;
        sessions->userdata = userdata;
}

bool sessions_are_starting(const Sessions *sessions) {
        for (size_t i = 0; i < WIRE_SESSIONS_MAX; i++)
                if (sessions->list[i].sessions && sessions->list[i].runtime >= 0)
                        return true;
        return false;
}

bool sessions_know(const Sessions *sessions, pid_t pid) {
        for (size_t i = 0; i < WIRE_SESSIONS_MAX; i++)
                if (sessions->list[i].sessions && sessions->list[i].pid == pid)
                        return true;
        return false;
}

/* Who is killed may hang on a file system of the container's, and is not waited for. */
void sessions_end(Sessions *sessions) {
        for (size_t i = 0; i < WIRE_SESSIONS_MAX; i++) {
                Session *session = &sessions->list[i];

                /* The runtime itself lives in our own group. */
                if (session->sessions && session->runtime >= 0) {
                        (void) process_signal(session->runtime, SIGKILL);
                        session_runtime_ended(session, EPOLLIN);
                }
                if (session->sessions && session->pidfd >= 0) {
                        (void) process_signal(session->pidfd, SIGKILL);
                        session_ended(session, EPOLLIN);
                }
        }
}
