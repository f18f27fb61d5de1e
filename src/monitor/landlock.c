/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "landlock.h"

/* Headers of Linux 5.19, 6.2. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define NEVER (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define BELOW                                                                                                                  \
        (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                      \
         LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | \
         LANDLOCK_ACCESS_FS_REFER)

int landlock_restrict_writing(int dir) {
        struct landlock_ruleset_attr attr = { .handled_access_fs = NEVER | BELOW };
        struct landlock_path_beneath_attr rule = { .allowed_access = BELOW, .parent_fd = dir };
        _cleanup_fd_ int rules = -EBADF;
        long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

        if (version < 2)
                return 0;
        if (version >= 3) {
                attr.handled_access_fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
                rule.allowed_access |= LANDLOCK_ACCESS_FS_TRUNCATE;
        }
        rules = (int) syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
        if (rules < 0)
                return -errno;
        if (dir >= 0 && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
                return -errno;
        return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}
