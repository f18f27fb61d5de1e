/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container is to be: the settings of NAME.conf, its drop-ins, the bus
 * and the command line, as one struct. Pure data: reading files and acting on
 * them is for others.
 *
 * One table (settings-table.c) defines every key: its section, how it is
 * parsed and written, who may set it. The file parser, the bus, `ctrctl`, the
 * check of the manual page and the default-deny of untrusted fragments all
 * read that table.
 */

#include "error.h"
#include "macro.h"
#include "setting-row.h"
#include "syscall-policy.h"

typedef enum NetworkMode {
        NETWORK_HOST,    /* the host's network namespace */
        NETWORK_PRIVATE, /* a namespace with nothing but lo */
        NETWORK_VETH,    /* a pair: ve-NAME outside, host0 inside */
        _NETWORK_MODE_MAX,
        _NETWORK_MODE_INVALID = -EINVAL,
} NetworkMode;

typedef enum Tristate {
        TRISTATE_AUTO, /* decide by what the root file system holds */
        TRISTATE_YES,
        TRISTATE_NO,
        _TRISTATE_MAX,
        _TRISTATE_INVALID = -EINVAL,
} Tristate;

typedef enum UserNamespaceMode {
        USER_NAMESPACE_NO,       /* ids inside are the host's: privileged */
        USER_NAMESPACE_YES,      /* a range of the container's own */
        USER_NAMESPACE_IDENTITY, /* the host's first 65536, without the host's capabilities */
        _USER_NAMESPACE_MODE_MAX,
        _USER_NAMESPACE_MODE_INVALID = -EINVAL,
} UserNamespaceMode;

/* Whether it is started when the host is booted. */
typedef enum Autostart {
        AUTOSTART_NO,
        AUTOSTART_YES,
        AUTOSTART_LAST, /* where it was up when the host went down */
        _AUTOSTART_MAX,
        _AUTOSTART_INVALID = -EINVAL,
} Autostart;

/* Whether the host's journal directory shows where a container keeps its own; words as in
 * systemd.nspawn(5). */
typedef enum JournalLinkMode {
        JOURNAL_LINK_NO,
        JOURNAL_LINK_GUEST,
        _JOURNAL_LINK_MODE_MAX,
        _JOURNAL_LINK_MODE_INVALID = -EINVAL,
} JournalLinkMode;

/* Which ends are followed by another start; restart.h says what they are. */
typedef enum RestartPolicy {
        RESTART_NO,
        RESTART_ON_FAILURE,
        RESTART_ON_ABNORMAL,
        RESTART_ALWAYS,
        _RESTART_POLICY_MAX,
        _RESTART_POLICY_INVALID = -EINVAL,
} RestartPolicy;

const char *autostart_to_string(Autostart autostart);
const char *journal_link_mode_to_string(JournalLinkMode mode);
const char *restart_policy_to_string(RestartPolicy policy);
const char *user_namespace_mode_to_string(UserNamespaceMode mode);
const char *network_mode_to_string(NetworkMode mode);
const char *tristate_to_string(Tristate t);

typedef struct Settings {
        /* [Container] */
        char *description;
        char *template; /* TEMPLATE/VARIANT that the image was made from */
        char *image;    /* image id */
        char **profiles; /* read before the container's own settings */
        char *runtime;  /* absolute path of an OCI runtime; NULL: ctrrun */
        char *machine_id;
        Autostart autostart;
        uint64_t start_delay_usec;
        char **after, **requires, **wants; /* names of containers, or units as of setting_word_is_unit() */
        RestartPolicy restart;
        uint64_t restart_usec, restart_steps, restart_max_delay_usec; /* see restart_delay() */
        uint64_t start_limit_interval_usec; /* 0: no limit */
        uint64_t start_limit_burst;
        bool protect;   /* from removal */
        bool ephemeral; /* removed when its run ends */
        char **owners;  /* users of the host whom it belongs to: names, or numbers */
        JournalLinkMode link_journal;

        /* [Exec] */
        char **command;     /* NULL: the init that is found in the root */
        char **environment; /* NAME=VALUE */
        char *hostname;     /* NULL: the container's name */
        int stop_signal;    /* 0: what the init understands */
        uint64_t stop_timeout_usec;
        uint64_t start_timeout_usec;
        uint64_t extend_timeout_max_usec; /* by how much more the guest may make the two */
        Tristate notify_ready;
        bool forward_journal; /* to the host's */
        char **credentials; /* NAME:ABSOLUTE-PATH on the host */
        Tristate lxcfs;
        Tristate resolv_conf;

        /* [Files] */
        bool read_only;
        char **bind;           /* SOURCE[:DESTINATION[:rbind|norbind]] */
        char **bind_read_only;
        char **tmpfs; /* DESTINATION[:OPTIONS] */
        char **device; /* SOURCE[:DESTINATION][:ACCESS]; see device-word.h */

        /* [Network] */
        NetworkMode network_mode;
        char **addresses; /* ADDRESS/PREFIX */
        char **gateways;
        char **dns;
        char *mac_address; /* of the container's end; NULL: from the name */

        /* [Resources]: what is set goes to the scope; UINT64_MAX: unset, or no limit */
        uint64_t memory_max;
        uint64_t memory_high;
        uint64_t memory_swap_max;
        uint64_t cpu_quota_usec_per_sec; /* microseconds of CPU per second: CPUQuota=50% is 500000 */
        uint64_t cpu_weight;
        char *allowed_cpus;
        uint64_t io_weight;
        uint64_t tasks_max;
        char *slice; /* of the scope; NULL: SLICE_DEFAULT */

        /* [Security] */
        UserNamespaceMode user_namespace;
        uint32_t uid_base;  /* UINT32_MAX: chosen at creation */
        uint32_t uid_count; /* UINT32_MAX: see settings_uid_count() */
        bool nesting;
        char **capability;      /* added to the default set: CAP_… */
        char **drop_capability; /* taken from it */
        bool no_new_privileges;
        SeccompProfile seccomp_profile;
        char **system_call_filter; /* words as of syscall_filter_word_is_valid() */
        char *selinux_context;       /* USER:ROLE:TYPE[:LEVEL] of processes; NULL: what the policy has for containers */
        char *selinux_mount_context; /* the same, of files */
        char **intercept; /* words as of interception_word_is_valid() */
        char *apparmor_profile; /* a loaded profile, or "unconfined"; NULL: one that is made for the container */

        /* For each row of the table: the file that set it last ("" bus or
         * command line), NULL: a default. Indexed as settings_key(). */
        char **origins;
        bool *resets; /* likewise: an empty assignment was among those that set it */
} Settings;

#define SETTINGS_PROFILES_MAX 16 /* of one container */

Settings *settings_new(void); /* every key at its default; NULL: no memory */
Settings *settings_free(Settings *s);
DEFINE_CLEANUP(Settings *, settings_free)

/* Reads a file's text onto the settings: later assignments override, list keys
 * append, an empty assignment resets to the default. Errors name file and line.
 * path is what errors and origins show. A failure leaves s half-changed: throw
 * it away. */
int settings_parse(Settings *s, const char *text, const char *path, SettingTrust trust, Error *error);

/* Sets one key. section may be NULL: keys are unique over all sections. origin
 * as in origins. On failure s is unchanged. */
int settings_set(Settings *s, const char *section, const char *key, const char *value, const char *origin,
                 SettingTrust trust, Error *error);

/* What one key cannot see alone: contradictions between keys. Error name
 * "InvalidSettings". */
int settings_validate(const Settings *s, Error *error);

/* Whether root inside is, in some respect, root of the host. */
bool settings_is_privileged(const Settings *s);

/* Whether After=, Requires= or Wants= name a container. */
bool settings_name_container(const Settings *s, const char *name);

/* How many ids the container has: 0 without a user namespace. */
uint32_t settings_uid_count(const Settings *s);

/* Nesting= wants more system calls, where nothing else is said. */
SeccompProfile settings_seccomp_profile(const Settings *s);

/* The value as it would stand behind the '=' (list keys: one string for each
 * assignment). NULL where nothing is set. */
int settings_get(const Settings *s, const char *key, char ***ret_values);

/* A default as it would stand there. NULL where the default is nothing, or nothing that
 * could be written. */
int settings_default(const char *key, char ***ret_values);

/* Whether a key has another value. */
bool settings_differ(const Settings *a, const Settings *b, const char *key);

/* Gives a key the value and the origin that it has in from. On failure it may have lost
 * some of its own: throw to away, or copy it back. */
int settings_copy(Settings *to, const Settings *from, const char *key);

/* Exchanges the values of a key that there is. Cannot fail, unlike the other: what must not be
 * changed in part is copied first. */
void settings_swap(Settings *a, Settings *b, const char *key);

/* The text of a file with all keys that differ from their default, and where profiles are
 * named with all that were set. */
int settings_format(const Settings *s, char **ret);

/* The table, for listings and checks; index 0 … settings_keys()-1. */
typedef struct SettingInfo {
        const char *section;
        const char *key;
        bool is_list;
        SettingTrust trust;  /* least trust that may set it: TRUST_IMAGE means anybody */
        bool owners;         /* who owns the container may set it on the bus */
        const char *summary; /* half a sentence */
} SettingInfo;

size_t settings_keys(void);

/* Whether owners may set a key; not where there is none of that name. */
bool settings_are_owners(const char *key);
SettingInfo settings_key(size_t i);
