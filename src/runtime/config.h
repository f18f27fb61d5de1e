/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A bundle's config.json as data. Nothing in here acts: what the runtime-spec
 * says in JSON becomes typed fields, words become numbers, and what is wrong
 * in itself is an error. Unknown properties are ignored, unknown values are
 * errors, as the specification asks.
 */

#include <jansson.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "arena.h"
#include "capability-sets.h"
#include "error.h"
#include "macro.h"
#include "mount-option.h"
#include "namespace.h"
#include "number-set.h"
#include "userns.h"

typedef struct ConfigRlimit {
        int resource;
        const char *name;
        uint64_t soft, hard;
} ConfigRlimit;

/* process.scheduler, in the words of sched_setattr(2). */
typedef struct ConfigScheduler {
        bool present;
        uint32_t policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period; /* nanoseconds */
} ConfigScheduler;

typedef struct ConfigIoPriority {
        bool present;
        int value; /* class and priority, as ioprio_set(2) has them */
} ConfigIoPriority;

/* linux.memoryPolicy, in the words of set_mempolicy(2). */
typedef struct ConfigMemoryPolicy {
        int mode;               /* with its flags */
        const NumberSet *nodes; /* NULL: none */
} ConfigMemoryPolicy;

typedef struct ConfigProcess {
        bool terminal;
        struct winsize console_size; /* rows 0: not set */
        const char *cwd;
        char *const *env;
        char *const *args; /* NULL: none given */
        uint32_t uid, gid;
        int umask; /* -1: not set */
        gid_t *groups;
        size_t n_groups;
        bool keep_groups; /* the additional groups are the caller's: see config_keeps_groups() */
        bool has_capabilities;
        CapabilitySets capabilities;
        char *const *unknown_capabilities; /* names that this build does not know: a warning */
        ConfigRlimit *rlimits;
        size_t n_rlimits;
        bool no_new_privileges;
        bool has_oom_score_adj;
        int oom_score_adj;
        ConfigScheduler scheduler;
        ConfigIoPriority io_priority;
        const NumberSet *initial_cpus, *final_cpus; /* of execCPUAffinity; NULL: not set */
        const char *apparmor_profile;
        const char *selinux_label;
} ConfigProcess;

typedef struct ConfigMount {
        const char *destination;
        const char *source; /* may be NULL */
        const char *type;   /* NULL for binds */
        MountOptions options;
        char *const *data; /* options of the file system itself */
        IdMap *uids, *gids;
        size_t n_uids, n_gids;
        bool relative_uids, relative_gids; /* to the container's, until all is read */
} ConfigMount;

typedef struct ConfigNamespace {
        bool present;
        const char *path; /* NULL: a new one */
        bool entered;     /* of path: the runtime is in it itself (rootless.h) */
} ConfigNamespace;

typedef struct ConfigDevice {
        const char *path;
        mode_t type; /* S_IFCHR, S_IFBLK or S_IFIFO */
        uint32_t major, minor;
        mode_t mode;
        uint32_t uid, gid;
} ConfigDevice;

typedef struct ConfigHook {
        const char *path;
        char *const *args;
        char *const *env;
        uint64_t timeout_usec; /* USEC_INFINITY: none */
} ConfigHook;

typedef enum HookPoint {
        HOOK_PRESTART,
        HOOK_CREATE_RUNTIME,
        HOOK_CREATE_CONTAINER,
        HOOK_START_CONTAINER,
        HOOK_POSTSTART,
        HOOK_POSTSTOP,
        HOOK_MAX,
        HOOK_INVALID = -EINVAL,
} HookPoint;

const char *hook_point_to_string(HookPoint point);

typedef struct ConfigHooks {
        ConfigHook *hooks;
        size_t n_hooks;
} ConfigHooks;

typedef struct ConfigSysctl {
        const char *name, *value;
} ConfigSysctl;

/* linux.resources.devices. */
typedef struct ConfigDeviceRule {
        bool allow;
        uint32_t type;        /* BPF_DEVCG_DEV_…, one or both */
        uint32_t access;      /* BPF_DEVCG_ACC_… */
        int64_t major, minor; /* -1: any */
} ConfigDeviceRule;

/* One write into a file of the cgroup, in order. */
typedef struct ConfigResource {
        const char *file, *value;
        const char *controller; /* to be enabled for it */
        const char *where;      /* the field it comes from */
        unsigned flags;
} ConfigResource;

#define RESOURCE_OPTIONAL 1U /* the file need not be there */
#define RESOURCE_OR_NEXT 2U  /* where the file is not there the next entry is done, else left out */
#define RESOURCE_TRY 4U      /* comes again below: the kernel may find it invalid for now */

typedef struct ConfigRdt {
        const char *group; /* closID; NULL: one of the container's own */
        const char *l3, *bandwidth; /* l3CacheSchema, memBwSchema; NULL: not set */
        const char *schemata;
        bool monitor;
} ConfigRdt;

typedef struct ConfigNetDevice {
        const char *name, *inside; /* on the host, in the container */
} ConfigNetDevice;

typedef struct ConfigTimeOffset {
        const char *clock; /* "monotonic" "boottime" */
        int64_t secs;
        uint32_t nanosecs;
} ConfigTimeOffset;

typedef struct Config {
        Arena arena;
        json_t *document;
        char *text; /* the file as it was read */
        size_t text_size;

        const char *oci_version;
        bool has_process;
        ConfigProcess process;

        const char *root_path;
        bool root_readonly;
        const char *hostname, *domainname;
        ConfigMount *mounts;
        size_t n_mounts;
        ConfigHooks hooks[HOOK_MAX];
        const json_t *annotations; /* NULL or an object of strings */
        int death_signal; /* of the annotation org.ctrd1.pdeathsig; 0: none */

        ConfigNamespace namespaces[NAMESPACE_MAX];
        IdMap *uids, *gids;
        size_t n_uids, n_gids;
        ConfigTimeOffset *time_offsets;
        size_t n_time_offsets;
        ConfigNetDevice *net_devices;
        size_t n_net_devices;
        ConfigDevice *devices;
        size_t n_devices;
        const char *cgroups_path;
        ConfigResource *resources;
        size_t n_resources;
        bool memory_check; /* before memory_limit and memory_swap are set, in v1's sense; 0: not set */
        int64_t memory_limit, memory_swap;
        ConfigDeviceRule *device_rules; /* in order: the last that fits decides */
        size_t n_device_rules;
        ConfigSysctl *sysctls;
        size_t n_sysctls;
        const json_t *seccomp; /* see seccomp.h */
        unsigned long root_propagation; /* MS_…, 0: not set */
        char *const *masked_paths, *const *readonly_paths;
        const char *mount_label;
        bool has_personality;
        unsigned long personality;
        const ConfigMemoryPolicy *memory_policy; /* NULL: not set */
        const ConfigRdt *rdt; /* NULL: not set */
} Config;

/* Reads and checks. directory: of the bundle, by descriptor. */
int config_load(int directory, const char *file, Config **ret, Error *error);
int config_parse(const char *text, size_t size, Config **ret, Error *error);
Config *config_free(Config *c);
DEFINE_CLEANUP(Config *, config_free)

/* What one field alone cannot say: what is missing, what contradicts. */
int config_validate(const Config *c, Error *error);

/* Parses a process object (config.json's, or exec's --process). */
int config_parse_process(const json_t *object, Arena *arena, ConfigProcess *p, Error *error);

/* Sets a variable of the process's environment. Returns 0, -ENOMEM, or
 * -ENAMETOOLONG past 4095 bytes. */
int config_set_env(Config *c, const char *name, const char *format, ...) _printf_(3, 4);

/* Adds one capability to sets by name; false where the name is unknown. */
bool config_capability_add(const char *name, uint64_t *set);

/* The parts, each in a file of its own. */
/* crun's option "idmap=…": 1 where it is one and was taken, 0 where it is another, or
 * a negative errno. */
int config_parse_idmap_option(Config *c, ConfigMount *m, const char *word);
int config_resolve_idmaps(Config *c, Error *error);
int config_parse_mounts(Config *c, const json_t *array, Error *error);
int config_parse_linux(Config *c, const json_t *object, Error *error);
int config_parse_scheduling(const json_t *process, Arena *arena, ConfigProcess *p, Error *error);
int config_parse_memory_policy(Config *c, const json_t *linux_object, Error *error);
int config_parse_hooks(Config *c, const json_t *object, Error *error);
int config_parse_resources(Config *c, const json_t *object, Error *error);
int config_parse_id_map(Arena *arena, const json_t *object, const char *where, IdMap **ret, size_t *ret_n, Error *error);

/* The annotation run.oci.keep_original_groups, by which engines ask for the groups
 * of who runs the engine: a rootless container that may use files of theirs. */
bool config_keeps_groups(const json_t *annotations);

static inline bool config_new_namespace(const Config *c, NamespaceType type) {
        return c->namespaces[type].present && !c->namespaces[type].path;
}
