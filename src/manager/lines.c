/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fd.h"
#include "lines.h"
#include "utf8.h"

/* Read before others get their turn. */
#define CHUNKS_PER_TURN 4

struct LineReader {
        int fd;
        sd_event_source *source;
        LineReaderFunc func;
        void *userdata;
        char line[LINE_READER_MAX + 1];
        size_t size;
        bool ended;
};

LineReader *line_reader_free(LineReader *reader) {
        if (!reader)
                return NULL;
        sd_event_source_disable_unref(reader->source);
        fd_close(reader->fd);
        free(reader);
        return NULL;
}

static void flush_line(LineReader *reader) {
        reader->line[reader->size] = 0;
        reader->size = 0;
        utf8_make_printable(reader->line);
        reader->func(reader->line, reader->userdata);
}

static void read_lines(LineReader *reader, unsigned chunks) {
        char data[4096];

        for (; reader && !reader->ended && chunks > 0; chunks--) {
                ssize_t n = read(reader->fd, data, sizeof(data));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n <= 0) {
                        reader->ended = true;
                        sd_event_source_set_enabled(reader->source, SD_EVENT_OFF);
                        if (reader->size > 0)
                                flush_line(reader);
                        reader->func(NULL, reader->userdata);
                        return;
                }
                for (ssize_t i = 0; i < n; i++) {
                        if (data[i] == '\n' || data[i] == '\r')
                                flush_line(reader);
                        else if (reader->size < LINE_READER_MAX)
                                reader->line[reader->size++] = data[i] ? data[i] : '?';
                }
        }
}

/* No more than a pipe holds (1 MiB where it was made large): who writes on and on
 * has no claim to be read to the end. */
void line_reader_drain(LineReader *reader) {
        read_lines(reader, 256);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        read_lines(userdata, CHUNKS_PER_TURN);
        return 0;
}

int line_reader_new(sd_event *event, int fd, LineReaderFunc func, void *userdata, LineReader **ret) {
        LineReader *reader = calloc(1, sizeof(*reader));
        int r;

        if (!reader) {
                fd_close(fd);
                return -ENOMEM;
        }
        reader->fd = fd;
        reader->func = func;
        reader->userdata = userdata;
        r = fd_set_nonblock(fd, true);
        if (r >= 0)
                r = sd_event_add_io(event, &reader->source, fd, EPOLLIN, on_readable, reader);
        if (r < 0) {
                line_reader_free(reader);
                return r;
        }
        *ret = reader;
        return 0;
}

int line_reader_new_pipe(sd_event *event, LineReaderFunc func, void *userdata, LineReader **ret, int *ret_fd) {
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = line_reader_new(event, fds[0], func, userdata, ret);
        if (r < 0)
                fd_close(fds[1]);
        else
                *ret_fd = fds[1];
        return r;
}
