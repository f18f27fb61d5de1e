/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "console-log.h"
#include "fd.h"

static int log_open_file(ConsoleLog *log) {
        _cleanup_fd_ int fd = -EBADF;
        struct stat st;

        fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;

        fd_close(log->fd);
        log->fd = TAKE_FD(fd);
        log->size = (uint64_t) st.st_size;
        return 0;
}

int console_log_open(ConsoleLog *log, const char *path, uint64_t max) {
        ConsoleLog fresh = CONSOLE_LOG_INIT;
        int r;

        fresh.max = max;
        fresh.path = strdup(path);
        if (!fresh.path || asprintf(&fresh.older, "%s.1", path) < 0) {
                fresh.older = NULL;
                r = -ENOMEM;
        } else
                r = log_open_file(&fresh);
        if (r < 0) {
                console_log_close(&fresh);
                return r;
        }
        console_log_close(log);
        *log = fresh;
        return 0;
}

static int log_turn_over(ConsoleLog *log) {
        if (rename(log->path, log->older) < 0 && errno != ENOENT)
                return -errno;
        return log_open_file(log);
}

int console_log_write(ConsoleLog *log, const void *data, size_t n) {
        int r;

        if (log->fd < 0)
                return 0;
        if (log->size > 0 && log->size + n > log->max) {
                r = log_turn_over(log);
                if (r < 0)
                        return r;
        }

        r = fd_write_all(log->fd, data, n);
        if (r < 0) {
                /* Perhaps a part was written. */
                off_t end = lseek(log->fd, 0, SEEK_END);

                if (end >= 0)
                        log->size = (uint64_t) end;
                return r;
        }
        log->size += n;
        return 0;
}

void console_log_close(ConsoleLog *log) {
        fd_close(log->fd);
        free(log->path);
        free(log->older);
        *log = CONSOLE_LOG_INIT;
}
