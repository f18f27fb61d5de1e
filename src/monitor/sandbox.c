/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "fd.h"
#include "landlock.h"
#include "mount.h"
#include "process.h"
#include "rootfs.h"
#include "sandbox.h"

#define DATA_MAX ((rlim_t) 512 << 20)
#define PLACE "/run/ctrd" /* exists, and is covered where only this process sees it */

int sandbox_payload(const char *name, pid_t leader, char **ret, Error *error) {
        _cleanup_free_ char *path = NULL, *payload = NULL;
        char *p;
        int r;

        if (asprintf(&payload, "/ctr-%s.scope/payload", name) < 0) {
                payload = NULL;
                return -ENOMEM;
        }
        r = cgroup_of_pid(leader, &path);
        p = r < 0 ? NULL : strstr(path, payload);
        if (!p || (p[strlen(payload)] != 0 && p[strlen(payload)] != '/'))
                return error_set(error, ESRCH, "NotRunning", "The container has ended");
        p[strlen(payload)] = 0;
        *ret = TAKE_PTR(path);
        return 0;
}

static bool same_namespace(pid_t pid, const char *kind) {
        char path[64];
        struct stat other, own;

        snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int) pid, kind);
        if (stat(path, &other) < 0)
                return false; /* setns() says that it has gone */
        snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
        return stat(path, &own) >= 0 && own.st_ino == other.st_ino && own.st_dev == other.st_dev;
}

/* What is mounted there may be locked: taking away is always allowed. */
static int restrict_mounts(Error *error) {
        static const char *const views[] = { "/proc", "/sys" };
        _cleanup_fd_ int root = -EBADF;
        int r;

        root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        /* What the container mounts from here on has its own rights, and must not come here. */
        r = root < 0 ? -errno : mount_set_propagation(root, MS_PRIVATE, true);
        if (r >= 0)
                r = mount_set_attr(root, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, true);
        if (r < 0)
                return error_set_errno(error, r, "The container's mounts cannot be restricted");
        /* Nor the knobs of the kernel's, which root may turn without any capability;
         * where nothing is mounted there (-EINVAL), there are none. */
        for (size_t i = 0; i < ELEMENTSOF(views); i++) {
                _cleanup_fd_ int fd = open(views[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                r = fd < 0 ? 0 : mount_set_attr(fd, MOUNT_ATTR_RDONLY, 0, true);
                if (r < 0 && r != -EINVAL)
                        return error_set_errno(error, r, "%s of the container cannot be made read-only", views[i]);
        }
        return 0;
}

static int become_root(Error *error) {
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return error_set_errno(error, errno, "The container's root user cannot be taken on");
        if (chdir("/") < 0)
                return error_set_errno(error, errno, "The container's root directory cannot be entered");
        return 0;
}

int sandbox_leave_host(Error *error) {
        return unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) < 0
                       ? error_set_errno(error, errno, "The host's network and queues cannot be left")
                       : 0;
}

/* Everything that was read by the leader's number was the leader's if it has not ended
 * by then. The monitor kills all in the payload when the leader has ended: who has come in
 * before is among them. */
int sandbox_enter_running(pid_t leader, int pidfd, int group, Error *error) {
        bool user = !same_namespace(leader, "user");
        int r;

        r = cgroup_attach(group, 0);
        if (r < 0)
                return error_set_errno(error, r, "The container's control group cannot be entered");
        if (process_has_ended(pidfd))
                return error_set(error, ESRCH, "NotRunning", "The container has ended");
        if (setns(pidfd, (user ? CLONE_NEWUSER : 0) | CLONE_NEWNS) < 0)
                return error_set_errno(error, errno, "The container's namespaces cannot be entered");
        if (unshare(CLONE_NEWNS) < 0)
                return error_set_errno(error, errno, "A mount namespace cannot be made");
        r = restrict_mounts(error);
        return r < 0 ? r : become_root(error);
}

int sandbox_enter_stopped(Plan *plan, Error *error) {
        _cleanup_fd_ int userns = -EBADF;
        int r;

        r = rootfs_unshare(error);
        if (r < 0)
                return r;
        if (mount("tmpfs", PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700,size=64k") < 0)
                return error_set_errno(error, errno, "A place to mount the root at cannot be made");
        plan->rootfs = PLACE "/rootfs";
        r = rootfs_mount(plan, PLACE "/layers", error);
        if (r < 0)
                return r;
        if (plan->n_idmap > 0) {
                r = userns = userns_open(plan->idmap, plan->n_idmap, plan->idmap, plan->n_idmap, error);
                if (r < 0)
                        return error_prefix(error, "The id map cannot be made");
        }
        if (chdir(plan->rootfs) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return error_set_errno(error, errno, "The container's root cannot be made the root");
        r = restrict_mounts(error);
        if (r < 0)
                return r;
        if (userns >= 0 && setns(userns, CLONE_NEWUSER) < 0)
                return error_set_errno(error, errno, "The container's user namespace cannot be entered");
        return become_root(error);
}

/* What belongs to files of any owner, and no more; of that, what there is. */
static int drop_capabilities(void) {
        static const unsigned kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP };
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        uint32_t wanted[ELEMENTSOF(data)] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                wanted[CAP_TO_INDEX(kept[i])] |= CAP_TO_MASK(kept[i]);
        for (size_t i = 0; i < ELEMENTSOF(data); i++) {
                data[i].permitted &= wanted[i];
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                return -errno;
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* Calls on files, and what the C library needs for itself. None that makes a process, a
 * socket or a mount, and no memory that is executable. */
static const char *const calls[] = {
        "access", "brk", "chdir", "chmod", "chown", "clock_gettime", "close", "dup", "dup3", "exit", "exit_group",
        "faccessat", "faccessat2", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown", "fchownat", "fcntl",
        "fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync", "ftruncate", "futex",
        "futimesat", "getcwd", "getdents", "getdents64", "getegid", "geteuid", "getgid", "getpid", "getrandom", "gettimeofday",
        "getuid", "getxattr", "ioctl", "lchown", "lgetxattr", "link", "linkat", "listxattr", "llistxattr", "lseek", "lsetxattr", "lstat",
        "madvise", "mkdir", "mkdirat", "mknod", "mknodat", "mremap", "munmap", "newfstatat", "open", "openat",
        "openat2", "poll", "ppoll", "pread64", "pwrite64", "read", "readlink", "readlinkat", "readv", "recvfrom", "rename",
        "renameat", "renameat2", "restart_syscall", "rmdir", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sendmsg", "sendto",
        "setxattr", "stat", "statfs", "statx", "symlink", "symlinkat", "truncate", "umask", "unlink", "unlinkat",
        "utime", "utimensat", "utimes", "write", "writev",
};

static int filter_calls(void) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r = filter ? 0 : -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(calls) && r >= 0; i++) {
                int number = seccomp_syscall_resolve_name(calls[i]);

                /* Not every architecture has each. */
                if (number >= 0)
                        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        }
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
        if (r >= 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}

static int restrict_writing(SandboxWrites writes) {
        _cleanup_fd_ int here = writes == SANDBOX_WRITES_HERE ? open(".", O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

        return writes == SANDBOX_WRITES_HERE && here < 0 ? -errno : landlock_restrict_writing(here);
}

int sandbox_close(SandboxWrites writes, Error *error) {
        struct rlimit files;
        int r;

        /* A directory that is being packed is open, and so are those above it. */
        if (getrlimit(RLIMIT_NOFILE, &files) >= 0) {
                files.rlim_cur = files.rlim_max;
                (void) setrlimit(RLIMIT_NOFILE, &files);
        }
        /* What is remembered of a tree (names of a directory, hard links) is as much as the
         * container likes; where it does not run its limits do not count. */
        if (setrlimit(RLIMIT_DATA, &(struct rlimit){ DATA_MAX, DATA_MAX }) < 0)
                return error_set_errno(error, errno, "The worker's memory cannot be bounded");
        r = drop_capabilities();
        if (r >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = -errno;
        if (r >= 0 && writes != SANDBOX_WRITES_ANYWHERE)
                r = restrict_writing(writes);
        if (r >= 0)
                r = filter_calls();
        return r < 0 ? error_set_errno(error, r, "Privileges cannot be given up") : 0;
}
