/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container as the runtime remembers it between two commands: a directory
 * below --root with
 *
 *   status       what this file's struct holds as JSON, written atomically; it is
 *                named so, and has "external_descriptors", where crun's users look
 *   config.json  the bundle's, as it was at create: exec takes its defaults there
 *   start.sock   the socket that init listens on until it is started
 */

#include <jansson.h>
#include <sys/types.h>

#include "error.h"
#include "macro.h"

#define CONTAINER_ID_MAX 128

typedef enum ContainerStatus {
        CONTAINER_CREATING,
        CONTAINER_CREATED,
        CONTAINER_RUNNING,
        CONTAINER_PAUSED,
        CONTAINER_STOPPED,
        CONTAINER_STATUS_MAX,
        CONTAINER_STATUS_INVALID = -EINVAL,
} ContainerStatus;

const char *container_status_to_string(ContainerStatus status); /* as the runtime-spec has it */

typedef struct Container {
        char *id;
        char *directory; /* of the state */
        int fd;          /* the same, opened */
        char *bundle;    /* absolute */
        char *rootfs;
        char *oci_version;
        char *created; /* RFC 3339 */
        pid_t pid;     /* 0: none yet */
        uint64_t start_time;
        char *cgroup; /* NULL: not placed */
        char *scope;  /* the unit of systemd that it is, where systemd manages the cgroup */
        unsigned n_cgroup_created;
        char *rdt_group; /* of resctrl, made for it; NULL: none */
        bool cgroup_delegated; /* handed over: what is in it is the container's to arrange */
        bool exposes_runtime; /* its root could write to the runtime's binary: see self.h */
        bool seccomp;       /* there is a seccomp.bpf */
        bool needs_config;  /* to start and to delete it, its config has to be read: for hooks, or who listens */
        bool exec_defaults; /* its config has more for who comes by exec: limits, labels, a personality */
        uint64_t namespaces; /* CLONE_NEW… that exec joins */
        uid_t owner;
        char *external_descriptors; /* where init's 0, 1 and 2 led when it was made: a JSON array */
        json_t *annotations; /* NULL or an object */
} Container;

/* 1 to 128 of [A-Za-z0-9_.+-], not beginning with a dot. */
bool container_id_is_valid(const char *id);

/* Makes the directory; an id in use is an error. */
int container_new(const char *root, const char *id, Container **ret, Error *error);

/* Reads the state of an existing one. NotFound: error name "NoSuchContainer". */
int container_load(const char *root, const char *id, Container **ret, Error *error);

Container *container_free(Container *c);
DEFINE_CLEANUP(Container *, container_free)

int container_save(const Container *c, Error *error);

/* The state as text: into a struct that has its id only, and back. */
int container_parse_state(Container *c, const char *text, size_t size, Error *error);
int container_format_state(const Container *c, char **ret, Error *error);

/* Writes down which cgroup, or unit, is about to be made, for who finds a container whose
 * create was cut off: container_load() has it from there where there is no state. */
int container_note_cgroup(const Container *c);

/* Removes the directory. */
int container_remove(Container *c, Error *error);

ContainerStatus container_status(const Container *c);

/* A pidfd of init, checked to be that process and no later one with its pid.
 * procfs: from procfs_open(), or -1.
 * -ESRCH where init is gone. */
int container_pidfd(const Container *c, int procfs);

/* The state as the runtime-spec defines it, for hooks and `state`. A new
 * reference or NULL. */
json_t *container_state_json(const Container *c, ContainerStatus status);
