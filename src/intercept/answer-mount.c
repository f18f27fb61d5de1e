/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "fd.h"
#include "file.h"
#include "interception.h"
#include "mount.h"
#include "procfs.h"
#include "socket.h"
#include "strv.h"

#define OPTIONS_SIZE 4096 /* the kernel's copy is a page */
#define TIMEOUT_SEC 30    /* a journal may have to be read */
#define FILESYSTEMS_MAX (64 * 1024)

typedef struct Request {
        char source[PATH_MAX], target[PATH_MAX], type[INTERCEPTION_TYPE_MAX + 1], text[OPTIONS_SIZE];
        unsigned long flags;
        char **options;
        uint64_t attributes;
} Request;

static bool is_listed(const char *types, const char *type) {
        _cleanup_strv_ char **list = NULL;

        return types && strv_split(types, ",", &list) >= 0 && strv_contains(list, type);
}

/* One that needs a device: the others (proc, cgroup2, overlay, nfs) are about the host
 * that mounts them. fsopen(2) loads its module, and only then is it listed. */
static bool is_on_devices(int procfs, const char *type) {
        _cleanup_fd_ int fs = fsopen(type, FSOPEN_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        char line[INTERCEPTION_TYPE_MAX + 4];

        if (fs < 0 || file_read(procfs, "filesystems", FILESYSTEMS_MAX, &text, NULL) < 0)
                return false;
        snprintf(line, sizeof(line), "\n\t%s\n", type);
        return strstr(text, line) || startswith(text, line + 1);
}

/* mount(2) has in flags what is the mount's and what is the file system's. */
static int read_flags(Request *request) {
        static const struct {
                unsigned long flag;
                uint64_t attribute;
                const char *option;
        } flags[] = {
                { MS_RDONLY, MOUNT_ATTR_RDONLY, "ro" }, { MS_NOSUID, MOUNT_ATTR_NOSUID, NULL },
                { MS_NOEXEC, MOUNT_ATTR_NOEXEC, NULL }, { MS_NOATIME, MOUNT_ATTR_NOATIME, NULL },
                { MS_NODIRATIME, MOUNT_ATTR_NODIRATIME, NULL }, { MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, NULL },
                { MS_SYNCHRONOUS, 0, "sync" },
                { MS_DIRSYNC, 0, "dirsync" }, { MS_LAZYTIME, 0, "lazytime" },
        };
        int r = 0;

        /* Its device nodes would be the host's: the file system is. */
        request->attributes = MOUNT_ATTR_NODEV;
        if (request->flags & MS_STRICTATIME && !(request->flags & MS_NOATIME))
                request->attributes |= MOUNT_ATTR_STRICTATIME;
        for (size_t i = 0; i < ELEMENTSOF(flags) && r >= 0; i++)
                if (request->flags & flags[i].flag) {
                        request->attributes |= flags[i].attribute;
                        r = flags[i].option ? strv_extend(&request->options, flags[i].option) : 0;
                }
        return r;
}

/* 0, a negative errno, or ANSWER_CONTINUE where one is not for us to use. */
static int read_options(Request *request) {
        _cleanup_strv_ char **words = NULL;
        int r = strv_split(request->text, ",", &words);

        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                if (!interception_may_use_option(*word))
                        return ANSWER_CONTINUE;
                if (streq(*word, "ro"))
                        request->flags |= MS_RDONLY;
                else if (!streq(*word, "rw") && !streq(*word, "defaults") && (r = strv_extend(&request->options, *word)) < 0)
                        return r;
        }
        /* ext4(5): the image itself may say errors=panic. */
        if (startswith(request->type, "ext") && !strv_contains(request->options, "errors=continue"))
                return strv_extend(&request->options, "errors=remount-ro");
        return 0;
}

static int read_request(const Caller *caller, const char *types, Request *request) {
        const uint64_t *args = (const uint64_t *) caller->request->data.args;
        int r;

        request->flags = (unsigned long) args[3];
        if ((request->flags & MS_MGC_MSK) == MS_MGC_VAL)
                request->flags &= ~(unsigned long) MS_MGC_MSK;
        if ((request->flags & INTERCEPTION_NOT_NEW) || !caller_has(caller, CAP_SYS_ADMIN) || args[0] == 0 || args[2] == 0)
                return ANSWER_CONTINUE;
        r = caller_read_string(caller, args[2], request->type, sizeof(request->type));
        if (r < 0 || !is_listed(types, request->type))
                return r == -ESRCH ? r : ANSWER_CONTINUE;
        if ((r = caller_read_string(caller, args[0], request->source, sizeof(request->source))) < 0 ||
            (r = caller_read_string(caller, args[1], request->target, sizeof(request->target))) < 0 ||
            (args[4] != 0 && (r = caller_read_string(caller, args[4], request->text, sizeof(request->text))) < 0))
                return r;
        r = read_options(request);
        return r != 0 ? r : read_flags(request);
}

/* In a process of its own, which becomes the caller: the kernel looks up both paths as
 * for it, and opens the device, so that mode, nodev and the device rules of the scope
 * decide. */
static void look_up(const Caller *caller, const Request *request, int channel) {
        const int access = request->flags & MS_RDONLY ? O_RDONLY : O_RDWR;
        int fds[2] = { -EBADF, -EBADF }, r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        r = caller_become(caller, AT_FDCWD, -1);
        if (r >= 0)
                r = fds[0] = caller_open_path(request->target, O_PATH);
        if (r >= 0)
                r = fds[1] = caller_open_path(request->source, (uint64_t) access | O_NONBLOCK | O_NOCTTY);
        (void) fd_send(channel, &r, sizeof(r), fds, r < 0 ? 0 : 2);
        _exit(EXIT_SUCCESS);
}

static int find(const Caller *caller, const Request *request, int *ret_target, dev_t *ret_device) {
        _cleanup_fd_ int target = -EBADF, device = -EBADF;
        int ends[2], fds[2], result, r = socket_pair(SOCK_SEQPACKET, ends);
        size_t n_fds = 0;
        struct stat st;
        ssize_t n;
        pid_t pid;

        if (r < 0)
                return r;
        pid = fork();
        if (pid == 0)
                look_up(caller, request, ends[1]);
        fd_close(ends[1]);
        n = pid < 0 ? -errno : fd_receive(ends[0], &result, sizeof(result), fds, 2, &n_fds);
        fd_close(ends[0]);
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
        if (n_fds == 2) {
                target = fds[0];
                device = fds[1];
        }
        if (n != sizeof(result))
                return n < 0 ? (int) n : -EIO;
        if (result < 0)
                return result;
        if (n_fds != 2 || fstat(device, &st) < 0)
                return -EIO;
        if (!S_ISBLK(st.st_mode))
                return -ENOTBLK;
        *ret_target = TAKE_FD(target);
        *ret_device = st.st_rdev;
        return 0;
}

/* The kernel takes the device by its name and shows that name to the container. In a
 * root of its own the name that the caller gave leads to the device that was found, and
 * nobody can have it lead elsewhere. */
static int enter_root_with(const char name[static PATH_MAX], dev_t device, Error *error) {
        _cleanup_fd_ int root = mount_new("tmpfs", "tmpfs", NULL, 0, error);
        char path[PATH_MAX];

        if (root < 0)
                return root;
        if (name[0] != '/')
                return -EINVAL;
        strcpy(path, name);
        /* All of it is made here: "..", "." and "//" are in the way, and mount(8) names
         * devices without. */
        if (fchdir(root) < 0 || chroot(".") < 0)
                return -errno;
        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = 0;
                if (mkdir(path, 0700) < 0)
                        return -errno;
                *slash = '/';
        }
        return mknod(path, S_IFBLK | 0600, device) < 0 ? -errno : 0;
}

static int make(const Request *request, dev_t device, int users) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_fd_ int fd = -EBADF;
        int r = enter_root_with(request->source, device, &error);

        if (r >= 0)
                r = fd = mount_new(request->type, request->source, request->options, request->attributes, &error);
        if (r < 0)
                return r;
        /* A file system that cannot be mapped would be owned by nobody inside. */
        r = mount_idmap(fd, users, false);
        return r < 0 ? (r == -EINVAL ? -EOPNOTSUPP : r) : TAKE_FD(fd);
}

int answer_mount(const Caller *caller, const char *types) {
        const struct itimerval deadline = { .it_value.tv_sec = TIMEOUT_SEC };
        _cleanup_fd_ int procfs = procfs_open(), namespace = -EBADF, users = -EBADF, target = -EBADF, fd = -EBADF;
        static Request request;
        dev_t device = 0;
        int r;

        if (procfs < 0)
                return ANSWER_CONTINUE;
        r = read_request(caller, types, &request);
        if (r != 0)
                return r;
        if (!is_on_devices(procfs, request.type))
                return ANSWER_CONTINUE;
        namespace = openat(caller->proc, "ns/mnt", O_RDONLY | O_CLOEXEC);
        users = openat(caller->proc, "ns/user", O_RDONLY | O_CLOEXEC);
        if (namespace < 0 || users < 0 || !caller_waits(caller))
                return -ESRCH;
        r = find(caller, &request, &target, &device);
        if (r < 0)
                return r;
        if (!caller_waits(caller))
                return -ESRCH;
        (void) setitimer(ITIMER_REAL, &deadline, NULL);
        r = fd = make(&request, device, users);
        if (r < 0)
                return r;
        /* What is attached is attached in the mount namespace that one is in. */
        if (!caller_waits(caller))
                return -ESRCH;
        return setns(namespace, CLONE_NEWNS) < 0 ? -errno : mount_attach(fd, target);
}
