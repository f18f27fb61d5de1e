/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A container: an object whether it runs or not. What it is (settings,
 * identity), what it does (state, leader, times), how it last ended. The verbs
 * are in container-run.c (start, stop, kill), container-create.c,
 * container-rename.c and container-remove.c.
 */

#include <systemd/sd-event.h>

#include "bond.h"
#include "bundle.h"
#include "confinement.h"
#include "exec-request.h"
#include "exit-record.h"
#include "identity.h"
#include "job.h"
#include "journal-forward.h"
#include "launcher.h"
#include "link.h"
#include "recovery.h"
#include "selinux.h"
#include "settings-files.h"
#include "state.h"
#include "unit.h"

typedef struct Container Container;
typedef struct SettingsChange SettingsChange;

struct Container {
        Manager *manager;
        char *name;
        Settings *settings;
        Identity identity;

        ContainerState state; /* written by container_event() alone */
        pid_t leader;
        char *status_text;
        char *boot_target;   /* the last that the guest has reached, see GuestWords */
        char *boot_progress; /* as it was told last */
        JournalForward forward;
        char **addresses; /* of a run, as the kernel says */
        bool addresses_known;
        uint64_t started_usec, ready_usec; /* CLOCK_REALTIME */
        ExitRecord exit;
        Recovery recovery;
        Bond bond;

        /* Of the current run. */
        MonitorLink *link;
        MonitorPhase phase;
        SelinuxContexts selinux; /* of its processes and files, or none */
        char *apparmor;         /* label of its processes, or NULL */
        LauncherRequest *launch; /* its monitor is being started */
        ConfinementLoad *profile; /* its AppArmor profile is being loaded */
        UnitRequest *unit;      /* scope being made, or awaited to go */
        bool scope;             /* after the end: it may be there still */
        sd_bus_slot *machined;  /* registration under way */
        sd_event_source *timer; /* how long a start may take, or a forced end */
        sd_event_source *stop_timer; /* how long a monitor may take for a stop */
        uint64_t start_latest_usec; /* CLOCK_MONOTONIC: to when the guest may extend the former */
        bool start_extended;        /* and has */
        Job *job;               /* start, stop or restart under way */
        SettingsChange *change; /* of its settings, under way */
        bool restart;           /* start again when it has ended */
        bool host_stops;        /* systemd has asked for its end */
        bool unfinished;        /* a change of what it has was begun by a ctrd before us */
        bool view_is_stale;     /* see view.h */
        unsigned view_failures;
        bool unbegun;           /* a start that a ctrd before us had not come to was undone */
        bool adopting;          /* its monitor was found, and has not said yet what it is at */
        bool ending;            /* its end is known, its scope is awaited to go */
        unsigned clones;        /* that are being made of it: its files must stay as they are */
        Error failure;          /* why a start failed */
};

Container *container_free(Container *container);
DEFINE_CLEANUP(Container *, container_free)

/* Reads settings, identity and exit record of a container from disk. */
int container_load(Manager *manager, const char *name, Container **ret, Error *error);

/* The launch of a container, filled; nothing is copied. The image must be there:
 * -ENOENT with "NoSuchImage". */
int container_launch(Container *container, Launch *ret, char *dir, size_t dir_size, Error *error);

/* Moves the state by an event and tells observers. false where the table does
 * not allow it. */
bool container_event(Container *container, ContainerEvent event);

/* Tells observers that properties changed: names as on the bus, then NULL. */
void container_changed(Container *container, ...) __attribute__((sentinel));

/* Other settings, taken: of one that does not run. Observers are told. */
void container_take_settings(Container *container, Settings *settings);

/* What the kernel says of its interfaces, with blanks between; NULL: there is nobody who
 * could say, its settings do. */
void container_set_addresses(Container *container, const char *text);

/* Those of its files, where it does not run. What is wrong with them a start tells. */
void container_reload_settings(Container *container);

/* Starts. Validates everything first: on failure nothing has changed, and the
 * job is the caller's still. job may be NULL. */
int container_start(Container *container, Job *job, Error *error);

/* The same, as soon as it is the job's turn; what is wrong by then ends the job. */
int container_start_in_turn(Container *container, Job *job, Error *error);

/* Of a start that is under way: the job ends with it. */
void container_start_follow(Container *container, Job *job);

/* Whether such a start waits for its turn. */
bool container_is_queued(const Container *container);

/* Stops gracefully, by force after the timeout (0: that of the settings). With
 * restart it is started again afterwards. */
int container_stop(Container *container, uint64_t timeout_usec, bool restart, Job *job, Error *error);

/* Lets its init begin anew without an end of the run: systemd 254 and later. */
int container_soft_reboot(Container *container, Job *job, Error *error);

/* Of a stop that is under way: the job ends with it, that of a start before it is canceled. */
void container_stop_follow(Container *container, bool restart, Job *job);

typedef enum KillWhom {
        KILL_INIT,
        KILL_ALL,
        _KILL_WHOM_MAX,
        _KILL_WHOM_INVALID = -EINVAL,
} KillWhom;

KillWhom kill_whom_from_string(const char *s);

/* Sends a signal; reply is called once with the outcome. */
int container_kill(Container *container, KillWhom whom, int sig, MonitorReply reply, void *userdata, Error *error);

/* Freezes all its processes, or lets them go on; reply is called once with the outcome.
 * Where that is so already nothing changes. */
int container_set_frozen(Container *container, bool frozen, MonitorReply reply, void *userdata, Error *error);

/* Runs a command inside: streams are standard input, output and error, or none
 * with a terminal. lease: see lease.h; -EBADF: none. In *ret_session: the client's end of the session socket. */
int container_exec(Container *container, const ExecRequest *request, const int *streams, size_t n_streams, int lease, MonitorReply reply,
                   void *userdata, int *ret_session, Error *error);

/* Attaches to the console; *ret_stream is the client's end. */
int container_open_console(Container *container, bool read_only, int lease, MonitorReply reply, void *userdata, int *ret_stream,
                           Error *error);
int container_resize_console(Container *container, uint32_t columns, uint32_t rows, Error *error);

/* After a start of ctrd: takes up a container that runs, finishes or undoes what
 * was half done. */
void container_adopt(Container *container);

/* A new container: its image is made where it is missing. Finishes the job. */
typedef struct CreateRequest {
        const char *name;
        const char *source; /* TEMPLATE[/VARIANT] or an image id */
        Settings *settings; /* taken; valid with the profiles that they name */
        bool may_be_privileged; /* with them, too */
        const char *client;     /* with which it goes, see bond.h; or NULL */
} CreateRequest;

int container_create(Manager *manager, CreateRequest *request, Job *job, Error *error);

/* A copy of one that does not run, with an identity of its own. Finishes the job. */
typedef struct CloneRequest {
        char *name;
        SettingsEdit edit;
        Settings *settings; /* all of them, as they would be */
} CloneRequest;

void clone_request_clear(CloneRequest *request);

/* Validates; nothing has changed. assignments: KEY=VALUE, beyond the other's settings. */
int clone_request_make(const Container *source, const char *name, char *const *assignments, CloneRequest *ret, Error *error);

/* Takes the request. */
int container_clone(Container *source, CloneRequest *request, Job *job, Error *error);

/* Ends a creation without a word: for the manager's end. */
void container_creation_abort(void *creation);

/* Removes it and all that is its own. With force a running one is killed first. */
int container_remove(Container *container, bool force, Job *job, Error *error);

/* Everything of it on disk, all or nothing. */
int container_remove_files(Manager *manager, const char *name, const Identity *identity, Error *error);

/* "Exists" where a container has the name, or is about to. */
int container_check_unknown(Manager *manager, const char *name, Error *error);

/* The same, and where any file stands in the way of one that comes with its own. */
int container_check_vacant(Manager *manager, const char *name, Error *error);

/* "Busy" while a worker has its files, that an earlier ctrd has begun or that could not be
 * killed. Of one that does not run. */
int container_check_files(const Container *container, Error *error);

/* The same, and while it is being cloned. */
int container_check_unused(const Container *container, Error *error);

/* Whether its directory is there: it exists, whatever is wrong with it. */
bool container_is_on_disk(const char *name);

/* What an earlier container of this name has left, where it could not be put aside: it
 * must have gone before there is another. */
int container_removal_complete(Manager *manager, const char *name, Error *error);

/* Gives it another name, and observers another object. Of one that does not run. */
int container_rename(Container *container, const char *name, Error *error);

/* At ctrd's start: what was being renamed is, or keeps its name. */
void container_renames_finish(Manager *manager);

/* At ctrd's start: removals that were begun. */
void container_removals_finish(Manager *manager);

/* The run has ended: the second half of a forced removal, or with no job that of an
 * ephemeral one. What fails is logged. */
void container_removal_continue(Container *container, Job *job);
