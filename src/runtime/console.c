/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "rootfs.h"
#include "rootpath.h"
#include "socket.h"

int console_connect(const char *path, Error *error) {
        int fd;

        fd = socket_connect(path, SOCK_STREAM);
        if (fd == -EPROTOTYPE)
                fd = socket_connect(path, SOCK_SEQPACKET);
        return fd < 0 ? error_set_errno(error, fd, "connecting to the console socket %s", path) : fd;
}

/* /dev/pts/ptmx of the container, checked to be the multiplexer of a devpts:
 * the image, or an earlier mount, could have put anything there. */
static int open_master(int root) {
        _cleanup_fd_ int fd = rootpath_open(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
        struct statfs sfs;
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstatfs(fd, &sfs) < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (sfs.f_type != DEVPTS_SUPER_MAGIC || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
                return -ENOTTY;
        (void) fd_set_nonblock(fd, false);
        return TAKE_FD(fd);
}

/* CVE-2025-52565: the slave comes from the master itself (TIOCGPTPEER), not
 * from a path, and is bound by descriptor. */
static int open_slave(int master) {
        int unlock = 0, fd;

        if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
                return -errno;
        fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int bind_on_console(int root, int slave) {
        _cleanup_fd_ int target = rootpath_create(root, "/dev/console", S_IFREG | 0600), clone = -EBADF;

        if (target < 0)
                return target;
        clone = mount_clone(slave, "", false);
        return clone < 0 ? clone : mount_attach(clone, target);
}

int console_create(int root, int console_socket, const ConfigProcess *p, bool bind_console, Error *error) {
        _cleanup_fd_ int master = open_master(root), slave = -EBADF;
        static const char name[] = "/dev/ptmx";
        int r;

        if (master < 0)
                return error_set_errno(error, master, "opening /dev/pts/ptmx of the container for its console");
        slave = open_slave(master);
        if (slave < 0)
                return error_set_errno(error, slave, "opening the console's terminal");
        if (p->console_size.ws_row > 0 && ioctl(master, TIOCSWINSZ, &p->console_size) < 0)
                return error_set_errno(error, errno, "setting the console's size");
        /* The terminal is of the container's own devpts: changing its owner
         * reaches nothing of the host's. */
        if (p->uid != 0 && fchown(slave, p->uid, (gid_t) -1) < 0)
                return error_set_errno(error, errno, "giving the console to user %u", p->uid);
        if (bind_console) {
                r = bind_on_console(root, slave);
                if (r < 0)
                        return error_set_errno(error, r, "binding the console on /dev/console");
        }
        r = fd_send(console_socket, name, sizeof(name) - 1, &master, 1);
        if (r < 0)
                return error_set_errno(error, r, "sending the console's master over the console socket");
        return TAKE_FD(slave);
}

int console_take(int slave, Error *error) {
        if (ioctl(slave, TIOCSCTTY, 0) < 0)
                return error_set_errno(error, errno, "making the console the controlling terminal");
        for (int i = 0; i < 3; i++)
                if (dup2(slave, i) < 0)
                        return error_set_errno(error, errno, "connecting the console");
        return 0;
}
