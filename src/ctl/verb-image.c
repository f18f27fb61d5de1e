/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is done to images and jobs. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "job-wait.h"
#include "parse.h"

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

static int cancel(Ctl *ctl, const char *word, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        char path[64];
        uint32_t id;
        int r;

        /* A number, or the path that --no-wait prints. */
        if (parse_u32(startswith(word, BUS_ROOT "/job/") ?: word, &id) < 0)
                return error_set(error, EINVAL, NULL, "%.100s is no job: see ctrctl job list", word);
        /* Digits first are escaped in paths: sd_bus_path_encode(3). */
        _cleanup_free_ char *encoded = NULL;
        snprintf(path, sizeof(path), "%u", id);
        r = sd_bus_path_encode(BUS_ROOT "/job", path, &encoded);
        if (r < 0)
                return error_set_errno(error, r, "Cannot address job %s", path);
        r = bus_method(ctl, encoded, BUS_JOB, "Cancel", &m, error);
        return r < 0 ? r : bus_call(ctl, m, NULL, error);
}

static int run_job_cancel(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error), status = EXIT_SUCCESS;
        char **words;

        if (r >= 0)
                r = options_check_rest(o, 1, SIZE_MAX, "the number of a job", error);
        if (r < 0)
                return r;
        words = options_rest(o);
        if (!words[1])
                return cancel(ctl, words[0], error);
        for (; *words; words++) {
                _cleanup_error_ Error failure = ERROR_INIT;

                if (cancel(ctl, *words, &failure) < 0) {
                        fprintf(stderr, "ctrctl: %s: %s\n", *words, error_message(&failure));
                        status = STATUS_FAILURE;
                }
        }
        return status;
}

const Verb verb_image_remove = {
        .name = "image remove",
        .usage = "ID…",
        .summary = "Remove images that no container uses",
        .run = run_image_remove,
};

const Verb verb_job_cancel = {
        .name = "job cancel",
        .usage = "JOB…",
        .summary = "Cancel what is being done",
        .details = "JOB is a number as job list shows it, or the path that --no-wait prints.",
        .run = run_job_cancel,
};
