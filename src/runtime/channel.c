/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>

#include "channel.h"
#include "fd.h"

#define TEXT_MAX 4000

/* Names of errors must be constants in the receiver too. */
static const char *const names[] = { "", "InvalidConfig", "NotSupported", "HookFailed" };

typedef struct Packet {
        uint32_t message;
        int32_t errnum;
        uint32_t name;
        char text[TEXT_MAX + 1];
} Packet;

static int send_packet(int fd, const Packet *packet, size_t text) {
        size_t n = offsetof(Packet, text) + text;

        for (;;) {
                ssize_t k = send(fd, packet, n, MSG_NOSIGNAL);

                if (k >= 0)
                        return 0;
                if (errno != EINTR)
                        return -errno;
        }
}

int channel_send(int fd, ChannelMessage message) {
        Packet packet;

        packet.message = message;
        packet.errnum = 0;
        packet.name = 0;
        return send_packet(fd, &packet, 0);
}

int channel_send_error(int fd, ChannelMessage message, const Error *error) {
        const char *text = error_message(error);
        size_t n = MIN(strlen(text), (size_t) TEXT_MAX);
        Packet packet;

        packet.message = message;
        packet.errnum = error->errnum;
        packet.name = 0;
        for (uint32_t i = 1; i < ELEMENTSOF(names); i++)
                if (error->name && streq(error->name, names[i]))
                        packet.name = i;
        memcpy(packet.text, text, n);
        return send_packet(fd, &packet, n);
}

int channel_send_fd(int fd, ChannelMessage message, int sent) {
        Packet packet;

        packet.message = message;
        packet.errnum = 0;
        packet.name = 0;
        return fd_send(fd, &packet, offsetof(Packet, text), &sent, 1);
}

static int parse_packet(Packet *packet, ssize_t k, Error *ret_error) {
        if (k < 0)
                return (int) k;
        if (k == 0)
                return -ECONNRESET;
        if ((size_t) k < offsetof(Packet, text) || packet->message >= CHANNEL_MAX || packet->name >= ELEMENTSOF(names))
                return -EBADMSG;

        if (packet->message == CHANNEL_ERROR || packet->message == CHANNEL_WARNING) {
                ((char *) packet)[k] = 0;
                error_clear(ret_error);
                error_set(ret_error, packet->errnum, packet->name > 0 ? names[packet->name] : NULL, "%s", packet->text);
        }
        return (int) packet->message;
}

int channel_receive(int fd, Error *ret_error) {
        Packet packet;
        ssize_t k;

        do
                k = recv(fd, &packet, sizeof(packet) - 1, 0);
        while (k < 0 && errno == EINTR);
        return parse_packet(&packet, k < 0 ? -errno : k, ret_error);
}

int channel_receive_fd(int fd, Error *ret_error, int *ret_fd) {
        Packet packet;
        size_t n = 0;

        return parse_packet(&packet, fd_receive(fd, &packet, sizeof(packet) - 1, ret_fd, 1, &n), ret_error);
}

int channel_wait_go(int fd) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = channel_receive(fd, &error);

        return r < 0 ? r : r == CHANNEL_GO ? 0 : -EBADMSG;
}
