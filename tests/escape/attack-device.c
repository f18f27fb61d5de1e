/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attack.h"

/* Nodes of devices that are the host's. */

/* Having been let through to a device that does not exist counts. */
static int open_node(const char *path, int flags) {
        int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd >= 0)
                close(fd);
        if (fd < 0 && errno != ENXIO && errno != ENODEV && errno != EBUSY && errno != ENOMEDIUM)
                return -errno;
        note("opened%s", fd < 0 ? ", but the machine has none" : "");
        return ATTACK_THROUGH;
}

/* Makes a node wherever one can be made, as some file systems have nodev. */
static int make_and_open(mode_t type, unsigned major, unsigned minor, int flags) {
        static const char *const where[] = { "/dev", "/", "/var/tmp", "/tmp", "/run" };
        int first = 0;

        for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++) {
                char path[64];
                int r;

                snprintf(path, sizeof(path), "%s/escape-node-%d", where[i], getpid());
                if (mknod(path, type | 0600, makedev(major, minor)) < 0)
                        r = -errno;
                else {
                        r = open_node(path, flags);
                        unlink(path);
                }
                if (r > 0)
                        return r;
                if (!first || first == -EROFS)
                        first = r;
        }
        return first;
}

static int disk(void) {
        const char *numbers = target("disk");
        unsigned major, minor;

        if (!numbers || sscanf(numbers, "%u:%u", &major, &minor) != 2)
                return ATTACK_IMPOSSIBLE;
        return make_and_open(S_IFBLK, major, minor, O_RDONLY);
}

/* With the file system's own driver: privilege, and then there is no such device. */
static int mount_disk(void) {
        static const char *const types[] = { "ext4", "xfs", "btrfs", "vfat", "squashfs", "erofs" };
        char dir[] = "/tmp/escape-XXXXXX";
        int r = ATTACK_IMPOSSIBLE;

        if (!mkdtemp(dir))
                return -errno;
        for (size_t i = 0; i < sizeof(types) / sizeof(*types) && r != ATTACK_THROUGH; i++) {
                (void) mount("/dev/null", dir, types[i], MS_RDONLY, NULL);
                if (errno == ENODEV)
                        continue; /* not in this kernel */
                note("%s: %s", types[i], strerrorname_np(errno));
                r = errno == ENOTBLK ? ATTACK_THROUGH : -errno;
        }
        rmdir(dir);
        return r;
}

#define NODE(name, type, major, minor, flags) \
        static int name(void) { \
                return make_and_open(type, major, minor, flags); \
        }

NODE(memory, S_IFCHR, 1, 1, O_RDONLY)
NODE(kernel_memory, S_IFCHR, 1, 2, O_RDONLY)
NODE(ports, S_IFCHR, 1, 4, O_RDWR)
NODE(kernel_log, S_IFCHR, 1, 11, O_RDONLY)
NODE(terminal, S_IFCHR, 4, 1, O_RDWR)
NODE(console, S_IFCHR, 5, 1, O_RDWR)
NODE(screen, S_IFCHR, 7, 1, O_RDONLY)
NODE(loop, S_IFBLK, 7, 0, O_RDONLY)
NODE(loop_control, S_IFCHR, 10, 237, O_RDWR)
NODE(device_mapper, S_IFCHR, 10, 236, O_RDWR)
NODE(input, S_IFCHR, 10, 223, O_WRONLY)
NODE(snapshot, S_IFCHR, 10, 231, O_RDONLY)
NODE(kvm, S_IFCHR, 10, 232, O_RDWR)
NODE(vhost_net, S_IFCHR, 10, 238, O_RDWR)
NODE(cuse, S_IFCHR, 10, 203, O_RDWR)

const Attack attacks_device[] = {
        { "node-disk", "mknod(2)", "make and open the disk that the host is on", disk },
        { "node-mem", "mem(4)", "make and open /dev/mem", memory },
        { "node-kmem", "mem(4)", "make and open /dev/kmem", kernel_memory },
        { "node-port", "mem(4)", "make and open /dev/port", ports },
        { "node-kmsg", "kmsg", "make and open /dev/kmsg", kernel_log },
        { "node-tty1", "console(4)", "make and open the host's first terminal", terminal },
        { "node-console", "console(4)", "make and open the host's console", console },
        { "node-vcs", "vcs(4)", "make and open the host's screen", screen },
        { "node-loop0", "loop(4)", "make and open a loop device", loop },
        { "node-loop-control", "loop(4)", "make and open loop-control", loop_control },
        { "node-mapper", "dm", "make and open the device mapper's control", device_mapper },
        { "node-uinput", "uinput", "make and open uinput: type on the host", input },
        { "node-snapshot", "snapshot", "make and open the hibernation device", snapshot },
        { "node-kvm", "kvm", "make and open kvm", kvm },
        { "node-vhost-net", "vhost", "make and open vhost-net", vhost_net },
        { "node-cuse", "cuse", "make and open cuse", cuse },
        { "mount-disk", "mount(2)", "mount a file system of a block device", mount_disk },
        {},
};
