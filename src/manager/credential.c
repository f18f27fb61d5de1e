/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credential.h"
#include "fd.h"
#include "file.h"
#include "selinux.h"

#define CREDENTIAL_MAX (1024 * 1024)

/* Beside the directory until it is whole: services that take all there are see no half of
 * it. Not O_TMPFILE: AppArmor lets nobody link what has no name. */
#define UNFINISHED "../.credential"

static int write_unfinished(int dir, const char *data, size_t size, uid_t owner) {
        _cleanup_fd_ int fd = -EBADF;
        int r;

        (void) unlinkat(dir, UNFINISHED, 0);
        fd = openat(dir, UNFINISHED, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = fd_write_all(fd, data, size);
        if (r >= 0 && (fchown(fd, owner, owner) < 0 || fchmod(fd, 0400) < 0))
                r = -errno;
        return r;
}

static int write_whole(int dir, const char *name, const char *data, size_t size, uid_t owner) {
        int r;

        r = write_unfinished(dir, data, size, owner);
        if (r >= 0 && renameat2(dir, UNFINISHED, dir, name, RENAME_NOREPLACE) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(dir, UNFINISHED, 0);
        return r;
}

int credential_write(int dir, const char *name, const char *path, uid_t owner, const char *context, Error *error) {
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        /* The administrator's, named by an authorised caller. */
        r = file_read_regular(AT_FDCWD, path, CREDENTIAL_MAX, &data, &size);
        if (r == -EBADF)
                return error_set(error, EINVAL, "InvalidSettings", "%s, which the credential %s is to be read from, is no file", path, name);
        if (r < 0)
                return error_set_errno(error, r, "cannot read the credential %s from %s", name, path);
        r = write_whole(dir, name, data, size, owner);
        explicit_bzero(data, size);
        if (r < 0)
                return error_set_errno(error, r, "cannot write the credential %s", name);
        if (!context)
                return 0;
        r = selinux_label_file(dir, name, context, error);
        if (r < 0)
                (void) unlinkat(dir, name, 0);
        return r;
}

int credential_remove(int dir, const char *name) {
        return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}
