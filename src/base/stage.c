/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "mount.h"
#include "stage.h"

/* The name on the stage of the i-th mount. */
#define STAGE_NAME_MAX 24

static const char *stage_name(size_t i, char buffer[static STAGE_NAME_MAX]) {
        snprintf(buffer, STAGE_NAME_MAX, "%zu", i);
        return buffer;
}

int stage_add(Stage *stage, int *mount) {
        int **grown = reallocarray(stage->mounts, stage->n_mounts + 1, sizeof(int *));

        if (!grown)
                return -ENOMEM;
        stage->mounts = grown;
        stage->mounts[stage->n_mounts++] = mount;
        return 0;
}

bool stage_is_needed(int mount) {
        struct statvfs sfs;

        /* In doubt it is. */
        return fstatvfs(mount, &sfs) < 0 || (sfs.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)) != 0;
}

static int put(int stage, size_t i, int mount) {
        char name[STAGE_NAME_MAX];
        struct stat st;

        if (fstat(mount, &st) < 0)
                return -errno;
        stage_name(i, name);
        if ((S_ISDIR(st.st_mode) ? mkdirat(stage, name, 0700) : mknodat(stage, name, S_IFREG | 0600, 0)) < 0)
                return -errno;
        return mount_attach_at(mount, stage, name);
}

int stage_set(const Stage *stage, const char *place, Error *error) {
        _cleanup_fd_ int fd = mount_new("tmpfs", "stage", (char *[]){ (char *) "mode=0700", NULL }, 0, error);
        int r;

        if (fd < 0)
                return fd;
        /* Else the stage would be seen on the host. */
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set_errno(error, errno, "cutting the mounts off from the host's");
        r = mount_attach_at(fd, AT_FDCWD, place);
        for (size_t i = 0; i < stage->n_mounts && r >= 0; i++)
                r = put(fd, i, *stage->mounts[i]);
        if (r >= 0 && fchdir(fd) < 0)
                r = -errno;
        return r < 0 ? error_set_errno(error, r, "preparing the mounts of the host's") : 0;
}

int stage_isolate(Error *error) {
        /* As the root of a container is entered: the old one comes to lie on the new one. */
        if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                return error_set_errno(error, errno, "leaving the mounts of the host's");
        return 0;
}

int stage_take(const Stage *stage, Error *error) {
        char name[STAGE_NAME_MAX];

        for (size_t i = 0; i < stage->n_mounts; i++) {
                int fd = mount_clone(AT_FDCWD, stage_name(i, name), true);

                if (fd < 0)
                        return error_set_errno(error, fd, "taking over the mounts of the host's");
                fd_close(*stage->mounts[i]);
                *stage->mounts[i] = fd;
        }
        return 0;
}

void stage_clear(Stage *stage) {
        free(stage->mounts);
        *stage = (Stage){};
}
