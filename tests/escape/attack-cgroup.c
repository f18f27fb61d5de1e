/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attack.h"

/* Control groups: out of the container's own, and its limits. */

#define CGROUP "/sys/fs/cgroup"

static int writable(const char *path) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        close(fd);
        return ATTACK_THROUGH;
}

/* "0::/.." is above the root of the namespace. */
static bool is_outside(void) {
        FILE *file = fopen("/proc/self/cgroup", "re");
        char line[512];
        bool found = false;

        while (file && fgets(line, sizeof(line), file))
                if (strncmp(line, "0::/..", 6) == 0)
                        found = true;
        if (file)
                fclose(file);
        return found;
}

/* A cgroup file system mounted anew, whose root may be another. */
static int fresh(char dir[static 32]) {
        strcpy(dir, "/tmp/escape-XXXXXX");
        if (!mkdtemp(dir))
                return -errno;
        return mount("cgroup2", dir, "cgroup2", 0, NULL) < 0 ? -errno : 0;
}

/* The driver names the host's cgroup as the machine's root sees it. */
static int move_out(void) {
        static const char *const ways[] = { CGROUP "/../cgroup.procs", "/proc/1/root" CGROUP "/../cgroup.procs",
                                            CGROUP "/../../cgroup.procs" };
        char dir[32], path[512];
        int first = 0, fd, r;

        if (is_outside()) {
                note("it was outside from the start");
                return ATTACK_THROUGH;
        }
        if (fresh(dir) == 0 && target("host-cgroup")) {
                snprintf(path, sizeof(path), "%s%s/cgroup.procs", dir, target("host-cgroup"));
                r = writable(path);
                if (r > 0)
                        return r;
                first = r;
        }
        for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
                fd = open(ways[i], O_WRONLY | O_CLOEXEC);
                if (fd >= 0 && write(fd, "0", 1) == 1 && is_outside())
                        return ATTACK_THROUGH;
                first = first ?: -errno;
        }
        return first;
}

/* What bounds the container is written by who made it. */
static int own_limits(void) {
        static const char *const files[] = { "memory.max", "memory.high", "memory.min", "memory.low", "memory.swap.max", "pids.max",
                                             "cpu.max", "cpu.weight", "io.max", "io.weight", "cpuset.cpus", "hugetlb.2MB.max",
                                             "cgroup.freeze", "cgroup.kill", "cgroup.max.descendants" };
        char dir[32], path[128];
        int first = 0, there = 0;
        bool mounted = fresh(dir) == 0;

        for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
                for (int again = 0; again <= mounted; again++) {
                        int r;

                        snprintf(path, sizeof(path), "%s/%s", again ? dir : CGROUP, files[i]);
                        r = writable(path);
                        if (r == -ENOENT)
                                continue;
                        there++;
                        if (r > 0) {
                                note("%s", files[i]);
                                return r;
                        }
                        first = first ?: r;
                }
        return there ? first : ATTACK_IMPOSSIBLE;
}

/* In v1 a program of the host's root runs where a group becomes empty. Hierarchies
 * that the machine has can be mounted by who owns a cgroup namespace. */
static int release_agent(void) {
        static const char *const controllers[] = { "memory", "pids", "devices", "freezer", "rdma", "cpu", "cpuset", "blkio",
                                                   "net_cls", "perf_event", "hugetlb", "misc", "none,name=systemd",
                                                   "none,name=escape" };
        char dir[] = "/tmp/escape-XXXXXX", path[64];
        int first = 0;

        if (!mkdtemp(dir))
                return -errno;
        for (size_t i = 0; i < sizeof(controllers) / sizeof(*controllers); i++) {
                int r;

                if (mount("cgroup", dir, "cgroup", 0, controllers[i]) < 0) {
                        if (!first || first == -EINVAL || first == -EBUSY)
                                first = -errno;
                        continue;
                }
                snprintf(path, sizeof(path), "%s/release_agent", dir);
                r = writable(path);
                if (r > 0)
                        note("release_agent of %s", controllers[i]);
                if (r < 0) {
                        snprintf(path, sizeof(path), "%s/tasks", dir);
                        int s = writable(path);
                        if (s > 0) {
                                r = s;
                                note("tasks of the root of %s", controllers[i]);
                        }
                }
                (void) umount2(dir, MNT_DETACH);
                if (r > 0)
                        return r;
                first = r;
        }
        return first == -ENODEV ? ATTACK_IMPOSSIBLE : first;
}

const Attack attacks_cgroup[] = {
        { "cgroup-move", "cgroups(7)", "move itself out of the container's cgroup", move_out },
        { "cgroup-limits", "cgroups(7)", "write the files that bound the container", own_limits },
        { "release-agent", "CVE-2022-0492", "mount a hierarchy of cgroup v1, write release_agent or join its root", release_agent },
        {},
};
