/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "apparmor-profile.h"
#include "attachment.h"
#include "bundle-mounts.h"
#include "json-list.h"
#include "paths.h"
#include "strv.h"

static int add_mount(json_t *mounts, const char *destination, const char *type, const char *source, const char *options) {
        json_t *m = json_pack("{s:s, s:s, s:s, s:o}", "destination", destination, "type", type, "source", source, "options",
                              json_words(options));

        return json_array_append_new(mounts, m) < 0 ? -ENOMEM : 0;
}

static int add_bind_from(json_t *mounts, const Launch *launch, const char *name, const char *destination,
                         const char *options) {
        _cleanup_free_ char *source = NULL;

        if (asprintf(&source, "%s/%s", launch->dir, name) < 0)
                return -ENOMEM;
        return add_mount(mounts, destination, "bind", source, options);
}

/* /proc/sys is read-only but for what belongs to namespaces that the container owns. Who
 * opens a file decides whose host name it stands for, so that each piece may be a bind of the
 * container's own procfs or of the host's. Its own is quicker by far on a host with many: in
 * the host's, the kernel keeps an entry of each namespace under one name, and goes through
 * those of all containers at every look-up. But a mount that comes from the host cannot be
 * made writable by root inside, which is the wall where that root has the host's ids. */
static int add_sysctls(json_t *mounts, const Launch *launch) {
        static const char *const own[] = {
                "kernel/hostname", "kernel/domainname", "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",
                "kernel/sem",      "kernel/shmall",     "kernel/shmmax", "kernel/shmmni", "fs/mqueue",
        };
        bool inside = launch->settings->user_namespace == USER_NAMESPACE_YES;
        const char *writable = inside ? "bind x-ctrrun.inside rw nosuid noexec nodev" : "bind rw nosuid noexec nodev";
        int r;

        r = add_mount(mounts, "/proc/sys", "bind", "/proc/sys",
                      inside ? "bind x-ctrrun.inside ro nosuid noexec nodev" : "bind ro nosuid noexec nodev");
        for (size_t i = 0; i < ELEMENTSOF(own) && r >= 0; i++) {
                char path[64];

                snprintf(path, sizeof(path), "/proc/sys/%s", own[i]);
                r = add_mount(mounts, path, "bind", path, writable);
        }
        if (r >= 0 && launch->settings->network_mode != NETWORK_HOST)
                r = add_mount(mounts, "/proc/sys/net", "bind", "/proc/sys/net", writable);
        return r;
}

/* A procfs or sysfs may be mounted in a user namespace only where one is seen that
 * nothing covers (mount_too_revealing()): these are, below a cover of their own, where
 * no path leads. Root inside could take it away, and mount such ones itself as well. */
static int add_unmasked(json_t *mounts, const Launch *launch) {
        int r;

        r = add_mount(mounts, "/run/host/nesting/proc", "proc", "proc", "nosuid noexec nodev");
        if (r >= 0 && launch->settings->network_mode != NETWORK_HOST)
                r = add_mount(mounts, "/run/host/nesting/sys", "sysfs", "sysfs", "nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/run/host/nesting", "tmpfs", "tmpfs", "ro nosuid noexec nodev mode=0 size=4k nr_inodes=1");
        return r;
}

/* Where engines keep their images: on the host's file system, since an overlay's upper
 * layer cannot be on an overlay, as the root is. */
static int add_storage(json_t *mounts, const Launch *launch) {
        int r = 0;

        STRV_FOREACH(s, launch->storage) {
                _cleanup_free_ char *source = NULL, *destination = NULL;

                if (asprintf(&source, PATH_CONTAINERS "/%s/storage/%s", launch->name, *s) < 0 ||
                    asprintf(&destination, "/var/lib/%s", *s) < 0)
                        return -ENOMEM;
                r = add_mount(mounts, destination, "bind", source,
                              launch->settings->user_namespace ? "bind rw idmap" : "bind rw");
                if (r < 0)
                        return r;
        }
        return r;
}

static int add_system_mounts(json_t *mounts, const Launch *launch) {
        int r;

        r = add_mount(mounts, "/proc", "proc", "proc", "nosuid noexec nodev");
        if (r >= 0)
                r = add_sysctls(mounts, launch);
        if (r >= 0)
                r = add_bind_from(mounts, launch, "boot_id", "/proc/sys/kernel/random/boot_id", "bind ro nosuid noexec nodev");
        /* A sysfs shows the network of the namespace that it is mounted in, and
         * only its owner may mount it: with the host's network it is the host's. */
        if (r >= 0 && launch->settings->network_mode == NETWORK_HOST)
                r = add_mount(mounts, "/sys", "bind", "/sys", "rbind rro nosuid noexec nodev");
        else if (r >= 0)
                r = add_mount(mounts, "/sys", "sysfs", "sysfs", "ro nosuid noexec nodev");
        /* Where AppArmor's tools look for it. Writable, since it shows and takes the
         * policy of whoever asks, and the kernel's other files there ask for the host's
         * root, or are denied by the profile. */
        if (r >= 0 && apparmor_label_is_stacked(launch->apparmor))
                r = add_mount(mounts, "/sys/kernel/security", "bind", "/sys/kernel/security", "bind rw nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/sys/fs/cgroup", "cgroup", "cgroup", "rw nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=4m nr_inodes=64k");
        if (r >= 0)
                r = add_mount(mounts, "/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5");
        if (r >= 0)
                r = add_mount(mounts, "/dev/shm", "tmpfs", "shm", "nosuid nodev mode=1777");
        if (r >= 0)
                r = add_mount(mounts, "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/run", "tmpfs", "tmpfs", "nosuid nodev strictatime mode=755 size=20% nr_inodes=800k");
        if (r >= 0)
                r = add_bind_from(mounts, launch, "host", "/run/host", "bind ro nosuid noexec nodev");
        if (r >= 0 && launch->settings->nesting)
                r = add_unmasked(mounts, launch);
        if (r >= 0)
                r = add_mount(mounts, "/tmp", "tmpfs", "tmpfs", "nosuid nodev strictatime mode=1777 nr_inodes=1m");
        if (r >= 0 && launch->resolv_conf)
                r = add_bind_from(mounts, launch, "resolv.conf", "/etc/resolv.conf", "bind ro nosuid noexec nodev");
        return r;
}

static int add_attachment(json_t *mounts, const Attachment *a, bool user_namespace) {
        _cleanup_free_ char *options = NULL;
        int r;

        if (a->kind == ATTACHMENT_TMPFS)
                r = asprintf(&options, "nosuid nodev %s", a->options ?: ATTACHMENT_TMPFS_DEFAULT);
        else
                /* Files keep their owners: what is the host's id 0 is id 0 inside,
                 * by an id-mapped mount and not by a chown. */
                r = asprintf(&options, "%s %s%s nosuid nodev", a->recursive ? "rbind" : "bind",
                             a->kind == ATTACHMENT_BIND ? "rw" : "ro",
                             !user_namespace ? "" : a->recursive ? " ridmap" : " idmap");
        if (r < 0)
                return -ENOMEM;
        for (char *c = options; *c; c++)
                if (*c == ',')
                        *c = ' ';
        return a->kind == ATTACHMENT_TMPFS ? add_mount(mounts, a->target, "tmpfs", "tmpfs", options)
                                           : add_mount(mounts, a->target, "bind", a->source, options);
}

/* Devices and credentials are no entries of mounts. */
static int add_attachments(json_t *mounts, const Settings *settings, bool user_namespace) {
        int r = 0;

        for (AttachmentKind i = 0; i < ATTACHMENT_DEVICE; i++)
                STRV_FOREACH(v, attachment_list(settings, i)) {
                        Attachment a;

                        r = attachment_parse(i, *v, &a);
                        if (r < 0)
                                return r;
                        r = add_attachment(mounts, &a, user_namespace);
                        attachment_clear(&a);
                        if (r < 0)
                                return r;
                }
        return r;
}

int bundle_replace_attachments(json_t *mounts, const Settings *before, const Settings *after, bool user_namespace) {
        size_t n = 0;

        for (AttachmentKind i = 0; i < ATTACHMENT_DEVICE; i++)
                n += strv_length(attachment_list(before, i));
        if (n > json_array_size(mounts))
                return -EBADMSG;
        /* They are the last ones. */
        while (n-- > 0)
                (void) json_array_remove(mounts, json_array_size(mounts) - 1);
        return add_attachments(mounts, after, user_namespace);
}

int bundle_mounts(const Launch *launch, json_t **ret) {
        json_t *mounts = json_array();
        int r;

        r = add_system_mounts(mounts, launch);
        if (r >= 0)
                r = add_storage(mounts, launch);
        if (r >= 0)
                r = add_attachments(mounts, launch->settings, launch->settings->user_namespace);
        if (r < 0) {
                json_decref(mounts);
                return r;
        }
        *ret = mounts;
        return 0;
}
