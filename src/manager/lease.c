/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fd.h"
#include "lease.h"
#include "manager.h"

struct Lease {
        Manager *manager;
        Lease *next;
        uid_t uid;
        sd_event_source *source; /* owns our end */
};

Lease *lease_free(Lease *lease) {
        if (!lease)
                return NULL;
        for (Lease **p = &lease->manager->leases; *p; p = &(*p)->next)
                if (*p == lease) {
                        *p = lease->next;
                        break;
                }
        sd_event_source_disable_unref(lease->source);
        free(lease);
        return NULL;
}

static int on_returned(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        lease_free(userdata);
        return 0;
}

static uint64_t count(const Manager *manager, uid_t uid) {
        uint64_t n = 0;

        for (const Lease *l = manager->leases; l; l = l->next)
                n += l->uid == uid;
        return n;
}

int lease_new(Manager *manager, uid_t uid, int *ret_fd, Error *error) {
        _cleanup_fd_ int ours = -EBADF, theirs = -EBADF;
        Lease *lease;
        int pair[2], r;

        if (uid == 0) {
                *ret_fd = -EBADF;
                return 0;
        }
        if (count(manager, uid) >= manager->settings.user_sessions_max)
                return error_set(error, EBUSY, "LimitsExceeded",
                                 "user %u has %llu commands and consoles already, which is the most of one user: end some first",
                                 (unsigned) uid, (unsigned long long) manager->settings.user_sessions_max);
        if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
                return error_set_errno(error, errno, "cannot make a pipe");
        ours = pair[0];
        theirs = pair[1];

        lease = calloc(1, sizeof(*lease));
        if (!lease)
                return -ENOMEM;
        *lease = (Lease){ .manager = manager, .next = manager->leases, .uid = uid };
        manager->leases = lease;
        r = sd_event_add_io(manager->event, &lease->source, ours, EPOLLIN, on_returned, lease);
        /* What was given back counts before what is asked for after that. */
        if (r >= 0)
                r = sd_event_source_set_priority(lease->source, SD_EVENT_PRIORITY_IMPORTANT);
        if (r >= 0)
                r = sd_event_source_set_io_fd_own(lease->source, true);
        if (r < 0) {
                lease_free(lease);
                return r;
        }
        (void) TAKE_FD(ours);
        *ret_fd = TAKE_FD(theirs);
        return 0;
}
