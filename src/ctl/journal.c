/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bus.h"
#include "fd.h"
#include "journal.h"
#include "mount.h"
#include "object.h"
#include "strv.h"

/* What the container has written, without a link on the way. */
static int open_beneath(int dir, const char *path) {
        struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
        };
        int fd = (int) syscall(SYS_openat2, dir, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

/*
 * The directory of its journal, where it lies on the disk, as it is there whether or not the
 * container runs, and reading it enters nothing. All in it is the container's, which may
 * have put links and devices there that do something to who opens them: in this mount,
 * which nobody else sees, links lead nowhere and devices cannot be opened.
 */
static int open_directory(const char *name, const char *machine_id) {
        _cleanup_fd_ int upper = -EBADF, directory = -EBADF, mount = -EBADF;
        char path[PATH_MAX];
        int r;

        /* Of all that is on the disk this alone is for others than ctrd: docs/architecture.md. */
        snprintf(path, sizeof(path), "/var/lib/ctrd/containers/%s/fs/upper", name);
        upper = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (upper < 0)
                return -errno;
        snprintf(path, sizeof(path), "var/log/journal/%s", machine_id);
        r = directory = open_beneath(upper, path);
        if (r >= 0)
                r = mount = mount_clone(directory, "", false);
        if (r >= 0)
                r = mount_set_attr(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID,
                                   0, false);
        return r < 0 ? r : TAKE_FD(mount);
}

static int add_source(char ***argv, const char *name, const char *machine_id, bool runs, Error *error) {
        char path[FD_PATH_MAX];
        int fd = open_directory(name, machine_id), r;

        if (fd == -EACCES || fd == -EPERM)
                return error_set(error, -fd, NULL, "The journal of %s is for root to read: use sudo", name);
        if (fd >= 0) {
                r = fd_set_cloexec(fd, false);
                if (r >= 0)
                        r = strv_extendf(argv, "--directory=%s", fd_path(fd, path));
                return r < 0 ? r : strv_extendf(argv, "_MACHINE_ID=%s", machine_id);
        }
        if (fd != -ENOENT)
                return error_set_errno(error, fd, "The journal of %s on the disk cannot be opened", name);
        /* In memory only. */
        if (runs)
                return strv_extendf(argv, "--machine=%s", name);
        return error_set(error, ENOENT, NULL, "%s has no journal on the disk, and does not run: see ctrctl logs %s", name, name);
}

int journal_run(Ctl *ctl, const char *name, const JournalView *v, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *path = NULL;
        _cleanup_strv_ char **argv = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = object_read(ctl, path, BUS_CONTAINER, &o, error);
        if (r < 0)
                return r;
        r = strv_extend(&argv, "journalctl");
        if (r >= 0)
                r = strv_extend(&argv, "--no-pager");
        if (r >= 0 && v->follow)
                r = strv_extend(&argv, "--follow");
        if (r >= 0 && (v->lines || v->follow))
                r = strv_extendf(&argv, "--lines=%s", v->lines ?: "all");
        if (r >= 0 && v->since)
                r = strv_extendf(&argv, "--since=%s", v->since);
        if (r >= 0 && v->until)
                r = strv_extendf(&argv, "--until=%s", v->until);
        if (r >= 0)
                r = add_source(&argv, name, object_text(&o, "MachineID"), object_number(&o, "Leader") > 0, error);
        if (r < 0)
                return error_is_set(error) ? r : error_set_errno(error, r, "Cannot run journalctl");

        signal(SIGPIPE, SIG_DFL); /* that is inherited, and it does not expect it */
        execvp("journalctl", argv);
        return error_set_errno(error, errno, "Cannot run journalctl");
}
