/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "ctl.h"
#include "fd.h"
#include "parse.h"
#include "session.h"

/* "WORD NUMBER" and nothing behind. */
static int parse_number(const char *s, uint64_t max, int *ret) {
        uint64_t v;
        int r = parse_uint_max(s, max, &v);

        if (r < 0)
                return -EBADMSG;
        *ret = (int) v;
        return 0;
}

static int parse_failure(const char *s, SessionMessage *ret) {
        const char *blank = strchr(s, ' ');
        char number[12];

        if (!blank || (size_t) (blank - s) >= sizeof(number))
                return -EBADMSG;
        memcpy(number, s, (size_t) (blank - s));
        number[blank - s] = 0;
        ret->event = SESSION_FAILED;
        ret->text = blank + 1;
        return parse_number(number, INT32_MAX, &ret->number);
}

int session_parse(const char *data, size_t size, SessionMessage *ret) {
        SessionMessage m = { .text = "" };
        const char *rest;
        int r = 0;

        if (strlen(data) != size)
                return -EBADMSG;

        if (size == 0)
                m.event = SESSION_CLOSED;
        else if (streq(data, "terminal"))
                m.event = SESSION_TERMINAL;
        else if ((rest = startswith(data, "started "))) {
                m.event = SESSION_STARTED;
                r = parse_number(rest, INT32_MAX, &m.number);
        } else if ((rest = startswith(data, "exit "))) {
                m.event = SESSION_EXITED;
                r = parse_number(rest, 255, &m.number);
        } else if ((rest = startswith(data, "signal "))) {
                m.event = SESSION_SIGNALED;
                r = parse_number(rest, 127, &m.number);
        } else if ((rest = startswith(data, "error ")))
                r = parse_failure(rest, &m);
        else
                r = -EBADMSG;
        if (r < 0)
                return r;
        *ret = m;
        return 0;
}

int session_receive(int fd, char buffer[static SESSION_MESSAGE_MAX], SessionMessage *ret, int *ret_fd) {
        _cleanup_fd_ int passed = -EBADF;
        size_t n_fds = 0;
        ssize_t n;
        int r;

        n = fd_receive(fd, buffer, SESSION_MESSAGE_MAX - 1, &passed, 1, &n_fds);
        if (n == -ECONNRESET)
                n = 0;
        if (n < 0)
                return (int) n;
        buffer[n] = 0;
        r = session_parse(buffer, (size_t) n, ret);
        if (r < 0)
                return r;
        if ((ret->event == SESSION_TERMINAL) != (n_fds == 1))
                return -EBADMSG;
        *ret_fd = n_fds == 1 ? TAKE_FD(passed) : -1;
        return 0;
}

int session_send_signal(int fd, int sig) {
        char text[32];
        int n = snprintf(text, sizeof(text), "signal %d", sig);

        return fd_send(fd, text, (size_t) n, NULL, 0);
}

int session_exit_status(const SessionMessage *m) {
        switch (m->event) {
        case SESSION_EXITED:
                return m->number;
        case SESSION_SIGNALED:
                return STATUS_SIGNAL + m->number;
        case SESSION_FAILED:
                switch (m->number) {
                case ENOENT:
                        return STATUS_NOT_FOUND;
                case EACCES:
                case EPERM:
                case ENOEXEC:
                case EISDIR:
                        return STATUS_NOT_EXECUTABLE;
                default:
                        return STATUS_EXEC_FAILED;
                }
        default:
                return STATUS_EXEC_FAILED;
        }
}
