/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One job: how it is, and its cancel. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "show.h"
#include "strv.h"

/* The path that Start() and the like answer with is taken too: scripts have it from
 * busctl. */
static int find_path(const char *word, char **ret, Error *error) {
        return bus_job_path(startswith(word, BUS_ROOT "/job/") ?: word, ret, error);
}

static int run_show(Ctl *ctl, Options *o, Error *error) {
        _cleanup_strv_ char **wanted = NULL;
        _cleanup_free_ char *path = NULL;
        Show s = { .what = "A job" };
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code != 'p')
                        s.value_only = true;
                else if (strv_extend(&wanted, value) < 0)
                        return -ENOMEM;
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the number of a job", error);
        if (r >= 0)
                r = find_path(options_rest(o)[0], &path, error);
        s.wanted = wanted;
        return r < 0 ? r : show_object(ctl, &s, path, BUS_JOB, error);
}

static int cancel(Ctl *ctl, const char *word, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = find_path(word, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_JOB, "Cancel", &m, error);
        return r < 0 ? r : bus_call(ctl, m, NULL, error);
}

static int run_cancel(Ctl *ctl, Options *o, Error *error) {
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

static const Option show_options[] = {
        { "property", 'p',   "PROPERTY", "Only this property; may be repeated" },
        { "value",    0x100, NULL,       "Values without their names"          },
        {}
};

const Verb verb_job_show = {
        .name = "job show",
        .usage = "JOB",
        .summary = "Show the properties of a job, for programs",
        .details = "JOB is a number as job list shows it and --no-wait prints it. Times are\n"
                   "microseconds since 1970, 0 where there is none. A job that has ended can be\n"
                   "shown for ten minutes, with its error where it failed.",
        .options = show_options,
        .run = run_show,
};

const Verb verb_job_cancel = {
        .name = "job cancel",
        .usage = "JOB…",
        .states = "queued running",
        .summary = "Cancel what is being done",
        .details = "JOB is a number as job list shows it and --no-wait prints it.",
        .run = run_cancel,
};
