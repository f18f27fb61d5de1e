/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cgroup.h"
#include "cgroup-events.h"
#include "fd.h"
#include "freezer.h"

static void end_wait(Freezer *freezer) {
        cgroup_watch_end(&freezer->watch);
        timer_disarm(&freezer->deadline);
}

static void freezer_end(Freezer *freezer, int r) {
        end_wait(freezer);
        if (r < 0)
                (void) freezer_thaw(freezer);
        else
                freezer->state = FREEZER_FROZEN;
        freezer->handler(freezer->userdata, r);
}

static void group_frozen(void *userdata, bool gone);

static int wait_for(Freezer *freezer, int cgroup) {
        return cgroup_watch(&freezer->watch, freezer->loop, cgroup, "frozen 1", group_frozen, freezer);
}

/* One group after the other, until none is left: the deadline bounds it, and the guest,
 * who makes groups, stands still more and more. */
static void group_frozen(void *userdata, bool gone) {
        Freezer *freezer = userdata;
        _cleanup_fd_ int thawed = cgroup_find_thawed(freezer->cgroup);
        int r;

        if (thawed == -ENOENT) {
                r = cgroup_is_frozen(freezer->cgroup);
                if (r > 0) {
                        /* So is a group in which nobody is left. */
                        freezer_end(freezer, cgroup_is_populated(freezer->cgroup) > 0 ? 0 : -ESRCH);
                        return;
                }
        } else
                r = thawed < 0 ? thawed : wait_for(freezer, thawed);
        /* Something has changed between two looks: from the top again. */
        if (r == 0 ? thawed < 0 : r == -ENOENT || r == -ENODEV)
                r = wait_for(freezer, freezer->cgroup);
        if (r < 0)
                freezer_end(freezer, r == -ENOENT || r == -ENODEV ? -ESRCH : r);
}

static void deadline_came(void *userdata) {
        freezer_end(userdata, -ETIMEDOUT);
}

int freezer_freeze(Freezer *freezer, Loop *loop, int cgroup, uint64_t timeout, FreezerHandler handler, void *userdata) {
        int r;

        if (freezer->state != FREEZER_THAWED)
                return -EBUSY;
        freezer->loop = loop;
        freezer->cgroup = cgroup;
        freezer->handler = handler;
        freezer->userdata = userdata;

        r = cgroup_write(cgroup, "cgroup.freeze", "1");
        if (r < 0)
                return r == -ENOENT ? -EOPNOTSUPP : r;
        freezer->state = FREEZER_FREEZING;
        r = wait_for(freezer, cgroup);
        if (r >= 0)
                r = timer_arm(&freezer->deadline, loop, timeout, deadline_came, freezer);
        if (r < 0)
                (void) freezer_thaw(freezer);
        return r;
}

int freezer_thaw(Freezer *freezer) {
        int r;

        if (freezer->state == FREEZER_THAWED)
                return 0;
        r = cgroup_write(freezer->cgroup, "cgroup.freeze", "0");
        /* Nobody is frozen in a group that has gone. */
        if (r < 0 && r != -ENODEV && r != -ENOENT)
                return r;
        end_wait(freezer);
        freezer->state = FREEZER_THAWED;
        return 0;
}
