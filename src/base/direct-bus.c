/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/socket.h>

#include "direct-bus.h"
#include "fd.h"
#include "socket.h"

#define LINE_MAX_SIZE 512

/* All in one: who we are is the kernel's word, so nothing has to be waited for.
 * The name is asked for at once too, since a bus drops who does anything else
 * first. Descriptors must wait, though: what reads these lines takes none. */
static int send_greeting(int fd, uid_t uid) {
        static const DBusCall hello = {
                .serial = DIRECT_BUS_SERIAL - 1,
                .destination = "org.freedesktop.DBus",
                .path = "/org/freedesktop/DBus",
                .interface = "org.freedesktop.DBus",
                .member = "Hello",
        };
        DBusWriter message = {}, all = {};
        char digits[16], line[64 + 2 * sizeof(digits)] = "", *p = line + 1; /* a NUL goes before */
        int r;

        snprintf(digits, sizeof(digits), "%u", (unsigned) uid);
        p = stpcpy(p, "AUTH EXTERNAL ");
        for (const char *c = digits; *c; c++)
                p += sprintf(p, "%02x", (unsigned) *c);
        p = stpcpy(p, "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n");

        dbus_put_call(&message, &hello, NULL);
        dbus_put_bytes(&all, line, (size_t) (p - line));
        dbus_put_bytes(&all, message.data, message.size);
        r = message.failed || all.failed ? -ENOMEM : fd_send(fd, all.data, all.size, NULL, 0);
        dbus_writer_clear(&message);
        dbus_writer_clear(&all);
        return r;
}

/* Receives more of what the bus has to say. */
static int fill(DirectBus *bus) {
        size_t n_fds = 0;
        int fd = -EBADF;
        ssize_t k;

        k = fd_receive(bus->fd, bus->data + bus->size, sizeof(bus->data) - bus->size, &fd, 1, &n_fds);
        if (k <= 0)
                return k < 0 ? (int) k : -ECONNRESET;
        bus->size += (size_t) k;
        if (n_fds > 0) {
                if (bus->passed >= 0) {
                        fd_close(fd);
                        return -EBADMSG;
                }
                bus->passed = fd;
        }
        return 0;
}

static void drop(DirectBus *bus, size_t size) {
        bus->size -= size;
        memmove(bus->data, bus->data + size, bus->size);
}

/* One line of the handshake. */
static int expect_line(DirectBus *bus, const char *begin) {
        const char *end;
        int r;

        while (!(end = memmem(bus->data, bus->size, "\r\n", 2))) {
                if (bus->size >= LINE_MAX_SIZE)
                        return -EBADMSG;
                r = fill(bus);
                if (r < 0)
                        return r;
        }
        if (!startswith(bus->data, begin))
                return -EACCES;
        drop(bus, (size_t) (end + 2 - bus->data));
        return 0;
}

int direct_bus_connect(DirectBus *bus, const char *path, uid_t uid) {
        int r;

        bus->size = bus->returned = 0; /* and nothing else: most of it is never touched */
        bus->passed = -EBADF;
        r = bus->fd = socket_connect(path, SOCK_STREAM);
        return r < 0 ? r : send_greeting(bus->fd, uid);
}

int direct_bus_handshake(DirectBus *bus) {
        int r = expect_line(bus, "OK ");

        return r < 0 ? r : expect_line(bus, "AGREE_UNIX_FD");
}

int direct_bus_open(DirectBus *bus, const char *path) {
        int r = direct_bus_connect(bus, path, geteuid());

        return r < 0 ? r : direct_bus_handshake(bus);
}

void direct_bus_close(DirectBus *bus) {
        bus->fd = fd_close(bus->fd);
        bus->passed = fd_close(bus->passed);
}

/* Waits for one whole message at the front; returns its size. */
static ssize_t wait_message(DirectBus *bus) {
        for (;;) {
                int r;

                if (bus->size >= DBUS_HEADER_SIZE) {
                        ssize_t size = dbus_message_size(bus->data);

                        if (size < 0 || bus->size >= (size_t) size)
                                return size;
                }
                r = fill(bus);
                if (r < 0)
                        return r;
        }
}

int direct_bus_send(DirectBus *bus, const DBusWriter *messages) {
        return messages->failed ? -ENOMEM : fd_send(bus->fd, messages->data, messages->size, NULL, 0);
}

int direct_bus_receive(DirectBus *bus, DBusMessage *ret) {
        ssize_t size;
        int r;

        drop(bus, bus->returned);
        bus->returned = 0;
        size = wait_message(bus);
        if (size < 0)
                return (int) size;
        r = dbus_message_parse(bus->data, (size_t) size, ret);
        if (r >= 0)
                bus->returned = (size_t) size;
        return r;
}

static int take_answer(DirectBus *bus, const DBusMessage *m, int *ret_fd) {
        uint32_t index;

        if (m->type == DBUS_ERROR)
                /* Only this one leaves open what was done. */
                return streq(m->error_name, "org.freedesktop.DBus.Error.NoReply") ? -ECONNRESET : -ENOMSG;
        if (!streq(m->signature, "h") || m->body_size != sizeof(index) || m->n_fds != 1 || bus->passed < 0)
                return -EBADMSG;
        memcpy(&index, m->body, sizeof(index));
        if (index != 0)
                return -EBADMSG;
        *ret_fd = TAKE_FD(bus->passed);
        return 0;
}

/* Passes over all that is no answer to the call: the one to our greeting, and the
 * signal that tells us our name. */
static int wait_answer(DirectBus *bus, int *ret_fd) {
        for (;;) {
                DBusMessage m;
                int r;

                r = direct_bus_receive(bus, &m);
                if (r < 0)
                        return r;
                if ((m.type == DBUS_METHOD_RETURN || m.type == DBUS_ERROR) && m.reply_serial == DIRECT_BUS_SERIAL)
                        return take_answer(bus, &m, ret_fd);
                if (m.n_fds > 0)
                        return -EBADMSG;
        }
}

int direct_bus_call(DirectBus *bus, const DBusWriter *message, const int *fds, size_t n_fds, int *ret_fd) {
        int r;

        if (message->failed || message->size > DBUS_MESSAGE_MAX)
                return -ENOMSG;
        r = fd_send(bus->fd, message->data, message->size, fds, n_fds);
        if (r < 0)
                return r == -EMSGSIZE ? r : -ENOMSG; /* EMSGSIZE: a part went out */
        return wait_answer(bus, ret_fd);
}
