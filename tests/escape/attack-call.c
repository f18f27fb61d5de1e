/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* System calls that are about the host's kernel. All have arguments that change
 * nothing even where the call is allowed. */

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

static int module_from_memory(void) {
        static char garbage[64] = "this is no module";

        return allowed(syscall(SYS_init_module, garbage, sizeof(garbage), ""), ENOEXEC);
}

static int module_from_file(void) {
        int fd = memfd_create("module", MFD_CLOEXEC);

        if (fd < 0 || write(fd, "this is no module", 17) != 17)
                return -errno;
        return allowed(syscall(SYS_finit_module, fd, "", 0), ENOEXEC);
}

static int module_removal(void) {
        return allowed(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK), ENOENT);
}

static int kexec(void) {
        /* No such flag; who may not is told first. */
        return allowed(syscall(SYS_kexec_load, 0, 0, NULL, 0xdeadUL), EINVAL);
}

static int kexec_file(void) {
        return allowed(syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 0xdeadUL), EINVAL);
}

static int port_level(void) {
#ifdef SYS_iopl
        return allowed(syscall(SYS_iopl, 3), 0);
#else
        return ATTACK_IMPOSSIBLE;
#endif
}

static int port_permission(void) {
#ifdef SYS_ioperm
        return allowed(syscall(SYS_ioperm, 0x80, 1, 1), 0);
#else
        return ATTACK_IMPOSSIBLE;
#endif
}

static int log_read(void) {
        static char text[1 << 16];
        long n = syscall(SYS_syslog, 3, text, sizeof(text) - 1);

        if (n == 0)
                return -ENODATA;
        return allowed(n, 0);
}

static int log_level(void) {
        return allowed(syscall(SYS_syslog, 8, NULL, 99), EINVAL);
}

static long load_program(unsigned type) {
        const struct bpf_insn program[] = {
                { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
                { .code = BPF_JMP | BPF_EXIT },
        };
        union bpf_attr attr = {};

        attr.prog_type = type;
        attr.insns = (uint64_t) (uintptr_t) program;
        attr.insn_cnt = 2;
        attr.license = (uint64_t) (uintptr_t) "GPL";
        return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static int bpf_filter(void) {
        return allowed(load_program(BPF_PROG_TYPE_SOCKET_FILTER), 0);
}

static int bpf_kprobe(void) {
        return allowed(load_program(BPF_PROG_TYPE_KPROBE), 0);
}

static int bpf_next_program(void) {
        union bpf_attr attr = {};

        /* Programs of the host by their numbers. ENOENT: there is none. */
        return allowed(syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)), ENOENT);
}

static int perf(int pid, int cpu, bool kernel) {
        struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
                                        .config = PERF_COUNT_SW_CPU_CLOCK };

        attr.exclude_kernel = attr.exclude_hv = !kernel;
        attr.disabled = 1;
        return allowed(syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC), 0);
}

static int perf_system(void) {
        return perf(-1, 0, true);
}

static int perf_kernel(void) {
        return perf(0, -1, true);
}

static int perf_self(void) {
        return perf(0, -1, false);
}

static int faults_of_kernel(void) {
        return allowed(syscall(SYS_userfaultfd, O_CLOEXEC), 0);
}

static int faults_of_user(void) {
        return allowed(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY), 0);
}

static int io_ring(void) {
        char parameters[120] = {};

        return allowed(syscall(SYS_io_uring_setup, 1, parameters), 0);
}

/* Keys. The driver's victim has one in the keyring of the host's root. */

static int read_key(long serial) {
        char text[64] = "";
        long n = syscall(SYS_keyctl, KEYCTL_READ, serial, text, sizeof(text) - 1, 0);

        if (n < 0)
                return -errno;
        return strstr(text, SENTINEL_WORDS) ? ATTACK_THROUGH : -ENOKEY;
}

static int key_by_number(void) {
        long serial = (long) target_number("key");

        return serial ? read_key(serial) : ATTACK_IMPOSSIBLE;
}

static int key_by_name(void) {
        long serial;

        if (!target("key"))
                return ATTACK_IMPOSSIBLE;
        serial = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", "ctrd-escape", 0);
        return serial < 0 ? -errno : read_key(serial);
}

static int key_of_session(void) {
        long serial = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "ctrd-escape", 0);

        if (!target("key"))
                return ATTACK_IMPOSSIBLE;
        return serial < 0 ? -errno : read_key(serial);
}

/* A user may own so many keys and no more: whose count is it that we add to? */
static int key_quota(void) {
        long serial = syscall(SYS_add_key, "user", "ctrd-escape-quota", "x", 1, KEY_SPEC_PROCESS_KEYRING);
        FILE *map = fopen("/proc/self/uid_map", "re");
        unsigned inside = 1, outside = 1;

        if (map) {
                if (fscanf(map, "%u %u", &inside, &outside) != 2)
                        outside = 0;
                fclose(map);
        }
        if (serial < 0)
                return -errno;
        (void) syscall(SYS_keyctl, KEYCTL_UNLINK, serial, KEY_SPEC_PROCESS_KEYRING);
        note("keys count for the host's user %u", outside);
        return outside == 0 ? ATTACK_THROUGH : ATTACK_CONTAINED;
}

/* Time. */

static int set_clock(void) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return allowed(clock_settime(CLOCK_REALTIME, &now), 0);
}

static int set_time_zone(void) {
        struct timezone zone;

        if (syscall(SYS_gettimeofday, NULL, &zone) < 0)
                return -errno;
        return allowed(syscall(SYS_settimeofday, NULL, &zone), 0);
}

static int adjust_clock(void) {
        struct timex t = {};

        if (adjtimex(&t) < 0)
                return -errno;
        t.modes = ADJ_ESTERROR;
        return allowed(adjtimex(&t), 0);
}

static int wake_alarm(void) {
        timer_t timer;

        if (syscall(SYS_timer_create, CLOCK_BOOTTIME_ALARM, NULL, &timer) < 0)
                return errno == EOPNOTSUPP ? ATTACK_IMPOSSIBLE : -errno; /* no clock that could */
        return ATTACK_THROUGH;
}

/* Shares of the machine. */

static int swap_on(void) {
        char path[] = "/tmp/escape-swap-XXXXXX";
        int fd = mkstemp(path), r;

        if (fd < 0)
                return -errno;
        r = allowed(swapon(path, 0), EINVAL);
        unlink(path);
        return r;
}

static int swap_off(void) {
        return allowed(swapoff("/no/such/swap"), ENOENT);
}

static int accounting(void) {
        return allowed(acct("/no/such/file"), ENOENT);
}

static int real_time(void) {
        struct sched_param p = { .sched_priority = 1 };

        return allowed(sched_setscheduler(0, SCHED_FIFO, &p), 0);
}

static int io_real_time(void) {
        return allowed(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 4)), 0);
}

static int never_killed(void) {
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        return allowed(write(fd, "-1000", 5), 0);
}

static int raise_limit(void) {
        struct rlimit l;

        if (getrlimit(RLIMIT_MEMLOCK, &l) < 0)
                return -errno;
        if (l.rlim_max == RLIM_INFINITY)
                l.rlim_cur = l.rlim_max = 1 << 20, (void) setrlimit(RLIMIT_MEMLOCK, &l);
        l.rlim_max++;
        return allowed(setrlimit(RLIMIT_MEMLOCK, &l), 0);
}

static int watch_file_systems(void) {
        return allowed(fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY), 0);
}

/* A pid namespace has a reboot of its own, but no such key. */
static int ctrl_alt_delete(void) {
        return allowed(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x89abcdef, NULL), 0);
}

/* What was dropped comes back? */
static int all_capabilities(void) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = { { ~0U, ~0U, 0 }, { 0x1ff, 0x1ff, 0 } };

        return allowed(syscall(SYS_capset, &header, data), 0);
}

/* What others' programs would hand on to programs with file capabilities. */
static int inheritable(void) {
        FILE *status = fopen("/proc/self/status", "re");
        unsigned long long set, found = 0;
        char line[256];

        while (status && fgets(line, sizeof(line), status))
                if (sscanf(line, "CapInh: %llx", &set) == 1 || sscanf(line, "CapAmb: %llx", &set) == 1)
                        found |= set;
        if (!status)
                return -errno;
        fclose(status);
        return found ? ATTACK_THROUGH : -ENODATA;
}

/* A host name is the host's where it reads like it. */
static int host_name(void) {
        char name[256] = "";

        if (gethostname(name, sizeof(name) - 1) < 0 || sethostname(name, strlen(name)) < 0)
                return -errno;
        if (!target("hostname"))
                return ATTACK_IMPOSSIBLE;
        return strcmp(name, target("hostname")) == 0 ? ATTACK_THROUGH : ATTACK_CONTAINED;
}

const Attack attacks_call[] = {
        { "init-module", "init_module(2)", "load a kernel module from memory", module_from_memory },
        { "finit-module", "init_module(2)", "load a kernel module from a file", module_from_file },
        { "delete-module", "delete_module(2)", "remove a kernel module", module_removal },
        { "kexec-load", "kexec_load(2)", "load another kernel", kexec },
        { "kexec-file-load", "kexec_load(2)", "load another kernel from a file", kexec_file },
        { "iopl", "iopl(2)", "all I/O ports", port_level },
        { "ioperm", "ioperm(2)", "one I/O port", port_permission },
        { "syslog-read", "syslog(2)", "read the kernel's log", log_read },
        { "syslog-level", "syslog(2)", "set the console's log level", log_level },
        { "bpf-filter", "bpf(2)", "load a BPF socket filter", bpf_filter },
        { "bpf-kprobe", "bpf(2)", "load a BPF program that reads the kernel's memory", bpf_kprobe },
        { "bpf-programs", "bpf(2)", "list the host's BPF programs", bpf_next_program },
        { "perf-system", "perf_event_open(2)", "count the whole machine's events", perf_system },
        { "perf-kernel", "perf_event_open(2)", "sample the kernel", perf_kernel },
        { "perf-self", "perf_event_open(2)", "count its own events: much code of the kernel's within reach", perf_self },
        { "userfaultfd-kernel", "userfaultfd(2)", "stop the kernel at page faults: makes races winnable", faults_of_kernel },
        { "userfaultfd-user", "userfaultfd(2)", "stop itself at page faults", faults_of_user },
        { "io-uring", "io_uring_setup(2)", "make an io_uring: much code of the kernel's within reach, and past filters", io_ring },
        { "key-by-number", "keyctl(2)", "read a key of the host's root by its serial number", key_by_number },
        { "key-by-name", "keyctl(2)", "find it in the user keyring", key_by_name },
        { "key-of-session", "keyctl(2)", "find it in a session keyring that was inherited", key_of_session },
        { "key-quota", "add_key(2)", "use up the quota of the host's root", key_quota },
        { "clock-settime", "clock_settime(2)", "set the clock (to what it is)", set_clock },
        { "time-zone", "settimeofday(2)", "set the kernel's time zone (to what it is)", set_time_zone },
        { "adjtimex", "adjtimex(2)", "adjust the clock (by nothing)", adjust_clock },
        { "wake-alarm", "timer_create(2)", "wake the machine from suspend", wake_alarm },
        { "swapon", "swapon(2)", "swap to a file", swap_on },
        { "swapoff", "swapon(2)", "end swapping", swap_off },
        { "acct", "acct(2)", "account for processes", accounting },
        { "real-time", "sched(7)", "run before everything else of the host", real_time },
        { "io-real-time", "ioprio_set(2)", "read and write before everything else", io_real_time },
        { "oom-score", "proc_pid_oom_score_adj(5)", "be the last to be killed when memory is short", never_killed },
        { "hard-limit", "setrlimit(2)", "raise a hard limit", raise_limit },
        { "fanotify", "fanotify_init(2)", "hold up everybody's opening of files", watch_file_systems },
        { "ctrl-alt-delete", "reboot(2)", "what Ctrl-Alt-Delete does on the host", ctrl_alt_delete },
        { "capset", "capset(2)", "take every capability", all_capabilities },
        { "inheritable", "CVE-2022-29162", "inherit capabilities from the runtime", inheritable },
        { "hostname", "sethostname(2)", "set the host's name", host_name },
        {},
};
