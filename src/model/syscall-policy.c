/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>

#include "parse.h"
#include "syscall-policy.h"

static const char *const profile_names[_SECCOMP_PROFILE_MAX] = {
        [SECCOMP_DEFAULT] = "default",       [SECCOMP_STRICT] = "strict",         [SECCOMP_NESTING] = "nesting",
        [SECCOMP_PRIVILEGED] = "privileged", [SECCOMP_UNCONFINED] = "unconfined",
};

const char *seccomp_profile_to_string(SeccompProfile profile) {
        return profile >= 0 && profile < _SECCOMP_PROFILE_MAX ? profile_names[profile] : NULL;
}

/* Services of a distribution, its service manager, and who administers and debugs
 * them. What comes after systemd's groups is from later kernels, or is in none. */
static const char base[] =
        "@system-service @mount @pkey @reboot "
        "adjtimex clock_adjtime clock_adjtime64 fanotify_init fanotify_mark "
        "file_getattr file_setattr futex_requeue futex_wait futex_wake getxattrat landlock_add_rule "
        "landlock_create_ruleset landlock_restrict_self listmount listxattrat lsm_get_self_attr lsm_list_modules "
        "lsm_set_self_attr map_shadow_stack memfd_secret mincore modify_ldt mseal open_tree_attr pidfd_getfd "
        "process_mrelease ptrace removexattrat seccomp set_tls setdomainname sethostname setxattrat statmount "
        "timerfd vhangup";

/* Of these, what is the host's: its kernel, its clock, its devices; and what has
 * been a way out of containers again and again. */
static const char refused[] =
        "@clock @module @raw-io @swap acct bpf io_uring_enter io_uring_register io_uring_setup kexec_file_load "
        "kexec_load lookup_dcookie open_by_handle_at perf_event_open quotactl quotactl_fd stime syslog userfaultfd";

/* Keyrings are counted and named by the host's user ids. There is none, then. */
static const char absent[] = "@keyring";

static const char strict_refused[] = "@debug kcmp modify_ldt process_madvise process_vm_readv "
                                     "process_vm_writev pidfd_getfd";

static const char privileged_allowed[] = "@keyring acct bpf io_uring_enter io_uring_register io_uring_setup "
                                         "lookup_dcookie open_by_handle_at perf_event_open quotactl quotactl_fd "
                                         "syslog userfaultfd";

/* Who gives a capability means what it is for. */
static const struct {
        int capability;
        const char *words;
} granted[] = {
        { CAP_SYS_TIME, "@clock stime" }, { CAP_SYS_MODULE, "@module" },         { CAP_SYS_RAWIO, "@raw-io" },
        { CAP_SYS_PACCT, "acct" },        { CAP_SYSLOG, "syslog" },              { CAP_BPF, "bpf" },
        { CAP_PERFMON, "perf_event_open" },
};

static void put(SyscallPolicy *policy, const char *words, uint16_t result) {
        SyscallSet set = {};

        (void) syscall_set_add(&set, words);
        for (size_t i = 0; i < SYSCALL_NAMES; i++)
                if (syscall_set_has(&set, i))
                        policy->result[i] = result;
}

/* Takes apart [~]WORD[:ERROR]. Returns what the word says of its calls, or -EINVAL. */
static int parse_word(const char *word, char ret[static 64]) {
        bool refuses = *word == '~';
        const char *name = word + refuses, *colon = strchr(name, ':');
        size_t n = colon ? (size_t) (colon - name) : strlen(name);
        uint64_t number;

        if (n == 0 || n >= 64)
                return -EINVAL;
        memcpy(ret, name, n);
        ret[n] = 0;
        if (!colon)
                return refuses ? EPERM : SYSCALL_ALLOWED;
        if (!refuses)
                return -EINVAL;
        if (streq(colon + 1, "kill"))
                return SYSCALL_KILLED;
        if (parse_uint_max(colon + 1, 4094, &number) >= 0)
                return number > 0 ? (int) number : -EINVAL;
        for (int e = 1; e < 134; e++)
                if (strerrorname_np(e) && streq(strerrorname_np(e), colon + 1))
                        return e;
        return -EINVAL;
}

bool syscall_filter_word_is_valid(const char *word) {
        SyscallSet set = {};
        char name[64];

        return parse_word(word, name) >= 0 && !strchr(name, ' ') && syscall_set_add(&set, name) >= 0;
}

static void apply_filter(SyscallPolicy *policy, char *const *filter, bool refusing) {
        for (; filter && *filter; filter++) {
                char name[64];
                int result = parse_word(*filter, name);

                if (result >= 0 && (**filter == '~') == refusing)
                        put(policy, name, (uint16_t) result);
        }
}

void syscall_policy_make(SeccompProfile profile, uint64_t capabilities, char *const *filter, SyscallPolicy *ret) {
        *ret = (SyscallPolicy){
                .new_users = profile != SECCOMP_STRICT,
                .vsock = profile == SECCOMP_PRIVILEGED || profile == SECCOMP_UNCONFINED,
        };
        put(ret, "@known", ENOSYS);
        put(ret, base, SYSCALL_ALLOWED);
        put(ret, refused, EPERM);
        put(ret, "adjtimex clock_adjtime clock_adjtime64", SYSCALL_ALLOWED); /* reading is for all */
        put(ret, absent, ENOSYS);
        if (profile == SECCOMP_STRICT) {
                put(ret, strict_refused, EPERM);
                /* Flags and domains lie in memory. */
                put(ret, "clone3 socketcall", ENOSYS);
        } else if (profile == SECCOMP_NESTING)
                put(ret, "@keyring", SYSCALL_ALLOWED);
        else if (profile == SECCOMP_PRIVILEGED)
                put(ret, privileged_allowed, SYSCALL_ALLOWED);
        for (size_t i = 0; i < ELEMENTSOF(granted); i++)
                if (capabilities & UINT64_C(1) << granted[i].capability)
                        put(ret, granted[i].words, SYSCALL_ALLOWED);
        if (profile == SECCOMP_UNCONFINED)
                put(ret, "@known", SYSCALL_ALLOWED);
        apply_filter(ret, filter, false);
        apply_filter(ret, filter, true);
}
