/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "fd.h"
#include "parse.h"
#include "usage.h"

static void add(Usage *u, const char *name, uint64_t value) {
        if (u->n < ELEMENTSOF(u->items)) {
                u->items[u->n].name = name;
                u->items[u->n++].value = value;
        }
}

/* The number behind a word, in any of the lines: their sum. */
static bool find_sum(const char *text, const char *word, uint64_t *ret) {
        bool found = false;
        uint64_t sum = 0;

        for (const char *p = text; (p = strstr(p, word)); p += strlen(word)) {
                char number[24];
                size_t n = strspn(p + strlen(word), "0123456789");
                uint64_t v;

                /* A word, and not the end of one. */
                if ((p > text && p[-1] != ' ' && p[-1] != '\n') || n == 0 || n >= sizeof(number))
                        continue;
                memcpy(number, p + strlen(word), n);
                number[n] = 0;
                if (parse_u64(number, &v) < 0)
                        continue;
                sum += v;
                found = true;
        }
        *ret = sum;
        return found;
}

/* The scope's directory, from where its leader is: which slice that is in was decided when
 * it started. What the container names itself comes below, so that the first is the one. */
static int open_scope(const char *container, pid_t leader) {
        _cleanup_free_ char *path = NULL;
        char scope[256];
        size_t n;

        snprintf(scope, sizeof(scope), "ctr-%s.scope", container);
        n = strlen(scope);
        if (leader <= 0 || cgroup_of_pid(leader, &path) < 0)
                return -ESRCH;
        for (char *p = path; *p == '/'; p += strcspn(p, "/")) {
                size_t length = strcspn(++p, "/");

                if (length == n && strncmp(p, scope, n) == 0) {
                        p[n] = 0;
                        return cgroup_open(path);
                }
                /* It has ended, and somebody else has its id. */
                if (length < strlen(".slice") || strncmp(p + length - strlen(".slice"), ".slice", strlen(".slice")) != 0)
                        break;
        }
        return -ESRCH;
}

void usage_read(const char *container, pid_t leader, Usage *ret) {
        /* word: what stands before the number; of pressure the first line is "some". */
        static const struct {
                const char *file, *name, *word;
                bool first_line;
        } sources[] = {
                { "memory.current", "MemoryCurrent", "", true },
                { "memory.peak", "MemoryPeak", "", true },
                { "pids.current", "TasksCurrent", "", true },
                { "cpu.stat", "CPUUsageUSec", "usage_usec ", true },
                { "io.stat", "IOReadBytes", "rbytes=", false },
                { "io.stat", "IOWriteBytes", "wbytes=", false },
                { "cpu.pressure", "CPUPressureUSec", "total=", true },
                { "memory.pressure", "MemoryPressureUSec", "total=", true },
                { "io.pressure", "IOPressureUSec", "total=", true },
        };
        _cleanup_fd_ int fd = -EBADF;

        *ret = (Usage){};
        fd = open_scope(container, leader);
        if (fd < 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(sources); i++) {
                _cleanup_free_ char *text = NULL;
                uint64_t v;

                if (cgroup_read(fd, sources[i].file, &text) < 0)
                        continue;
                if (sources[i].first_line)
                        text[strcspn(text, "\n")] = 0;
                if (isempty(sources[i].word) ? parse_u64(text, &v) >= 0 : find_sum(text, sources[i].word, &v))
                        add(ret, sources[i].name, v);
        }
}
