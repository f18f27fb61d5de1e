/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is done to images. */

#include "bus.h"
#include "ctl.h"
#include "job-wait.h"

static int begin_remove(Ctl *ctl, JobWait *w, const char *id, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_image_path(id, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_IMAGE, "Remove", &m, error);
        return r < 0 ? r : job_wait_call(w, m, id, error);
}

static int run_image_remove(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 1, SIZE_MAX, "the id of an image", error);
        if (r >= 0)
                r = job_wait_new(&w, ctl, JOB_INTERRUPT_DETACH, error);
        if (r < 0)
                return r;
        for (char **id = options_rest(o); *id; id++) {
                _cleanup_error_ Error failure = ERROR_INIT;

                if (begin_remove(ctl, w, *id, &failure) < 0)
                        job_wait_failed(w, *id, &failure);
        }
        return job_wait_run(w, error);
}

const Verb verb_image_remove = {
        .name = "image remove",
        .usage = "ID…",
        .summary = "Remove images that no container uses",
        .run = run_image_remove,
};
