/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "cgroup.h"
#include "fd.h"
#include "parse.h"
#include "usage.h"

void usage_read(const char *container, Usage *ret) {
        static const struct {
                const char *file, *name, *prefix;
        } sources[] = {
                { "memory.current", "MemoryCurrent", "" },
                { "memory.peak", "MemoryPeak", "" },
                { "pids.current", "TasksCurrent", "" },
                { "cpu.stat", "CPUUsageUSec", "usage_usec " },
        };
        _cleanup_fd_ int fd = -EBADF;
        char path[256];

        *ret = (Usage){};
        snprintf(path, sizeof(path), "/machine.slice/ctr-%s.scope", container);
        fd = cgroup_open(path);
        if (fd < 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(sources); i++) {
                _cleanup_free_ char *text = NULL;
                const char *value;
                uint64_t v;

                if (cgroup_read(fd, sources[i].file, &text) < 0)
                        continue;
                text[strcspn(text, "\n")] = 0;
                value = startswith(text, sources[i].prefix);
                if (value && parse_u64(value, &v) >= 0) {
                        ret->items[ret->n].name = sources[i].name;
                        ret->items[ret->n++].value = v;
                }
        }
}
