/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "fd.h"
#include "parse.h"
#include "resource-write.h"

#define LINE_SIZE 512

static bool has_word(const char *list, const char *word) {
        size_t n = strlen(word);

        for (const char *p = list; (p = strstr(p, word)); p += n)
                if ((p == list || p[-1] == ' ') && (p[n] == 0 || p[n] == ' ' || p[n] == '\n'))
                        return true;
        return false;
}

/* "+cpu +io" of "cpu io". Empty: there is nothing, or too much, to ask for. */
static void format_request(char *controllers, char ret[static LINE_SIZE]) {
        char *save = NULL;
        size_t n = 0;

        for (char *p = strtok_r(controllers, " \n", &save); p && n < LINE_SIZE; p = strtok_r(NULL, " \n", &save))
                n += (size_t) snprintf(ret + n, LINE_SIZE - n, "%s+%s", n > 0 ? " " : "", p);
        if (n == 0 || n >= LINE_SIZE)
                *ret = 0;
}

/* A group with processes of its own that passes on nothing but threaded
 * controllers becomes the root of a threaded domain, and the groups below can
 * hold no process any more (cgroup-v2.rst, "Threads"): there nothing is passed
 * on. The root of the machine alone is different, and has no cgroup.type. */
static bool may_pass_on(int fd) {
        _cleanup_free_ char *processes = NULL;

        return faccessat(fd, "cgroup.type", F_OK, 0) < 0 ||
               (cgroup_read(fd, "cgroup.procs", &processes) >= 0 && processes[strspn(processes, " \n")] == 0);
}

/* All that there are on this machine in one go, which mostly works; else those
 * that this group has. */
static void pass_on(const char *path, const char *all) {
        _cleanup_free_ char *own = NULL;
        _cleanup_fd_ int fd = cgroup_open(path);
        char line[LINE_SIZE] = "";

        if (fd < 0 || !may_pass_on(fd))
                return;
        if (cgroup_write(fd, "cgroup.subtree_control", all) >= 0 || cgroup_read(fd, "cgroup.controllers", &own) < 0)
                return;
        format_request(own, line);
        if (*line)
                (void) cgroup_write(fd, "cgroup.subtree_control", line);
}

void resource_enable_controllers(const char *cgroup, int fd) {
        _cleanup_free_ char *own = NULL, *all = NULL;
        _cleanup_fd_ int root = cgroup_open("/");
        char copy[PATH_MAX], line[LINE_SIZE] = "";

        if (root < 0 || cgroup_read(root, "cgroup.controllers", &all) < 0 ||
            cgroup_read(fd, "cgroup.controllers", &own) < 0 || streq(own, all) ||
            strlen(cgroup) >= sizeof(copy))
                return;
        format_request(all, line);
        if (!*line)
                return;
        pass_on("/", line);
        strcpy(copy, cgroup);
        for (char *p = copy + 1; (p = strchr(p, '/')); p++) {
                *p = 0;
                pass_on(copy, line);
                *p = '/';
        }
}

static int read_number(int fd, const char *file, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        int r = cgroup_read(fd, file, &text);

        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        return parse_u64(text, ret);
}

static int check_memory(const Config *c, int fd, Error *error) {
        uint64_t used, swapped;
        int r;

        if (!c->memory_check || (c->memory_limit <= 0 && c->memory_swap <= 0))
                return 0;
        r = read_number(fd, "memory.current", &used);
        if (r < 0)
                return error_set_errno(error, r, "linux.resources.memory.checkBeforeUpdate: reading memory.current");
        if (read_number(fd, "memory.swap.current", &swapped) < 0)
                swapped = 0;
        if (c->memory_limit > 0 && (uint64_t) c->memory_limit <= used)
                return error_set(error, EBUSY, "Busy",
                                 "linux.resources.memory.limit: cannot set the memory limit lower than its current usage: %" PRIi64 " is not above %" PRIu64,
                                 c->memory_limit, used);
        if (c->memory_swap > 0 && (uint64_t) c->memory_swap <= used + swapped)
                return error_set(error, EBUSY, "Busy",
                                 "linux.resources.memory.swap: cannot set the memory limit lower than its current usage: %" PRIi64 " is not above %" PRIu64,
                                 c->memory_swap, used + swapped);
        return 0;
}

int resource_check(const Config *c, const char *cgroup, int fd, Error *error) {
        _cleanup_free_ char *controllers = NULL;
        int r;

        if (c->n_resources == 0)
                return 0;
        r = cgroup_read(fd, "cgroup.controllers", &controllers);
        if (r < 0)
                return error_set_errno(error, r, "reading cgroup.controllers of %s", cgroup);
        for (size_t i = 0; i < c->n_resources; i++) {
                const ConfigResource *w = c->resources + i;

                if (w->controller && !(w->flags & RESOURCE_OPTIONAL) && !has_word(controllers, w->controller))
                        return error_set(error, EOPNOTSUPP, "NotSupported",
                                         "%s: the requested cgroup controller `%s` is not available in %s", w->where,
                                         w->controller, cgroup);
        }
        return check_memory(c, fd, error);
}

int resource_write_all(const Config *c, const char *cgroup, int fd, Error *error) {
        int r;

        r = resource_check(c, cgroup, fd, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < c->n_resources; i++) {
                const ConfigResource *w = c->resources + i;

                r = cgroup_write(fd, w->file, w->value);
                if (w->flags & RESOURCE_OR_NEXT && r != -ENOENT)
                        i++; /* the next is for where this one is not there */
                if (r == -ENOENT && w->flags & (RESOURCE_OPTIONAL | RESOURCE_OR_NEXT))
                        continue;
                if (r == -EINVAL && w->flags & RESOURCE_TRY)
                        continue;
                if (r < 0)
                        return error_set_errno(error, r, "%s: writing \"%s\" to %s of %s", w->where, w->value, w->file,
                                               cgroup);
        }
        return 0;
}
