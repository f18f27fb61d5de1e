/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The manager: all containers, images and jobs, and what they share. It knows
 * nothing of its bus interface, which observes it.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "authority.h"
#include "boot.h"
#include "container.h"
#include "image.h"
#include "job.h"
#include "lease.h"
#include "manager-settings.h"
#include "map.h"
#include "profile.h"
#include "queue.h"
#include "template-query.h"
#include "unit.h"

/* Whoever wants to know; all members are set. Properties: names as on the bus,
 * a list that ends with NULL. */
typedef struct ManagerObserver {
        void (*container_added)(Container *container);
        void (*container_changed)(Container *container, char **properties);
        void (*container_removed)(Container *container);
        void (*image_added)(Manager *manager, Image *image);
        /* Other containers are made from it than before. */
        void (*image_changed)(Manager *manager, Image *image);
        void (*image_removed)(Manager *manager, Image *image);
        void (*profile_added)(Profile *profile);
        void (*profile_changed)(Profile *profile);
        void (*profile_removed)(Profile *profile);
        void (*job_added)(Job *job);
        void (*job_changed)(Job *job);
        void (*job_finished)(Job *job);
        void (*job_removed)(Job *job);
} ManagerObserver;

/* See deed.h. */
typedef struct Viewer Viewer;

struct Manager {
        sd_event *event;
        sd_bus *bus;
        Authority *authority;
        UnitClient *units;
        sd_bus_slot *departures; /* while containers are tied to clients, see bond.h */
        const ManagerObserver *observer;
        ManagerSettings settings; /* of ctrd.conf */
        Lease *leases;
        Viewer *viewer;         /* of the message that is being answered; see bus.c */
        const sd_bus_message *viewed;

        Map containers; /* by name */
        Map images;     /* by id */
        Map profiles;   /* by name */
        Map jobs;       /* that run, by number as text */
        Map job_results; /* that have ended, likewise, the oldest first */
        sd_event_source *job_timer; /* for the oldest result, while there is one */
        sd_event_source *mounts; /* the host's table of them */
        uint64_t lxcfs_mount;    /* see view.h; 0: none */
        sd_event_source *view_timer; /* while a container was too busy to be given its files */
        uint64_t view_pause_usec;    /* before the next time */
        sd_event_source *status_timer; /* for what systemd is told, see reload.h */
        Map builds;     /* by TEMPLATE/VARIANT: templates at work, and those that wait for their turn */
        bool ends;      /* manager_free() is at work: what is begun is the next ctrd's to undo */
        Queue *build_queue; /* templates */
        Queue *start_queue; /* see job_take_turn() */
        Queue *clone_queue; /* they take long, and nobody's start waits for them */
        Map creations;  /* by name: containers that are being made */
        Boot *boot;     /* Autostart= is being seen to */
        Map copies;     /* by number of their job: files that are being copied */
        TemplateQuery *templates; /* the question that is under way, if any */
        uint32_t last_job; /* where there is no store */
        JobStore *job_store;
        uint64_t last_trash;
        bool trash_left; /* nobody is at work on some of it */
};

int manager_new(sd_event *event, sd_bus *bus, const ManagerObserver *observer, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)

/* Reads what is on disk, takes up what runs, undoes what was half done. */
int manager_load(Manager *manager);

/* Takes up images and containers that were put on disk meanwhile. */
void manager_load_new(Manager *manager);

/* Whether every container that was found running has been taken up, and every end
 * that was missed has been seen to. */
bool manager_is_settled(Manager *manager);

/* When it is known what runs, and ctrd can be called: starts what is to be up. */
void manager_begin(Manager *manager);

/* Containers by name, with a sentence where there is none. */
int manager_find(Manager *manager, const char *name, Container **ret, Error *error);

/* Puts a tree out of the way at once (rename) and removes it in a process of its
 * own. Nothing there is no error. */
int manager_discard(Manager *manager, const char *path);

/* Waits for a child that nobody else waits for. Takes the descriptor. */
void manager_reap(Manager *manager, int pidfd);

/* Containers that use an image. */
size_t manager_image_users(Manager *manager, const char *image, char ***ret_names);

/* "InUse" with the names of those that are made of it. */
int manager_check_image_unused(Manager *manager, const Image *image, Error *error);

/* The image is gone then. */
int manager_remove_image(Manager *manager, Image *image, Error *error);

/* Tells observers that others use it than before. No error where there is no such image. */
void manager_image_users_changed(Manager *manager, const char *image);
