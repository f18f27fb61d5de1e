/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What of a host is in the way of containers, and what to do. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "host-check.h"
#include "remote.h"
#include "table.h"

static const Column columns[] = { { "level" }, { "check" }, { "state" }, { "advice" }, {} };

/* What ctrd sees with root's eyes. */
static int ask_ctrd(Ctl *ctl, FindingList *l, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *level, *check, *state, *advice;
        int r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "Diagnose", &m, error);

        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(ssss)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ssss)", &level, &check, &state, &advice)) > 0) {
                FindingLevel known = finding_level_from_string(level);

                finding_add(l, known >= 0 ? known : FINDING_WARNING, check, advice, "%s", state);
        }
        return r < 0 ? bus_message_error(error, r) : 0;
}

static int print_table(Ctl *ctl, const FindingList *l, Error *error) {
        _cleanup_(table_freep) Table *t = NULL;
        int r = table_new(&t, ctl, columns, error);

        for (size_t i = 0; i < l->n && r >= 0; i++) {
                const char *const cells[] = { finding_level_to_string(l->items[i].level), l->items[i].check, l->items[i].state,
                                              l->items[i].advice };

                r = table_add_row(t);
                for (size_t k = 0; k < ELEMENTSOF(cells) && r >= 0; k++)
                        r = table_set(t, k, cells[k]);
        }
        return r < 0 ? error_set_errno(error, r, "Cannot make a table") : table_print(t, error);
}

/* A paragraph each, the worst first: sentences of this length make no table. */
static void print_page(const FindingList *l, bool all) {
        for (int level = _FINDING_LEVEL_MAX - 1; level >= (all ? FINDING_OK : FINDING_HINT); level--)
                for (size_t i = 0; i < l->n; i++) {
                        const Finding *f = &l->items[i];

                        if ((int) f->level != level)
                                continue;
                        printf("%-8s %s: %s\n", finding_level_to_string(f->level), f->check, f->state);
                        if (*f->advice)
                                printf("         %s\n", f->advice);
                }
}

static int run_doctor(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(finding_list_clear) FindingList l = {};
        _cleanup_error_ Error failure = ERROR_INIT;
        size_t counts[_FINDING_LEVEL_MAX] = {};
        const char *value;
        bool all = false;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                all = true;
        r = code < 0 ? code : options_check_rest(o, 0, 0, "nothing", error);
        if (r < 0)
                return r;
        if (ctl->host)
                return remote_run(ctl, false, error);

        host_check(ctl, &l);
        if (ask_ctrd(ctl, &l, &failure) < 0)
                finding_add(&l, FINDING_ERROR, "ctrd", "journalctl -u ctrd.service has its words", "%s", error_message(&failure));
        for (size_t i = 0; i < l.n; i++)
                counts[l.items[i].level]++;

        if (ctl->json)
                r = print_table(ctl, &l, error);
        else {
                print_page(&l, all);
                if (!ctl->quiet)
                        printf("%zu errors, %zu warnings, %zu hints, %zu checks without a finding.\n", counts[FINDING_ERROR],
                               counts[FINDING_WARNING], counts[FINDING_HINT], counts[FINDING_OK]);
        }
        return r < 0 ? r : counts[FINDING_ERROR] + counts[FINDING_WARNING] > 0 ? STATUS_FAILURE : EXIT_SUCCESS;
}

static const Option options[] = {
        { "all", 'a', NULL, "What is as it should be too" },
        {}
};

const Verb verb_doctor = {
        .name = "doctor",
        .usage = "",
        .summary = "Look at the host for what is in the way of containers",
        .details = "Says of each finding what to do. An error keeps all containers from working, a\n"
                   "warning is of something that does not work or was left behind, a hint of what could\n"
                   "be better, or is not enough for many containers. The exit status is 1 where there is\n"
                   "an error or a warning. Nothing is changed. Root sees more.",
        .options = options,
        .run = run_doctor,
};
