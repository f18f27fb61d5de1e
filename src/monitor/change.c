/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "change.h"
#include "strv.h"

#define PATH_SIZE 256 /* of a file in the directory of a run */

/* What hangs longer, on a file system of the network or of the container's, is killed. */
#define TIMEOUT (10 * USEC_PER_SEC)

#define MOUNT_PROGRAM CTRD_LIBEXEC_DIR "/ctr-mount"

static int start(Change *change, char *const *argv);

static void start_next(Change *change) {
        _cleanup_strv_ char **argv = TAKE_PTR(change->next);
        int r = change_is_stuck(change) ? -ETIMEDOUT : start(change, argv);

        if (r < 0)
                change->handler(change->userdata, -r,
                                r == -ETIMEDOUT ? "an earlier change hangs on a file system that does not answer" : strerror(-r));
}

static void call_ended(void *userdata, int status, int signal) {
        char message[RUNTIME_MESSAGE_MAX];
        Change *change = userdata;

        runtime_message(change->call.text, message);
        if (change->next)
                start_next(change);
        else if (status == 0 && signal == 0)
                change->handler(change->userdata, 0, NULL);
        else if (signal > 0)
                change->handler(change->userdata, ETIMEDOUT, "it took too long, and was given up: a file system may hang");
        else
                /* The status of ctr-mount is an errno. */
                change->handler(change->userdata, change->by_runtime ? EIO : status, message[0] ? message : "for no reason that was told");
}

static int start(Change *change, char *const *argv) {
        change->by_runtime = !streq(argv[0], MOUNT_PROGRAM);
        return runtime_call(&change->call, change->loop, argv, change->by_runtime ? -1 : change->leader, TIMEOUT, call_ended, change);
}

int change_begin(Change *change, Loop *loop, const Plan *plan, const char *directory, int leader, const ChangeRequest *request,
                 ChangeHandler handler, void *userdata) {
        char root[PATH_SIZE], resources[PATH_SIZE];
        const char *const mount[] = {
                MOUNT_PROGRAM, request->kind == CHANGE_MOUNT ? "mount" : "unmount",
                strempty(request->type), strempty(request->source), strempty(request->target), strempty(request->options),
                directory, NULL,
        };
        const char *const update[] = { plan->runtime, "--root", root, "update", "--resources", resources, plan->name, NULL };
        char *const *argv = (char *const *) (request->kind == CHANGE_DEVICES ? update : mount);

        snprintf(root, sizeof(root), "%s/runtime", directory);
        snprintf(resources, sizeof(resources), "%s/resources.json", directory);
        change->loop = loop;
        change->leader = leader;
        change->handler = handler;
        change->userdata = userdata;
        if (!change_is_under_way(change))
                return start(change, argv);

        strv_free(change->next);
        change->next = strv_copy(argv);
        if (!change->next)
                return -ENOMEM;
        runtime_call_kill(&change->call);
        return 0;
}

bool change_is_under_way(const Change *change) {
        return runtime_call_is_running(&change->call);
}

bool change_is_stuck(Change *change) {
        return runtime_call_is_stuck(&change->call);
}

void change_end(Change *change) {
        bool was_under_way = change_is_under_way(change);

        runtime_call_clear(&change->call);
        change->next = strv_free(change->next);
        if (was_under_way)
                change->handler(change->userdata, ESRCH, "The container ended before it was changed.");
}
