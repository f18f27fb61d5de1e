/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "attack.h"

/* Files of /proc and /sys that are the kernel's, and so the host's. */

/* A masking is a null device or a tmpfs; what is read there is nobody's secret. */
static bool is_of_the_kernel(int fd) {
        struct statfs fs;

        return fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

static int open_at(const char *path, int flags, const char *how) {
        int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return -errno;
        if (!is_of_the_kernel(fd)) {
                close(fd);
                return -ENODEV;
        }
        note("%s", how);
        return fd;
}

/* Takes away what covers the file, or tries: each covering is a mount on the path or
 * on a directory above it. */
static void uncover(const char *path) {
        char part[256];

        for (size_t n = strlen(path); n > strlen("/proc"); n--) {
                if (path[n] && path[n] != '/')
                        continue;
                snprintf(part, sizeof(part), "%.*s", (int) n, path);
                (void) mount(NULL, part, NULL, MS_REMOUNT | MS_BIND, NULL);
                (void) umount2(part, MNT_DETACH);
        }
        (void) mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND, NULL);
}

/* Returns a descriptor, by whatever way leads there, or the errno of the first. */
static int open_any_way(const char *path, int flags) {
        const char *type = strncmp(path, "/proc/", 6) == 0 ? "proc" : "sysfs", *rest = strchr(path + 1, '/');
        char dir[] = "/tmp/escape-XXXXXX", again[512];
        int fd = open_at(path, flags, "as it is"), first = fd;

        if (fd >= 0)
                return fd;
        if (mkdtemp(dir)) {
                if (mount(type, dir, type, 0, NULL) == 0) {
                        snprintf(again, sizeof(again), "%s%s", dir, rest);
                        fd = open_at(again, flags, "in one mounted anew");
                        (void) umount2(dir, MNT_DETACH);
                }
                rmdir(dir);
        }
        if (fd < 0) {
                uncover(path);
                fd = open_at(path, flags, "after taking away what covers it");
        }
        return fd >= 0 ? fd : first;
}

static int open_to_write(const char *path) {
        int fd = open_any_way(path, O_WRONLY);

        if (fd == -ENOENT)
                return ATTACK_IMPOSSIBLE;
        if (fd == -ENODEV)
                note("something harmless lies over it");
        if (fd < 0)
                return fd;
        close(fd);
        return ATTACK_THROUGH;
}

/* Eight bytes, as some are read by words. */
static int open_to_read(const char *path) {
        int fd = open_any_way(path, O_RDONLY);
        char word[8];
        ssize_t n;

        if (fd == -ENOENT)
                return ATTACK_IMPOSSIBLE;
        if (fd == -ENODEV)
                note("something harmless lies over it");
        if (fd < 0)
                return fd;
        n = read(fd, word, sizeof(word));
        if (n < 0)
                n = errno == EAGAIN ? 1 : -errno;
        close(fd);
        return n > 0 ? ATTACK_THROUGH : n < 0 ? (int) n : -ENODATA;
}

/* What is there already is written again: the file may be opened and still refuse. */
static int write_back(const char *path) {
        int fd = open_any_way(path, O_RDWR), r = ATTACK_THROUGH;
        char text[512];
        ssize_t n;

        if (fd == -ENOENT)
                return ATTACK_IMPOSSIBLE;
        if (fd < 0)
                return fd;
        n = read(fd, text, sizeof(text));
        if (n < 0 || pwrite(fd, text, (size_t) n, 0) != n)
                r = -errno;
        close(fd);
        return r;
}

/* Addresses are zeros for those who may not know them. */
static int kernel_addresses(void) {
        int fd = open_any_way("/proc/kallsyms", O_RDONLY);
        FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
        unsigned long long address = 0;
        char line[256];

        if (fd == -ENOENT)
                return ATTACK_IMPOSSIBLE;
        if (!file)
                return fd < 0 ? fd : -errno;
        while (address == 0 && fgets(line, sizeof(line), file))
                address = strtoull(line, NULL, 16);
        fclose(file);
        return address ? ATTACK_THROUGH : -EACCES;
}

#define WRITES(name, path) \
        static int name(void) { \
                return open_to_write(path); \
        }
#define READS(name, path) \
        static int name(void) { \
                return open_to_read(path); \
        }
#define WRITES_BACK(name, path) \
        static int name(void) { \
                return write_back(path); \
        }

WRITES_BACK(core_pattern, "/proc/sys/kernel/core_pattern")
WRITES_BACK(modprobe, "/proc/sys/kernel/modprobe")
WRITES_BACK(hotplug, "/proc/sys/kernel/hotplug")
WRITES_BACK(helper_capabilities, "/proc/sys/kernel/usermodehelper/bset")
WRITES_BACK(overcommit, "/proc/sys/vm/overcommit_memory")
WRITES_BACK(file_max, "/proc/sys/fs/file-max")
WRITES_BACK(panic, "/proc/sys/kernel/panic_on_oops")
WRITES(drop_caches, "/proc/sys/vm/drop_caches")
WRITES(binfmt, "/proc/sys/fs/binfmt_misc/register")
WRITES(sysrq, "/proc/sysrq-trigger")
WRITES(irq_affinity, "/proc/irq/default_smp_affinity")
WRITES(mtrr, "/proc/mtrr")
WRITES(uevent_helper, "/sys/kernel/uevent_helper")
WRITES(power_state, "/sys/power/state")
WRITES(pci_rescan, "/sys/bus/pci/rescan")
WRITES(huge_pages, "/sys/kernel/mm/transparent_hugepage/enabled")
WRITES(cpu_offline, "/sys/devices/system/cpu/cpu1/online")
WRITES(firmware_path, "/sys/module/firmware_class/parameters/path")
WRITES(apparmor_load, "/sys/kernel/security/apparmor/.load")
READS(kcore, "/proc/kcore")
READS(kernel_log, "/proc/kmsg")
READS(page_flags, "/proc/kpageflags")
READS(timers, "/proc/timer_list")
READS(vmalloc, "/proc/vmallocinfo")
READS(acpi_tables, "/sys/firmware/acpi/tables/DSDT")

const Attack attacks_kernel[] = {
        { "core-pattern", "core(5)", "write /proc/sys/kernel/core_pattern: a program of the host's root at the next crash", core_pattern },
        { "modprobe-path", "CVE-2022-0185 exploits", "write /proc/sys/kernel/modprobe", modprobe },
        { "hotplug-path", "proc(5)", "write /proc/sys/kernel/hotplug", hotplug },
        { "helper-capabilities", "proc_sys_kernel(5)", "write /proc/sys/kernel/usermodehelper/bset", helper_capabilities },
        { "overcommit", "proc_sys_vm(5)", "write /proc/sys/vm/overcommit_memory", overcommit },
        { "file-max", "proc_sys_fs(5)", "write /proc/sys/fs/file-max", file_max },
        { "panic-on-oops", "proc_sys_kernel(5)", "write /proc/sys/kernel/panic_on_oops", panic },
        { "drop-caches", "proc_sys_vm(5)", "open /proc/sys/vm/drop_caches for writing", drop_caches },
        { "binfmt-register", "binfmt_misc", "open the host's binfmt_misc/register for writing", binfmt },
        { "sysrq-trigger", "sysrq", "open /proc/sysrq-trigger for writing", sysrq },
        { "irq-affinity", "proc(5)", "open /proc/irq/default_smp_affinity for writing", irq_affinity },
        { "mtrr", "proc(5)", "open /proc/mtrr for writing", mtrr },
        { "uevent-helper", "sysfs(5)", "open /sys/kernel/uevent_helper for writing", uevent_helper },
        { "power-state", "sysfs(5)", "open /sys/power/state for writing", power_state },
        { "pci-rescan", "sysfs(5)", "open /sys/bus/pci/rescan for writing", pci_rescan },
        { "huge-pages", "sysfs(5)", "open transparent_hugepage/enabled for writing", huge_pages },
        { "cpu-offline", "sysfs(5)", "open cpu1/online for writing", cpu_offline },
        { "firmware-path", "sysfs(5)", "open the path of firmware for writing", firmware_path },
        { "apparmor-load", "apparmor", "open AppArmor's .load for writing", apparmor_load },
        { "kcore", "proc(5)", "read /proc/kcore, the kernel's memory", kcore },
        { "kmsg-file", "proc(5)", "read /proc/kmsg", kernel_log },
        { "kallsyms", "kptr_restrict", "read addresses of the kernel from /proc/kallsyms", kernel_addresses },
        { "kpageflags", "proc(5)", "read /proc/kpageflags", page_flags },
        { "timer-list", "proc(5)", "read /proc/timer_list", timers },
        { "vmallocinfo", "proc(5)", "read /proc/vmallocinfo", vmalloc },
        { "acpi-tables", "sysfs(5)", "read the machine's ACPI tables", acpi_tables },
        {},
};
