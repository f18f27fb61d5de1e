/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "fd.h"
#include "socket.h"
#include "start.h"
#include "syscall-listener.h"

int start_container(const Container *c, const Config *config, Error *error) {
        _cleanup_error_ Error other = ERROR_INIT;
        _cleanup_fd_ int fd = -EBADF;
        char path[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), "%s/start.sock", c->directory);
        fd = socket_connect(path, SOCK_SEQPACKET);
        if (fd < 0)
                return error_set_errno(error, fd, "starting container %s", c->id);
        /* From here on nobody else can start it, and it is not "created" any
         * more. */
        if (unlinkat(c->fd, "start.sock", 0) < 0)
                return error_set(error, EALREADY, "Busy", "container %s is being started already", c->id);

        r = syscall_listener_attend(fd, config, c, CONTAINER_CREATING, c->pid, &other);
        if (r == CHANNEL_ERROR)
                return error_move(error, &other);
        return r == -ECONNRESET ? 0 : error_set_errno(error, r < 0 ? r : EBADMSG, "starting container %s", c->id);
}
