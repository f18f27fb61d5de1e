/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "criu-log.h"
#include "fd.h"

static bool is_of_program(const char *words) {
        return startswith(words, "execvp(") || startswith(words, "exited, status=") || endswith(words, " -V failed");
}

/* "(00.012345)     12: Error (criu/files-reg.c:1234): Can't open file …": a time
 * stamp, often a pid, the level, where in the source, the words. */
CriuLogLine criu_log_parse(const char *line, char ret[static CRIU_LOG_REASON_MAX]) {
        const char *p = line;
        size_t n;

        if (*p == '(') {
                p = strchr(p, ')');
                if (!p)
                        return CRIU_LOG_NOTHING;
                p++;
        }
        p += strspn(p, " \t");
        n = strspn(p, "0123456789");
        if (n > 0 && p[n] == ':')
                p += n + 1;
        p += strspn(p, " \t");
        p = startswith(p, "Error (");
        if (!p)
                return CRIU_LOG_NOTHING;
        p = strstr(p, "): ");
        if (!p)
                return CRIU_LOG_NOTHING;
        p += 3;
        p += strspn(p, " \t");

        n = strcspn(p, "\r\n");
        while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '.'))
                n--;
        if (n == 0)
                return CRIU_LOG_NOTHING;
        n = MIN(n, (size_t) CRIU_LOG_REASON_MAX - 1);
        memcpy(ret, p, n);
        ret[n] = 0;
        return is_of_program(ret) ? CRIU_LOG_PROGRAM : CRIU_LOG_ERROR;
}

/* How criu calls what it finds out about the kernel in the beginning. */
#define KERNEL_WORD "kerndat"

int criu_log_reason(int directory, const char *file, char ret[static CRIU_LOG_REASON_MAX], bool *ret_kernel) {
        bool kernel = false, found = false;
        int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK), r = -ENODATA;
        char line[1024], words[CRIU_LOG_REASON_MAX];
        FILE *f;

        if (fd < 0)
                return -errno;
        f = fdopen(fd, "re");
        if (!f) {
                r = -errno;
                fd_close(fd);
                return r;
        }
        /* What is left of a line that is longer begins with no level. */
        while (fgets(line, sizeof(line), f)) {
                CriuLogLine kind = criu_log_parse(line, words);

                if (kind == CRIU_LOG_NOTHING)
                        continue;
                kernel |= kind == CRIU_LOG_ERROR && strstr(words, KERNEL_WORD);
                if (found || (kind == CRIU_LOG_PROGRAM && r == 0))
                        continue;
                found = kind == CRIU_LOG_ERROR;
                strcpy(ret, words);
                r = 0;
        }
        fclose(f);
        if (r >= 0)
                *ret_kernel = kernel;
        return r;
}
