/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fd.h"
#include "pid-file.h"

int pid_file_write(const char *path, pid_t pid, Error *error) {
        char text[16];
        int r;

        if (!path)
                return 0;
        snprintf(text, sizeof(text), "%d", (int) pid);

        _cleanup_free_ char *temporary = NULL;
        if (asprintf(&temporary, "%s.%d~", path, (int) getpid()) < 0) {
                temporary = NULL;
                return error_set_errno(error, ENOMEM, "writing %s", path);
        }
        /* A file of our own making: another one, or a link to it, that lay
         * there is not written into. */
        (void) unlink(temporary);
        _cleanup_fd_ int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0 && fd >= 0)
                (void) unlink(temporary);
        return r < 0 ? error_set_errno(error, r, "writing %s", path) : 0;
}
