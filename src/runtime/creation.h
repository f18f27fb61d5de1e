/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Making a container: everything from the bundle to an init that waits.
 */

#include "config.h"
#include "container.h"
#include "net-device.h"
#include "placement.h"
#include "rootless.h"

struct Launch;

typedef struct CreationOptions {
        const char *root;   /* --root */
        const char *id;
        const char *bundle; /* a directory */
        const char *config; /* another file in it than config.json, or NULL */
        const char *pid_file;
        const char *console_socket; /* path, or NULL */
        unsigned preserve_fds;
        bool no_pivot;
        bool no_new_keyring;
        CgroupManager cgroup_manager;
        RootlessMode rootless;
        bool relay_terminal; /* a terminal without a console socket: its master comes back in Creation */
        bool at_once; /* init waits on the channel of its maker, not for another command */
} CreationOptions;

typedef struct Creation {
        Config *config;
        Container *container;
        int channel; /* at_once: CHANNEL_GO starts it, its end without an error says it runs */
        int pidfd;
        int master; /* of the terminal that is to be relayed, or -1 */
        NetDeviceMove *net_devices; /* taken from the host; NULL: none */
} Creation;

#define CREATION_INIT ((Creation){ .channel = -EBADF, .pidfd = -EBADF, .master = -EBADF })

/* The steps that restore has in common with creation_run(): reads the bundle and
 * checks it; makes the container's directory; keeps what exec needs; takes all of
 * it away again. */
int creation_load(const CreationOptions *options, int *ret_directory, Creation *ret, Error *error);
int creation_enter(const CreationOptions *options, Creation *c, Error *error);
int creation_keep(const Creation *c, struct Launch *launch, Error *error);
void creation_undo(Creation *c);

/* On failure everything is as it was before. */
int creation_run(const CreationOptions *options, Creation *ret, Error *error);
void creation_clear(Creation *c);

/* Starts what creation_run() left waiting on its channel. */
int creation_go(Creation *c, Error *error);

/* Kills init where it lives, removes cgroup and state, runs the poststop hooks.
 * What fails on the way does not stop the rest; the first failure is told. */
int creation_destroy(Container *container, const Config *config, Error *error);

/* The config as it was when the container was made. */
int creation_load_config(const Container *container, Config **ret, Error *error);

/* The state as hooks get it. */
int creation_run_hooks(const Config *config, const Container *container, HookPoint point, ContainerStatus status,
                       Error *error);

/* Stops a container whose start has failed, and waits for its end; it is still to be
 * deleted. */
void creation_stop(const Container *container);

/* Those after the deed: what fails is logged. */
void creation_run_late_hooks(const Config *config, const Container *container, HookPoint point, ContainerStatus status);
