/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "guest.h"
#include "parse.h"
#include "process.h"
#include "procfs.h"
#include "stage.h"

/* "Pid:" of pidfd_open(2); -1 for what has ended. */
static int pid_of(int pidfd, pid_t *ret) {
        _cleanup_fd_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        char path[48];
        char *line;
        int r;

        snprintf(path, sizeof(path), "self/fdinfo/%d", pidfd);
        fd = procfs_openat(-1, path, O_RDONLY, false);
        r = fd < 0 ? fd : fd_read_all(fd, 4096, &text, NULL);
        if (r < 0)
                return r;
        line = strstr(text, "Pid:\t");
        if (!line)
                return -EBADF;
        line += strlen("Pid:\t");
        line[strcspn(line, "\n")] = 0;
        return parse_pid(line, ret) < 0 ? -ESRCH : 0;
}

static bool is_own_namespace(int fd) {
        struct stat own, other;

        return stat("/proc/self/ns/user", &own) >= 0 && fstat(fd, &other) >= 0 && own.st_dev == other.st_dev &&
               own.st_ino == other.st_ino;
}

static int root_of(pid_t pid, const char *file, uint32_t *ret) {
        IdMap map[16];
        size_t n;
        int r = userns_read_map(pid, file, map, ELEMENTSOF(map), &n);

        return r < 0 ? r : id_map_outside(map, n, 0, ret);
}

static int open_namespace(pid_t pid, const char *name) {
        char path[48];

        snprintf(path, sizeof(path), "%d/ns/%s", (int) pid, name);
        return procfs_openat(-1, path, O_RDONLY, true);
}

static bool is_child_of_own(int userns) {
        _cleanup_fd_ int parent = ioctl(userns, NS_GET_PARENT);

        return parent >= 0 && is_own_namespace(parent);
}

int guest_open(int pidfd, Guest *ret, Error *error) {
        _cleanup_(guest_close) Guest guest = { .userns = -EBADF, .mntns = -EBADF };
        pid_t pid;
        int r;

        r = pid_of(pidfd, &pid);
        if (r >= 0)
                r = root_of(pid, "uid_map", &guest.uid);
        if (r >= 0)
                r = root_of(pid, "gid_map", &guest.gid);
        /* After the maps: who has left a user namespace never comes back, so they are of
         * this one or of one above, which is our own. */
        if (r >= 0)
                r = guest.userns = open_namespace(pid, "user");
        if (r >= 0)
                r = guest.mntns = open_namespace(pid, "mnt");
        /* Nobody else has its number, as long as it is there. */
        if (process_signal(pidfd, 0) == -ESRCH)
                return error_set(error, ESRCH, "NotRunning", "the container has ended");
        if (r < 0)
                return error_set_errno(error, r, "the container's namespaces cannot be looked at");
        if (is_own_namespace(guest.userns))
                guest.userns = fd_close(guest.userns);
        /* One that it has made itself maps ids as it likes. */
        else if (!is_child_of_own(guest.userns))
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "the container's first process has left the container's user namespace for one of its own: "
                                 "nothing can be mounted for it until the container is started again");
        *ret = guest;
        guest = (Guest){ .userns = -EBADF, .mntns = -EBADF };
        return 0;
}

void guest_close(Guest *guest) {
        guest->userns = fd_close(guest->userns);
        guest->mntns = fd_close(guest->mntns);
}

int guest_lock_mount(Guest *guest, int *mount, const char *place, Error *error) {
        Stage stage = {};
        int r;

        if (guest->userns < 0)
                return 0;
        r = stage_add(&stage, mount);
        if (r >= 0 && unshare(CLONE_NEWNS) < 0)
                r = error_set_errno(error, errno, "a mount namespace cannot be made");
        if (r >= 0)
                r = stage_set(&stage, place, error);
        /* The next copy is the container's, and root inside may find its way to it
         * (NS_MNT_GET_NEXT of ioctl_nsfs(2)): it holds the stage alone. */
        if (r >= 0)
                r = stage_isolate(error);
        if (r >= 0 && (setns(guest->userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0))
                r = error_set_errno(error, errno, "a mount namespace of the container's cannot be made");
        if (r >= 0) {
                guest->userns_entered = true;
                r = stage_take(&stage, error);
        }
        stage_clear(&stage);
        return r;
}

int guest_enter(const Guest *guest, Error *error) {
        pid_t parent = getppid();
        int fd;

        /* Safe: nothing is run in it, and its processes cannot see this one, which stays
         * in the host's PID namespace. By descriptors: before a start PID 1 is the runtime
         * still, which nobody of that user namespace has a right to. */
        if (setns(guest->mntns, CLONE_NEWNS) < 0 ||
            (guest->userns >= 0 && !guest->userns_entered && setns(guest->userns, CLONE_NEWUSER) < 0))
                return error_set_errno(error, errno, "the container's namespaces cannot be entered");
        if (guest->userns >= 0 && (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
                return error_set_errno(error, errno, "the container's ids cannot be taken");
        /* Other ids end it (PR_SET_PDEATHSIG(2const)). */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent)
                return error_set(error, ESRCH, NULL, "nobody waits for it any more");
        fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? error_set_errno(error, errno, "the container's root cannot be opened") : fd;
}
