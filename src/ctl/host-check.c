/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bus.h"
#include "cgroup.h"
#include "fd.h"
#include "file.h"
#include "host-check.h"
#include "mount.h"
#include "parse.h"
#include "strv.h"
#include "userns.h"

#define STATE_DIR "/var/lib/ctrd"
#define SYSCTL_FILE "/etc/sysctl.d/60-ctrd.conf"

/* Linux 6.1 is what this is made and tested for; before 5.12 no mount has an id map. */
static void check_kernel(FindingList *l) {
        unsigned major = 0, minor = 0;
        struct utsname u;

        if (uname(&u) < 0 || sscanf(u.release, "%u.%u", &major, &minor) != 2)
                return;
        if (major < 5 || (major == 5 && minor < 12))
                finding_add(l, FINDING_ERROR, "kernel", "run Linux 6.1 or later", "Linux %s cannot map the ids of mounts", u.release);
        else if (major < 6 || (major == 6 && minor < 1))
                finding_add(l, FINDING_HINT, "kernel", "run Linux 6.1 or later", "Linux %s is older than what is tested", u.release);
        else
                finding_add(l, FINDING_OK, "kernel", NULL, "Linux %s", u.release);
}

static bool file_has_word(const char *path, const char *word) {
        _cleanup_strv_ char **words = NULL;
        _cleanup_free_ char *text = NULL;

        return file_read(AT_FDCWD, path, 1 << 20, &text, NULL) >= 0 && strv_split(text, " ,\t\n", &words) >= 0 &&
               strv_contains(words, word);
}

static void check_features(FindingList *l) {
        _cleanup_fd_ int pidfd = (int) syscall(SYS_pidfd_open, getpid(), 0);
        uint64_t namespaces = 0;
        _cleanup_free_ char *line = NULL;

        if (pidfd < 0)
                finding_add(l, FINDING_ERROR, "pidfd", "build the kernel with it, or allow pidfd_open(2)", "%s", strerror(errno));
        if (!file_has_word("/proc/sys/kernel/seccomp/actions_avail", "user_notif"))
                finding_add(l, FINDING_HINT, "seccomp", "build the kernel with CONFIG_SECCOMP_FILTER",
                            "no notifications: InterceptSystemCalls= does not work");
        if (!file_has_word("/proc/filesystems", "overlay"))
                finding_add(l, FINDING_WARNING, "overlay", "modprobe overlay; without such a module no container made from an image starts",
                            "the kernel has no overlay file system now");
        if (file_read_line(AT_FDCWD, "/proc/sys/user/max_user_namespaces", &line) < 0 || parse_u64(line, &namespaces) < 0 || namespaces == 0)
                finding_add(l, FINDING_ERROR, "user namespaces", "set the sysctl user.max_user_namespaces to 65536, say",
                            "the kernel makes none: containers run with UserNamespace=no alone");
        if (access("/sys/fs/bpf", F_OK) < 0)
                finding_add(l, FINDING_WARNING, "bpf", "build the kernel with CONFIG_BPF_SYSCALL and CONFIG_CGROUP_BPF",
                            "there is none: the devices of containers cannot be restricted");
}

static void check_cgroups(FindingList *l) {
        static const char *const controllers[] = { "cpu", "cpuset", "io", "memory", "pids" };
        _cleanup_strv_ char **missing = NULL;
        _cleanup_free_ char *names = NULL;
        _cleanup_fd_ int fd = -EBADF;
        struct statfs fs;

        if (statfs("/sys/fs/cgroup", &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC || (fd = cgroup_open("/")) < 0) {
                finding_add(l, FINDING_ERROR, "control groups", "boot with systemd.unified_cgroup_hierarchy=1",
                            "/sys/fs/cgroup is not version 2");
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(controllers); i++)
                if (cgroup_has_controller(fd, controllers[i]) <= 0)
                        (void) strv_extend(&missing, controllers[i]);
        names = strv_join(missing, ", ");
        if (missing)
                finding_add(l, FINDING_WARNING, "control groups", "look for cgroup_disable= on the kernel's command line, and for a hierarchy of version 1 that has them",
                            "no controller %s: limits of that kind do not hold", strempty(names));
        else
                finding_add(l, FINDING_OK, "control groups", NULL, "version 2, with all controllers");
}

/* A map is tried on a clone of the directory's mount that nobody else sees. */
static void check_state_dir(FindingList *l) {
        const IdMap map = { .inside = 0, .outside = 1000000, .count = 65536 };
        _cleanup_fd_ int tree = -EBADF, userns = -EBADF;
        char type[MOUNT_TYPE_NAME_MAX];
        int r;

        if (geteuid() != 0) {
                finding_add(l, FINDING_OK, "state directory", NULL, STATE_DIR " can be looked at by root alone");
                return;
        }
        tree = mount_clone(AT_FDCWD, STATE_DIR, false);
        if (tree < 0) {
                finding_add(l, FINDING_WARNING, "state directory", "start ctrd once: it makes it", STATE_DIR ": %s", strerror(-tree));
                return;
        }
        userns = userns_open(&map, 1, &map, 1, NULL);
        r = userns < 0 ? userns : mount_idmap(tree, userns, false);
        if (r < 0)
                finding_add(l, FINDING_ERROR, "state directory", "put " STATE_DIR " on ext4, xfs or btrfs",
                            "%s under " STATE_DIR " takes no id map: %s", mount_type_name(tree, type), strerror(-r));
        else
                finding_add(l, FINDING_OK, "state directory", NULL, "%s, which takes id maps", mount_type_name(tree, type));
}

static void check_lsm(FindingList *l) {
        static const char parser[] = "/usr/sbin/apparmor_parser";
        _cleanup_free_ char *enabled = NULL, *modules = NULL;
        bool apparmor = file_read_line(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &enabled) >= 0 && streq(enabled, "Y");
        bool selinux = access("/sys/fs/selinux/enforce", F_OK) >= 0;

        if (apparmor && access(parser, X_OK) < 0)
                finding_add(l, FINDING_WARNING, "security module", "install the package apparmor",
                            "AppArmor is on, and there is no %s: containers get no profile", parser);
        else if (apparmor || selinux)
                finding_add(l, FINDING_OK, "security module", NULL, "%s", apparmor ? "AppArmor" : "SELinux");
        else
                finding_add(l, FINDING_HINT, "security module", "boot with apparmor=1 security=apparmor: one layer more around containers",
                            "neither AppArmor nor SELinux is on");
}

static void check_lxcfs(FindingList *l) {
        _cleanup_free_ char *text = NULL;

        /* The table says it; lxcfs itself may hang. */
        if (file_read(AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text, NULL) < 0)
                return;
        if (strstr(text, " /var/lib/lxcfs ") && strstr(text, " - fuse.lxcfs "))
                finding_add(l, FINDING_OK, "lxcfs", NULL, "is mounted");
        else
                finding_add(l, FINDING_HINT, "lxcfs", "install the package lxcfs: containers that run get it at once",
                            "is not mounted: containers see memory, CPUs and uptime of the host in /proc");
}

/* What some hundred guests with systemd need together; kernels and distributions have
 * less. */
static void check_sysctls(FindingList *l) {
        static const struct {
                const char *key, *path;
                uint64_t wanted;
                const char *what;
        } rows[] = {
                { "fs.file-max", "/proc/sys/fs/file-max", 1048576, "files open at once" },
                { "fs.inotify.max_user_instances", "/proc/sys/fs/inotify/max_user_instances", 1024, "inotify instances of a user: a guest has a dozen" },
                { "fs.inotify.max_user_watches", "/proc/sys/fs/inotify/max_user_watches", 524288, "inotify watches of a user" },
                { "kernel.keys.maxkeys", "/proc/sys/kernel/keys/maxkeys", 2000, "keys of a user" },
                { "kernel.keys.maxbytes", "/proc/sys/kernel/keys/maxbytes", 200000, "bytes of a user's keys" },
                { "kernel.pid_max", "/proc/sys/kernel/pid_max", 131072, "processes and threads" },
                { "kernel.pty.max", "/proc/sys/kernel/pty/max", 4096, "terminals: a container has at least one" },
                { "net.ipv4.neigh.default.gc_thresh3", "/proc/sys/net/ipv4/neigh/default/gc_thresh3", 4096, "neighbours that are known" },
                { "net.ipv6.neigh.default.gc_thresh3", "/proc/sys/net/ipv6/neigh/default/gc_thresh3", 4096, "neighbours that are known" },
                { "vm.max_map_count", "/proc/sys/vm/max_map_count", 262144, "mappings of a process: databases want them" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *line = NULL, *advice = NULL;
                uint64_t value;

                if (file_read_line(AT_FDCWD, rows[i].path, &line) < 0 || parse_u64(line, &value) < 0)
                        continue; /* not of this network namespace, or a kernel without it */
                if (value >= rows[i].wanted)
                        finding_add(l, FINDING_OK, rows[i].key, NULL, "%s", line);
                else if (asprintf(&advice, "for many containers put \"%s = %llu\" into " SYSCTL_FILE ", then sysctl --system", rows[i].key,
                                  (unsigned long long) rows[i].wanted) >= 0)
                        finding_add(l, FINDING_HINT, rows[i].key, advice, "%s %s", line, rows[i].what);
        }
}

/* Without them ctrd does less, or asks nobody. */
static void check_services(Ctl *ctl, FindingList *l) {
        static const struct {
                const char *name, *check, *without, *advice;
                FindingLevel level;
        } rows[] = {
                { "org.freedesktop.machine1", "machined", "machinectl, -M and nss-mymachines know no container", "install the package systemd-container", FINDING_WARNING },
                { "org.freedesktop.PolicyKit1", "polkit", "root alone may use ctrd", "install the package polkitd", FINDING_HINT },
        };
        _cleanup_strv_ char **there = NULL, **startable = NULL;
        sd_bus *bus;

        if (ctl_bus(ctl, &bus, NULL) < 0 || sd_bus_list_names(bus, &there, &startable) < 0) {
                finding_add(l, FINDING_ERROR, "system bus", "systemctl status dbus.service", "it cannot be reached");
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strv_contains(there, rows[i].name) || strv_contains(startable, rows[i].name))
                        finding_add(l, FINDING_OK, rows[i].check, NULL, "can be asked");
                else
                        finding_add(l, rows[i].level, rows[i].check, rows[i].advice, "it is not there: %s", rows[i].without);
        if (strv_contains(there, "org.freedesktop.network1"))
                finding_add(l, FINDING_OK, "networkd", NULL, "runs, and connects the interfaces ve-* where they have no Address=");
        else
                finding_add(l, FINDING_HINT, "networkd", "systemctl enable --now systemd-networkd, or give containers an Address=",
                            "it does not run: nobody gives addresses to containers without one");
}

void host_check(Ctl *ctl, FindingList *l) {
        check_kernel(l);
        check_features(l);
        check_cgroups(l);
        check_state_dir(l);
        check_lsm(l);
        check_services(ctl, l);
        check_lxcfs(l);
        check_sysctls(l);
}
