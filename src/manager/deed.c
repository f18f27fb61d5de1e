/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "deed.h"
#include "strv.h"

/* Whether the sender of a message owns the container, or with NULL any. */
static int sender_owns(Manager *manager, sd_bus_message *m, const Container *container, Owner *ret) {
        _cleanup_(owner_clear) Owner owner = {};
        const Container *c;
        bool owns = false;
        uid_t uid;
        int r;

        /* root needs none of this, and most containers have no owner. */
        if (container && !container->settings->owners)
                return false;
        r = authority_user(manager->authority, m, &uid);
        if (r < 0 || uid == 0)
                return r < 0 ? r : false;
        r = owner_load(uid, &owner);
        if (r < 0)
                return r;
        if (container)
                owns = owner_has(&owner, container);
        else
                MAP_FOREACH(c, &manager->containers)
                        owns = owns || owner_has(&owner, c);
        if (owns && ret) {
                *ret = owner;
                owner = (Owner){};
        }
        return owns;
}

int deed_authorize(Manager *manager, sd_bus_message *m, const Deed *deed, sd_bus_error *error) {
        const Container *container = map_get(&manager->containers, deed->container);
        _cleanup_free_ char *owners = container ? strv_join(container->settings->owners, " ") : NULL;
        const char *details[11] = {
                "container", deed->container, "verb", deed->verb, "owner", strempty(owners),
        };
        AuthorityWay ways[2];
        size_t n = 0;
        int own = deed->own;

        if (container && !owners)
                return -ENOMEM;
        if (deed->new_name) {
                details[6] = "new-name";
                details[7] = deed->new_name;
        } else if (deed->user) {
                details[6] = "user";
                details[7] = deed->user;
                details[8] = "command";
                details[9] = strempty(deed->command);
        } else if (deed->path) {
                details[6] = "path";
                details[7] = deed->path;
        }
        if (!own && container && !deed->foreign && owner_may(deed->verb))
                own = sender_owns(manager, m, container, NULL);
        if (own < 0)
                return own;
        if (own)
                ways[n++] = (AuthorityWay){ ACTION_OWN, true };
        ways[n++] = (AuthorityWay){ deed->action, false };
        return authority_check(manager->authority, m, ways, n, details, error);
}

/* Whether it was done to one that had the container's name before. */
static bool is_of_former(const Job *job, const Container *container) {
        return job_has_ended(job) && container->identity.created_usec > job->ended_usec;
}

int deed_authorize_job(Manager *manager, sd_bus_message *m, const Job *job, const Deed *deed, sd_bus_error *error) {
        const Container *container;
        Deed of_job = *deed;
        uid_t uid;
        int r = authority_user(manager->authority, m, &uid);

        if (r < 0)
                return r;
        container = map_get(&manager->containers, job->container);
        of_job.container = container && is_of_former(job, container) ? "" : job->container;
        of_job.own = job->uid == uid;
        return deed_authorize(manager, m, &of_job, error);
}

Viewer *viewer_free(Viewer *viewer) {
        if (!viewer)
                return NULL;
        owner_clear(&viewer->owner);
        free(viewer);
        return NULL;
}

bool viewer_sees(const Viewer *viewer, const Container *container) {
        return !viewer || owner_has(&viewer->owner, container);
}

bool viewer_sees_job(const Viewer *viewer, const Job *job) {
        const Container *container = map_get(&job->manager->containers, job->container);

        return !viewer || job->uid == viewer->owner.uid || (container && !is_of_former(job, container) && owner_has(&viewer->owner, container));
}

int deed_authorize_view(Manager *manager, sd_bus_message *m, const char *verb, Viewer **ret, sd_bus_error *error) {
        /* Nobody who has what is their own is asked for a password to see more. */
        static const AuthorityWay owner_ways[] = {
                { ACTION_INSPECT, true },
                { ACTION_OWN, true },
                { ACTION_INSPECT, false },
        };
        const char *const details[] = { "container", "", "verb", verb, "owner", "", NULL };
        _cleanup_(owner_clear) Owner owner = {};
        Viewer *viewer = NULL;
        int owns, r;

        owns = sender_owns(manager, m, NULL, &owner);
        if (owns < 0)
                return owns;
        r = owns ? authority_check(manager->authority, m, owner_ways, ELEMENTSOF(owner_ways), details, error)
                 : authority_check(manager->authority, m, owner_ways + 2, 1, details, error);
        if (r <= 0)
                return r;
        if (owns && r == 2) {
                viewer = calloc(1, sizeof(*viewer));
                if (!viewer)
                        return -ENOMEM;
                viewer->owner = owner;
                owner = (Owner){};
        }
        *ret = viewer;
        return 1;
}
