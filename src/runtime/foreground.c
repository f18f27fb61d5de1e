/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "fd.h"
#include "foreground.h"
#include "notify-socket.h"
#include "process.h"

#define BUFFER_SIZE 8192

/* One direction of the relay. */
typedef struct Flow {
        int from, to;
        bool ended; /* nothing more comes */
        size_t begin, end;
        char data[BUFFER_SIZE];
} Flow;

int foreground_prepare(Foreground *f, Error *error) {
        /* A fault of our own must still kill us. */
        static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGCHLD };
        sigset_t set;

        sigfillset(&set);
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
                sigdelset(&set, own[i]);
        if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
                return error_set_errno(error, errno, "signals");
        f->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return f->signals < 0 ? error_set_errno(error, errno, "signals") : 0;
}

static void copy_size(int master) {
        struct winsize size;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(master, TIOCSWINSZ, &size);
}

static void forward_signals(Foreground *f, int pidfd) {
        struct signalfd_siginfo info;

        while (read(f->signals, &info, sizeof(info)) == (ssize_t) sizeof(info)) {
                int sig = (int) info.ssi_signo;

                if (sig == SIGWINCH && f->master >= 0)
                        copy_size(f->master);
                else if (sig != SIGPIPE && sig != SIGTTIN && sig != SIGTTOU)
                        (void) process_signal(pidfd, sig);
        }
}

/* -EIO of a pty's master says that nobody has the slave open any more. */
static void flow_read(Flow *w) {
        ssize_t k = read(w->from, w->data, sizeof(w->data));

        if (k > 0) {
                w->begin = 0;
                w->end = (size_t) k;
        } else if (k == 0 || (errno != EAGAIN && errno != EINTR))
                w->ended = true;
}

static void flow_write(Flow *w) {
        ssize_t k = write(w->to, w->data + w->begin, w->end - w->begin);

        if (k > 0)
                w->begin += (size_t) k;
        else if (k < 0 && errno != EAGAIN && errno != EINTR)
                w->ended = true, w->begin = w->end;
}

static bool flow_is_full(const Flow *w) {
        return w->begin < w->end;
}

static void flow_poll(Flow *w, struct pollfd *p) {
        *p = flow_is_full(w) ? (struct pollfd){ .fd = w->to, .events = POLLOUT }
                             : (struct pollfd){ .fd = w->ended ? -1 : w->from, .events = POLLIN };
}

static void flow_handle(Flow *w, const struct pollfd *p) {
        if (p->revents == 0)
                return;
        if (flow_is_full(w))
                flow_write(w);
        else
                flow_read(w);
}

/* What the process wrote before it ended is still in the terminal. */
static void drain(Flow *out) {
        while (!out->ended || flow_is_full(out)) {
                struct pollfd p;

                flow_poll(out, &p);
                if (poll(&p, 1, flow_is_full(out) ? -1 : 0) <= 0)
                        return;
                flow_handle(out, &p);
        }
}

static int wait_loop(Foreground *f, int pidfd, Flow *in, Flow *out) {
        for (;;) {
                struct pollfd p[5] = { { .fd = pidfd, .events = POLLIN }, { .fd = f->signals, .events = POLLIN },
                                       { .fd = f->notify, .events = POLLIN }, { .fd = -1 }, { .fd = -1 } };

                if (f->master >= 0) {
                        flow_poll(in, p + 3);
                        flow_poll(out, p + 4);
                }
                if (poll(p, f->master >= 0 ? 5 : 3, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (p[1].revents != 0)
                        forward_signals(f, pidfd);
                if (p[2].revents != 0 && notify_socket_is_ready(f->notify)) {
                        notify_socket_tell(0);
                        f->notify = fd_close(f->notify);
                }
                if (f->master >= 0) {
                        flow_handle(in, p + 3);
                        flow_handle(out, p + 4);
                }
                if (p[0].revents != 0)
                        return 0;
        }
}

int foreground_wait(Foreground *f, int pidfd, Error *error) {
        Flow in = { .from = STDIN_FILENO, .to = f->master }, out = { .from = f->master, .to = STDOUT_FILENO };
        struct termios before, raw;
        bool restore = false;
        int r, status, sig;

        if (f->master >= 0 && tcgetattr(STDIN_FILENO, &before) >= 0) {
                raw = before;
                cfmakeraw(&raw);
                restore = tcsetattr(STDIN_FILENO, TCSANOW, &raw) >= 0;
                copy_size(f->master);
        }
        r = wait_loop(f, pidfd, &in, &out);
        if (r >= 0 && f->master >= 0)
                drain(&out);
        if (restore)
                (void) tcsetattr(STDIN_FILENO, TCSANOW, &before);
        if (r >= 0)
                r = process_wait(pidfd, &status, &sig);
        if (r < 0)
                return error_set_errno(error, r, "waiting for the process");
        return sig != 0 ? 128 + sig : status;
}

void foreground_close(Foreground *f) {
        f->signals = fd_close(f->signals);
        f->master = fd_close(f->master);
        f->notify = fd_close(f->notify);
}

int terminal_receive(int from, int *ret_master, Error *error) {
        char name[64];
        size_t n = 0;
        ssize_t k = fd_receive(from, name, sizeof(name), ret_master, 1, &n);

        if (k < 0 || n != 1)
                return error_set_errno(error, k < 0 ? (int) k : EBADMSG, "receiving the terminal");
        return 0;
}
