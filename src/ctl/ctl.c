/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>

#include "ctl.h"

/* Finds the verb that the words name. Returns how many words it has: 1, 2, or 0
 * for none; with -1 the first word is right and the second is not. */
static int find_verb(char **words, const Verb **ret) {
        bool half = false;

        for (const Verb *const *v = verbs; *v; v++) {
                const char *second = strchr((*v)->name, ' ');
                size_t n = second ? (size_t) (second - (*v)->name) : strlen((*v)->name);

                if (strncmp(words[0], (*v)->name, n) != 0 || words[0][n] != 0)
                        continue;
                if (!second) {
                        *ret = *v;
                        return 1;
                }
                half = true;
                if (words[1] && streq(words[1], second + 1)) {
                        *ret = *v;
                        return 2;
                }
        }
        return half ? -1 : 0;
}

/* "ctrctl image" and "ctrctl image --help": what there is. */
static int explain_group(char **words, Error *error) {
        size_t n = strlen(words[0]);

        if (words[1] && (streq(words[1], "--help") || streq(words[1], "-h"))) {
                for (const Verb *const *v = verbs; *v; v++)
                        if (strncmp((*v)->name, words[0], n) == 0 && (*v)->name[n] == ' ')
                                printf("ctrctl %s %s\n        %s.\n", (*v)->name, (*v)->usage, (*v)->summary);
                return EXIT_SUCCESS;
        }
        if (words[1])
                return error_set(error, EINVAL, "Usage", "there is no verb \"%.50s %.50s\"", words[0], words[1]);
        return error_set(error, EINVAL, "Usage", "\"%.50s\" needs to be told what to do", words[0]);
}

static int run(Ctl *ctl, int argc, char **argv, const Verb **ret_verb, Error *error) {
        _cleanup_(options_freep) Options *front = NULL, *options = NULL;
        char **words;
        int n, r;

        r = options_new(&front, ctl, NULL, argc, argv);
        if (r < 0)
                return r;
        r = options_finish(front, error);
        if (r < 0)
                return r;
        words = options_rest(front);
        if (!words[0])
                return error_set(error, EINVAL, "Usage", "a verb is missing");

        n = find_verb(words, ret_verb);
        if (n == 0)
                return error_set(error, EINVAL, "Usage", "there is no verb \"%.100s\"", words[0]);
        if (n < 0)
                return explain_group(words, error);

        ctl->tail = words;
        words += n - 1;
        argc -= (int) (words - argv);
        r = options_new(&options, ctl, *ret_verb, argc, words);
        return r < 0 ? r : (*ret_verb)->run(ctl, options, error);
}

int ctl_main(int argc, char **argv, void (*end)(Ctl *ctl)) {
        _cleanup_error_ Error error = ERROR_INIT;
        const Verb *verb = NULL;
        Ctl ctl = { .argv = argv };
        int r;

        /* Writing to a pager that was left shall fail, not kill: a terminal may
         * have to be put right. */
        signal(SIGPIPE, SIG_IGN);

        r = run(&ctl, argc, argv, &verb, &error);
        if (end)
                end(&ctl);
        if (r >= 0) {
                if (fflush(stdout) != 0 && errno != EPIPE) {
                        fprintf(stderr, "ctrctl: Cannot write the output: %s\n", strerror(errno));
                        return r ?: STATUS_FAILURE;
                }
                return r;
        }
        if (r == -ECANCELED && !error_is_set(&error))
                return EXIT_SUCCESS; /* help */

        error_set_errno(&error, r, "Cannot do that"); /* where nobody said more */
        if (error_has_name(&error, "Usage")) {
                fprintf(stderr, "ctrctl: %s; see ctrctl%s%s --help\n", error_message(&error), verb ? " " : "", verb ? verb->name : "");
                return STATUS_USAGE;
        }
        fprintf(stderr, "ctrctl: %s\n", error_message(&error));
        if (verb && verb->status_no_container && error_has_name(&error, "NoSuchContainer"))
                return verb->status_no_container;
        if (verb && verb->status_failed)
                return verb->status_failed;
        return STATUS_FAILURE;
}
