/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "procfs.h"
#include "userns.h"

static bool ranges_overlap(uint32_t a, uint32_t n_a, uint32_t b, uint32_t n_b) {
        return (uint64_t) a < (uint64_t) b + n_b && (uint64_t) b < (uint64_t) a + n_a;
}

int id_map_check(const IdMap *map, size_t n) {
        if (n == 0)
                return -EINVAL;
        if (n > ID_MAP_MAX)
                return -E2BIG;

        for (size_t i = 0; i < n; i++) {
                const IdMap *m = map + i;

                /* UINT32_MAX is (uid_t) -1, "no id". */
                if (m->count == 0 || (uint64_t) m->inside + m->count > UINT32_MAX ||
                    (uint64_t) m->outside + m->count > UINT32_MAX)
                        return -EINVAL;
                for (size_t j = 0; j < i; j++)
                        if (ranges_overlap(m->inside, m->count, map[j].inside, map[j].count) ||
                            ranges_overlap(m->outside, m->count, map[j].outside, map[j].count))
                                return -EINVAL;
        }
        return 0;
}

int id_map_outside(const IdMap *map, size_t n, uint32_t inside, uint32_t *ret) {
        for (size_t i = 0; i < n; i++)
                if (inside >= map[i].inside && inside - map[i].inside < map[i].count) {
                        *ret = map[i].outside + (inside - map[i].inside);
                        return 0;
                }
        return -EINVAL;
}

int id_map_inside(const IdMap *map, size_t n, uint32_t outside, uint32_t *ret) {
        for (size_t i = 0; i < n; i++)
                if (outside >= map[i].outside && outside - map[i].outside < map[i].count) {
                        *ret = map[i].inside + (outside - map[i].outside);
                        return 0;
                }
        return -EINVAL;
}

static int write_map(int procfs, pid_t pid, const char *file, const IdMap *map, size_t n, Error *error) {
        char path[48];
        size_t room = n * 36 + 1, used = 0;
        _cleanup_free_ char *text = malloc(room);
        int r;

        if (!text)
                return error_set_errno(error, ENOMEM, "id map");
        for (size_t i = 0; i < n; i++)
                used += (size_t) snprintf(text + used, room - used, "%u %u %u\n", map[i].inside, map[i].outside,
                                          map[i].count);

        snprintf(path, sizeof(path), "%d/%s", (int) pid, file);
        r = procfs_write(procfs, path, text);
        if (r < 0)
                return error_set_errno(error, r, "writing /proc/%s", path);
        return 0;
}

int userns_write_maps(pid_t pid, const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids,
                      bool deny_setgroups, Error *error) {
        _cleanup_fd_ int procfs = procfs_open();
        int r;

        if (procfs < 0)
                return error_set_errno(error, procfs, "opening /proc");
        if (id_map_check(uids, n_uids) < 0 || id_map_check(gids, n_gids) < 0)
                return error_set(error, EINVAL, NULL, "the id map is empty, too long, or overlaps itself");

        if (deny_setgroups) {
                char path[48];

                snprintf(path, sizeof(path), "%d/setgroups", (int) pid);
                r = procfs_write(procfs, path, "deny");
                if (r < 0)
                        return error_set_errno(error, r, "writing /proc/%s", path);
        }
        r = write_map(procfs, pid, "gid_map", gids, n_gids, error);
        if (r < 0)
                return r;
        return write_map(procfs, pid, "uid_map", uids, n_uids, error);
}

static int exit_at_once(void *arg) {
        return 0;
}

/* Until the other end is closed: by its parent, or by the parent's end. */
static int hold(void *arg) {
        const int *ends = arg;
        char c;

        close(ends[1]);
        while (read(ends[0], &c, 1) < 0 && errno == EINTR)
                ;
        return 0;
}

/* Maps a child's user namespace and opens it. No exit signal: a caller's SIGCHLD
 * handler is not told of it. */
static int open_through(int (*child)(void *), int flags, void *arg, const IdMap *uids, size_t n_uids, const IdMap *gids,
                        size_t n_gids, Error *error) {
        char stack[4096] __attribute__((aligned(16)));
        char path[48];
        int fd, r;
        pid_t pid;

        pid = clone(child, stack + sizeof(stack), flags | CLONE_NEWUSER, arg);
        if (pid < 0)
                return error_set_errno(error, errno, "creating a user namespace");

        r = userns_write_maps(pid, uids, n_uids, gids, n_gids, false, error);
        if (r >= 0) {
                snprintf(path, sizeof(path), "%d/ns/user", (int) pid);
                fd = procfs_openat(-1, path, O_RDONLY, true);
                r = fd < 0 ? error_set_errno(error, fd, "opening /proc/%s", path) : fd;
        }

        if (arg) {
                int *ends = arg;

                ends[1] = fd_close(ends[1]);
        }
        while (waitpid(pid, NULL, __WCLONE) < 0 && errno == EINTR)
                ;
        return r;
}

int userns_open(const IdMap *uids, size_t n_uids, const IdMap *gids, size_t n_gids, Error *error) {
        _cleanup_error_ Error cause = ERROR_INIT;
        int ends[2], r;

        /* The child shares our memory, runs while we stand still and does nothing but
         * end. A process not yet waited for keeps its credentials and with them its user
         * namespace, which is mapped and opened through the zombie. */
        r = open_through(exit_at_once, CLONE_VM | CLONE_VFORK, NULL, uids, n_uids, gids, n_gids, &cause);
        if (r != -EACCES)
                return r < 0 ? error_move(error, &cause) : r;

        /* What has no memory belongs to the host's root (task_dump_owner()), who is not
         * us in a user namespace: there the child lives. */
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "creating a pipe");
        r = open_through(hold, 0, ends, uids, n_uids, gids, n_gids, error);
        fd_close(ends[0]);
        fd_close(ends[1]);
        return r;
}

int userns_read_map(pid_t pid, const char *file, IdMap *ret_map, size_t max, size_t *ret_n) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int fd = -EBADF;
        char path[48];
        size_t n = 0;
        int r;

        snprintf(path, sizeof(path), "%d/%s", (int) pid, file);
        fd = procfs_openat(-1, path, O_RDONLY, false);
        if (fd < 0)
                return fd;
        r = fd_read_all(fd, 64 * 1024, &text, NULL);
        if (r < 0)
                return r;

        for (char *p = text; *p;) {
                IdMap m;
                int used = 0;

                if (sscanf(p, " %u %u %u%n", &m.inside, &m.outside, &m.count, &used) != 3)
                        return -EBADMSG;
                if (n >= max)
                        return -E2BIG;
                ret_map[n++] = m;
                p += used;
                p += strspn(p, "\n ");
        }
        *ret_n = n;
        return 0;
}

/* The inode of the first user namespace, a constant of the kernel's
 * (PROC_USER_INIT_INO). */
#define USER_NAMESPACE_FIRST 0xEFFFFFFDU

bool userns_is_first(void) {
        struct stat st;

        return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == USER_NAMESPACE_FIRST;
}
