/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-mount mount|unmount TYPE SOURCE TARGET OPTIONS DIRECTORY
 *
 * Mounts in a container that runs, whose first process is descriptor 3. ctr-monitor runs it;
 * see docs/decisions/29-changes-in-a-running-container.md.
 *
 * The exit status is an errno, and what is written a sentence.
 */

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "procfs.h"
#include "source.h"
#include "strv.h"
#include "target.h"
#include "view.h"

#define LEADER 3

typedef struct Task {
        const char *source, *target, *options, *directory;
} Task;

typedef struct Type {
        const char *name;
        /* Makes it, and becomes root of the container, whose root directory is returned. */
        int (*make)(const Task *task, Guest *guest, int *ret_mount, int *ret_root, Error *error);
        /* Whether a mount is what was mounted; source: a descriptor, or -1 where it has gone. */
        bool (*is)(int mount, int source);
} Type;

static int make_bind_of(const Task *task, Guest *guest, bool recursive, int *ret_mount, int *ret_root, Error *error) {
        _cleanup_fd_ int fd = source_bind(guest, task->source, recursive, streq(task->options, "ro"), error);
        int r = fd < 0 ? fd : guest_lock_mount(guest, &fd, task->directory, error);

        if (r < 0 || (r = guest_enter(guest, error)) < 0)
                return r;
        *ret_mount = TAKE_FD(fd);
        *ret_root = r;
        return 0;
}

static int make_bind(const Task *task, Guest *guest, int *ret_mount, int *ret_root, Error *error) {
        return make_bind_of(task, guest, false, ret_mount, ret_root, error);
}

static int make_rbind(const Task *task, Guest *guest, int *ret_mount, int *ret_root, Error *error) {
        return make_bind_of(task, guest, true, ret_mount, ret_root, error);
}

static int make_device(const Task *task, Guest *guest, int *ret_mount, int *ret_root, Error *error) {
        _cleanup_fd_ int fd = source_device(guest, task->source, task->directory, error);
        int r = fd < 0 ? fd : guest_enter(guest, error);

        if (r < 0)
                return r;
        *ret_mount = TAKE_FD(fd);
        *ret_root = r;
        return 0;
}

/* Of the container's user namespace, as at a start. */
static int make_tmpfs(const Task *task, Guest *guest, int *ret_mount, int *ret_root, Error *error) {
        _cleanup_fd_ int root = guest_enter(guest, error);
        _cleanup_strv_ char **options = NULL;
        int r = root < 0 ? root : strv_split(task->options, " ", &options);

        if (r >= 0)
                r = mount_new("tmpfs", "tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, error);
        if (r < 0)
                return r;
        *ret_mount = r;
        *ret_root = TAKE_FD(root);
        return 0;
}

static bool is_file(int mount, int source) {
        struct stat a, b;

        return source < 0 || (fstat(mount, &a) >= 0 && fstat(source, &b) >= 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

static bool is_node(int mount, int source) {
        struct stat a, b;

        if (fstat(mount, &a) < 0 || !(S_ISCHR(a.st_mode) || S_ISBLK(a.st_mode)))
                return false;
        return source < 0 || (fstat(source, &b) >= 0 && a.st_rdev == b.st_rdev && (a.st_mode & S_IFMT) == (b.st_mode & S_IFMT));
}

static bool is_tmpfs(int mount, int source) {
        struct statfs sfs;

        return fstatfs(mount, &sfs) >= 0 && sfs.f_type == TMPFS_MAGIC;
}

static const Type types[] = {
        { "bind", make_bind, is_file },
        { "rbind", make_rbind, is_file },
        { "device", make_device, is_node },
        { "tmpfs", make_tmpfs, is_tmpfs },
};

static int do_mount(const Type *type, const Task *task, Guest *guest, Error *error) {
        _cleanup_fd_ int mount = -EBADF, root = -EBADF, target = -EBADF;
        struct stat st;
        int r;

        r = type->make(task, guest, &mount, &root, error);
        if (r < 0)
                return r;
        if (fstat(mount, &st) < 0)
                return error_set_errno(error, errno, "what is to be mounted on %s cannot be looked at", task->target);
        r = target = target_open(root, task->target, S_ISDIR(st.st_mode), error);
        if (r < 0)
                return r;
        r = mount_attach(mount, target);
        return r < 0 ? error_set_errno(error, r, "nothing can be mounted on %s inside", task->target) : 0;
}

static int do_unmount(const Type *type, const Task *task, const Guest *guest, Error *error) {
        _cleanup_fd_ int procfs = procfs_open(), source = -EBADF, root = -EBADF, mount = -EBADF;
        int r;

        if (procfs < 0)
                return error_set_errno(error, procfs, "/proc cannot be opened");
        if (task->source[0])
                source = open(task->source, O_PATH | O_CLOEXEC);
        r = root = guest_enter(guest, error);
        if (r >= 0)
                r = mount = target_open_mounted(root, task->target, error);
        if (r < 0)
                return r;
        if (!type->is(mount, source))
                return error_set(error, EBUSY, "Busy", "something else is mounted over %s inside: unmount that first", task->target);
        r = target_unmount(procfs, mount, task->target, error);
        /* In /dev a file that is no device is taken for one. */
        if (r >= 0 && streq(type->name, "device"))
                target_forget(root, task->target);
        return r;
}

static int run(char **argv, Error *error) {
        const Task task = { argv[3], argv[4], argv[5], argv[6] };
        const bool views = streq(argv[2], "views");
        const Type *type = NULL;
        const pid_t parent = getppid();
        Guest guest;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i].name, argv[2]))
                        type = types + i;
        if ((!type && !views) || (!streq(argv[1], "mount") && !streq(argv[1], "unmount")) || task.target[0] != '/' ||
            task.directory[0] != '/' || fd_set_cloexec(LEADER, true) < 0)
                return error_set(error, EINVAL, NULL, "it is run by ctr-monitor alone");

        /* Nobody waits for what the monitor does not see the end of. */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent)
                return -ESRCH;
        r = guest_open(LEADER, &guest, error);
        if (r < 0)
                return r;
        if (views)
                r = view_set(&guest, streq(argv[1], "mount") ? task.source : NULL, error);
        else if (streq(argv[1], "mount"))
                r = do_mount(type, &task, &guest, error);
        else {
                if (streq(type->name, "device"))
                        source_forget_device(task.source, task.directory);
                r = do_unmount(type, &task, &guest, error);
        }
        guest_close(&guest);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        if (argc != 7) {
                fputs("ctr-mount mount|unmount TYPE SOURCE TARGET OPTIONS DIRECTORY\n\nRun by ctr-monitor.\n", stderr);
                return EINVAL;
        }
        umask(0022);
        r = run(argv, &error);
        if (r >= 0)
                return 0;
        if (!error_is_set(&error))
                (void) error_set_errno(&error, r, "mounting failed");
        dprintf(STDERR_FILENO, "%s\n", error_message(&error));
        return -r < 256 ? -r : EIO;
}
