/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the runtime and the process that becomes the container's say to each
 * other while it is made: a pair of SOCK_SEQPACKET sockets, one message a
 * packet. An error travels with its errno, name and sentence, unchanged.
 */

#include "error.h"
#include "macro.h"

typedef enum ChannelMessage {
        CHANNEL_GO,      /* to the child: go on */
        CHANNEL_TIME,    /* from it: the time namespace is there, its offsets can be written */
        CHANNEL_MOUNTED, /* from it: the file systems are there, its root is not changed yet */
        CHANNEL_READY,   /* from it: all is set up, start can come */
        CHANNEL_ERROR,
        CHANNEL_WARNING,
        CHANNEL_LISTENER, /* from it: the descriptor of its seccomp filter; GO when it is where it belongs */
        CHANNEL_MAX,
        CHANNEL_INVALID = -EINVAL,
} ChannelMessage;

int channel_send(int fd, ChannelMessage message);
int channel_send_error(int fd, ChannelMessage message, const Error *error);

/* Receives one message. CHANNEL_ERROR and CHANNEL_WARNING fill *ret_error.
 * Returns the message, -ECONNRESET at the end, or a negative errno. */
int channel_receive(int fd, Error *ret_error);

/* The same with a descriptor that may come along. */
int channel_send_fd(int fd, ChannelMessage message, int sent);
int channel_receive_fd(int fd, Error *ret_error, int *ret_fd);

/* Waits for CHANNEL_GO: 0, or a negative errno where the other side is gone. */
int channel_wait_go(int fd);
