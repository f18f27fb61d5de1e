/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mount.h"
#include "mount-option.h"

/* runtime-spec, config-linux.md "mount options": each name of this table also
 * has a recursive form with an "r" before it. */
static const struct {
        const char *name;
        uint64_t set, clear;
} attributes[] = {
        { "ro", MOUNT_ATTR_RDONLY, 0 },
        { "rw", 0, MOUNT_ATTR_RDONLY },
        { "nosuid", MOUNT_ATTR_NOSUID, 0 },
        { "suid", 0, MOUNT_ATTR_NOSUID },
        { "nodev", MOUNT_ATTR_NODEV, 0 },
        { "dev", 0, MOUNT_ATTR_NODEV },
        { "noexec", MOUNT_ATTR_NOEXEC, 0 },
        { "exec", 0, MOUNT_ATTR_NOEXEC },
        { "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
        { "diratime", 0, MOUNT_ATTR_NODIRATIME },
        { "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "norelatime", 0, 0 }, /* mount(2) has no such state: the default stays */
        { "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
        { "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
        { "nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
        { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
        { "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
};

static const struct {
        const char *name;
        unsigned long propagation;
} propagations[] = {
        { "private", MS_PRIVATE },
        { "shared", MS_SHARED },
        { "slave", MS_SLAVE },
        { "unbindable", MS_UNBINDABLE },
};

static const char *const others[] = {
        "bind", "rbind", "remount", "defaults", "idmap", "ridmap", "tmpcopyup", "copy-symlink", "x-ctrrun.inside",
};

/* A later word overrides an earlier one on the same attribute. */
static void apply(uint64_t *set, uint64_t *clear, uint64_t s, uint64_t c) {
        *set = (*set & ~c) | s;
        *clear = (*clear & ~(s & ~(uint64_t) MOUNT_ATTR__ATIME)) | c;
}

int mount_propagation_parse(const char *word, unsigned long *ret, bool *ret_recursive) {
        bool recursive = word[0] == 'r';

        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                if (streq(word + (recursive ? 1 : 0), propagations[i].name)) {
                        *ret = propagations[i].propagation;
                        *ret_recursive = recursive;
                        return 0;
                }
        return -EINVAL;
}

int mount_options_add(MountOptions *o, const char *word) {
        for (size_t i = 0; i < ELEMENTSOF(attributes); i++) {
                if (streq(word, attributes[i].name)) {
                        apply(&o->set, &o->clear, attributes[i].set, attributes[i].clear);
                        return 1;
                }
                if (word[0] == 'r' && streq(word + 1, attributes[i].name)) {
                        apply(&o->recursive_set, &o->recursive_clear, attributes[i].set, attributes[i].clear);
                        return 1;
                }
        }
        if (mount_propagation_parse(word, &o->propagation, &o->propagation_recursive) >= 0)
                return 1;

        if (streq(word, "bind"))
                o->bind = true;
        else if (streq(word, "rbind"))
                o->bind = o->bind_recursive = true;
        else if (streq(word, "remount"))
                o->remount = true;
        else if (streq(word, "idmap"))
                o->idmap = MOUNT_IDMAP_PLAIN;
        else if (streq(word, "ridmap"))
                o->idmap = MOUNT_IDMAP_RECURSIVE;
        else if (streq(word, "tmpcopyup"))
                o->copy_up = true;
        else if (streq(word, "copy-symlink"))
                o->copy_symlink = true;
        else if (streq(word, "x-ctrrun.inside"))
                o->inside = true;
        else
                return streq(word, "defaults");
        return 1;
}

const char *mount_option_name(size_t i) {
        static char name[32];

        if (i < 2 * ELEMENTSOF(attributes)) {
                name[0] = 'r';
                strcpy(name + (i & 1), attributes[i / 2].name);
                return name;
        }
        i -= 2 * ELEMENTSOF(attributes);
        if (i < 2 * ELEMENTSOF(propagations)) {
                name[0] = 'r';
                strcpy(name + (i & 1), propagations[i / 2].name);
                return name;
        }
        i -= 2 * ELEMENTSOF(propagations);
        return i < ELEMENTSOF(others) ? others[i] : NULL;
}
