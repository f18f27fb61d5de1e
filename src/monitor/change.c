/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "change.h"

#define PATH_SIZE 256 /* of a file in the directory of a run */

/* What hangs longer, on a file system of the network or of the container's, is killed. */
#define TIMEOUT (10 * USEC_PER_SEC)

static void call_ended(void *userdata, int status, int signal) {
        char message[RUNTIME_MESSAGE_MAX];
        Change *change = userdata;

        runtime_message(change->call.text, message);
        if (status == 0 && signal == 0)
                change->handler(change->userdata, 0, NULL);
        else if (signal > 0)
                change->handler(change->userdata, ETIMEDOUT, "it took too long, and was given up: a file system may hang");
        else
                /* The status of ctr-mount is an errno. */
                change->handler(change->userdata, change->by_runtime ? EIO : status, message[0] ? message : "for no reason that was told");
}

int change_begin(Change *change, Loop *loop, const Plan *plan, const char *directory, int leader, const ChangeRequest *request,
                 ChangeHandler handler, void *userdata) {
        char root[PATH_SIZE], resources[PATH_SIZE];
        const char *const mount[] = {
                CTRD_LIBEXEC_DIR "/ctr-mount", request->kind == CHANGE_MOUNT ? "mount" : "unmount",
                strempty(request->type), strempty(request->source), strempty(request->target), strempty(request->options),
                directory, NULL,
        };
        const char *const update[] = { plan->runtime, "--root", root, "update", "--resources", resources, plan->name, NULL };

        if (change_is_under_way(change))
                return -EBUSY;
        snprintf(root, sizeof(root), "%s/runtime", directory);
        snprintf(resources, sizeof(resources), "%s/resources.json", directory);
        change->handler = handler;
        change->userdata = userdata;
        change->by_runtime = request->kind == CHANGE_DEVICES;
        return runtime_call(&change->call, loop, (char *const *) (change->by_runtime ? update : mount),
                            change->by_runtime ? -1 : leader, TIMEOUT, call_ended, change);
}

bool change_is_under_way(const Change *change) {
        return runtime_call_is_running(&change->call);
}

void change_end(Change *change) {
        bool was_under_way = change_is_under_way(change);

        runtime_call_clear(&change->call);
        if (was_under_way)
                change->handler(change->userdata, ESRCH, "The container ended before it was changed.");
}
