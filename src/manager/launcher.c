/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "fd.h"
#include "launcher-call.h"
#include "launcher.h"
#include "parse.h"
#include "socket.h"
#include "wire.h"

struct LauncherRequest {
        LauncherProgram program;
        int fd;
        sd_event_source *source;
        LauncherReply reply;
        void *userdata;
};

LauncherRequest *launcher_request_drop(LauncherRequest *request) {
        if (!request)
                return NULL;
        sd_event_source_disable_unref(request->source);
        fd_close(request->fd);
        free(request);
        return NULL;
}

/* The pid, or a negative errno. */
static int64_t read_answer(int fd) {
        char data[LAUNCHER_MESSAGE_MAX + 1];
        const char *key, *value;
        WireReader reader;
        int64_t answer = -EBADMSG;
        ssize_t n;
        int r;

        n = fd_receive(fd, data, LAUNCHER_MESSAGE_MAX, NULL, 0, NULL);
        if (n <= 0)
                return n < 0 ? n : -ECONNRESET;
        wire_read_begin(&reader, data, (size_t) n);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                uint32_t number;

                if (parse_u32(value, &number) < 0 || number == 0 || number > INT32_MAX)
                        return -EBADMSG;
                if (streq(key, "PID"))
                        answer = number;
                else if (streq(key, "ERRNO"))
                        answer = -(int64_t) number;
        }
        return r < 0 ? r : answer;
}

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        LauncherRequest *request = userdata;
        int64_t answer = read_answer(fd);
        _cleanup_error_ Error error = ERROR_INIT;
        LauncherReply reply = request->reply;
        void *owner = request->userdata;

        if (answer == -EAGAIN)
                return 0;
        if (answer < 0)
                error_set_errno(&error, (int) answer,
                                "ctr-launcher cannot start %s", request->program == LAUNCHER_ARCHIVE ? "a worker" : "the container's monitor");
        launcher_request_drop(request);
        reply(answer < 0 ? 0 : (pid_t) answer, answer < 0 ? &error : NULL, owner);
        return 0;
}

int launcher_spawn(sd_event *event, LauncherProgram program, const char *name, int control, LauncherReply reply,
                   void *userdata, LauncherRequest **ret, Error *error) {
        LauncherRequest *request;
        WireWriter w;
        int fd, r;

        fd = socket_connect(LAUNCHER_SOCKET, SOCK_SEQPACKET);
        if (fd < 0)
                return error_set_errno(error, fd, "cannot reach ctr-launcher, which starts monitors: is ctr-launcher.socket active?");
        request = calloc(1, sizeof(*request));
        if (!request) {
                fd_close(fd);
                return -ENOMEM;
        }
        *request = (LauncherRequest){ .program = program, .fd = fd, .reply = reply, .userdata = userdata };

        wire_begin(&w);
        wire_put(&w, "NAME", name);
        if (program == LAUNCHER_ARCHIVE)
                wire_put(&w, "WORKER", "archive");
        r = fd_set_nonblock(fd, true);
        if (r >= 0)
                r = fd_send(fd, w.data, w.size, &control, 1);
        if (r >= 0)
                r = sd_event_add_io(event, &request->source, fd, EPOLLIN, on_answer, request);
        if (r < 0) {
                launcher_request_drop(request);
                return error_set_errno(error, r, "cannot ask ctr-launcher");
        }
        *ret = request;
        return 0;
}
