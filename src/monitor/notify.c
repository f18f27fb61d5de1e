/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>

#include "fd.h"
#include "notify.h"
#include "parse.h"
#include "socket.h"
#include "utf8.h"

#define DATAGRAM_MAX 4096
#define DECIMAL_MAX 24 /* of 64 bits */
#define UNIT_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"
#define DATAGRAMS_PER_TURN 32
#define DESCRIPTORS_MAX 253 /* the kernel's SCM_MAX_FD */

/* Cuts at the beginning of a character, so that none is left in half. */
static void copy_printable(const char *value, size_t n, char *ret, size_t size) {
        if (n >= size)
                for (n = size - 1; n > 0 && ((unsigned char) value[n] & 0xc0) == 0x80;)
                        n--;
        for (size_t i = 0; i < n; i++)
                ret[i] = value[i] ?: '?';
        ret[n] = 0;
        utf8_make_printable(ret);
}

static bool line_value(const char *line, size_t n, const char *key, const char **ret, size_t *ret_n) {
        size_t k = strlen(key);

        if (n < k || memcmp(line, key, k) != 0)
                return false;
        *ret = line + k;
        *ret_n = n - k;
        return true;
}

/* Names of targets, as they are told on the bus and to people; all else is nothing to us. */
static void copy_target(const char *value, size_t n, char *ret) {
        static const char suffix[] = ".target";
        size_t m = strlen(suffix);

        if (n <= m || n >= NOTIFY_TARGET_MAX || memcmp(value + n - m, suffix, m) != 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (!memchr(UNIT_NAME_CHARACTERS, value[i], strlen(UNIT_NAME_CHARACTERS)))
                        return;
        memcpy(ret, value, n);
        ret[n] = 0;
}

static uint64_t parse_extension(const char *value, size_t n) {
        char digits[DECIMAL_MAX];
        uint64_t usec;

        if (n >= sizeof(digits))
                return 0;
        memcpy(digits, value, n);
        digits[n] = 0;
        return strlen(digits) == n && parse_u64(digits, &usec) >= 0 ? usec : 0;
}

static void parse_line(const char *line, size_t n, NotifyMessage *message) {
        const char *value;
        size_t m;

        if (line_value(line, n, "READY=", &value, &m))
                message->ready |= m == 1 && value[0] == '1';
        else if (line_value(line, n, "STOPPING=", &value, &m))
                message->stopping |= m == 1 && value[0] == '1';
        else if (line_value(line, n, "STATUS=", &value, &m)) {
                message->has_status = true;
                copy_printable(value, m, message->status, sizeof(message->status));
        } else if (line_value(line, n, "X_SYSTEMD_SHUTDOWN=", &value, &m))
                copy_printable(value, m, message->shutdown, sizeof(message->shutdown));
        else if (line_value(line, n, "X_SYSTEMD_UNIT_ACTIVE=", &value, &m))
                copy_target(value, m, message->target);
        else if (line_value(line, n, "EXTEND_TIMEOUT_USEC=", &value, &m))
                message->extend = parse_extension(value, m);
        else if (line_value(line, n, "RELOADING=", &value, &m))
                message->reloading |= m == 1 && value[0] == '1';
}

void notify_parse(const char *data, size_t n, NotifyMessage *ret) {
        *ret = (NotifyMessage){};

        for (size_t i = 0; i < n;) {
                const char *end = memchr(data + i, '\n', n - i);
                size_t m = end ? (size_t) (end - (data + i)) : n - i;

                parse_line(data + i, m, ret);
                i += m + 1;
        }
}

/* The sender's pid as the kernel saw it, or 0. Closes descriptors that came
 * along: nothing here wants them. */
static pid_t message_sender(struct msghdr *msg) {
        pid_t pid = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                if (c->cmsg_level != SOL_SOCKET)
                        continue;
                if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(struct ucred))) {
                        struct ucred cred;

                        memcpy(&cred, CMSG_DATA(c), sizeof(cred));
                        pid = cred.pid;
                } else if (c->cmsg_type == SCM_RIGHTS) {
                        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                                int fd;

                                memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                                fd_close(fd);
                        }
                }
        }
        return pid;
}

/* Returns whether there was a message, wanted or not. */
static bool notify_receive(Notify *notify) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
        } control;
        char data[DATAGRAM_MAX];
        struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
        struct msghdr msg = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        NotifyMessage message;
        ssize_t k;

        k = recvmsg(notify->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (k < 0)
                return errno == EINTR;

        pid_t sender = message_sender(&msg);
        if (notify->leader <= 0 || sender != notify->leader || (msg.msg_flags & MSG_TRUNC))
                return true;

        notify_parse(data, (size_t) k, &message);
        notify->handler(notify->userdata, &message);
        return true;
}

void notify_collect(Notify *notify) {
        for (unsigned i = 0; i < DATAGRAMS_PER_TURN && notify->fd >= 0; i++)
                if (!notify_receive(notify))
                        return;
}

static void notify_event(void *userdata, uint32_t events) {
        notify_collect(userdata);
}

int notify_open(Notify *notify, Loop *loop, const char *path, NotifyHandler handler, void *userdata) {
        int on = 1, r;

        notify_close(notify);
        notify->handler = handler;
        notify->userdata = userdata;
        notify->path = strdup(path);
        if (!notify->path)
                return -ENOMEM;

        /* Open to all, in a directory that is closed to all but root on the
         * host: the container reaches it through a bind mount, as any of its
         * users. */
        r = socket_listen(path, SOCK_DGRAM, 0666);
        if (r >= 0) {
                notify->fd = r;
                r = setsockopt(notify->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ? -errno : 0;
        }
        if (r >= 0)
                r = source_add(&notify->source, loop, notify->fd, EPOLLIN, notify_event, notify);
        if (r < 0)
                notify_close(notify);
        return r;
}

void notify_close(Notify *notify) {
        source_remove(&notify->source);
        fd_close(notify->fd);
        if (notify->path)
                (void) unlink(notify->path);
        free(notify->path);
        *notify = NOTIFY_INIT;
}
