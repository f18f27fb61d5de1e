/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What confines a container, layer by layer. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "table.h"

#define LABEL "%20s: "

static const Column columns[] = { { "layer" }, { "value" }, { "source" }, {} };

/* A page for people: values are lists of any length, which no table would hold. A
 * label of a security module comes from the container in part. */
static void print_row(const char *layer, const char *value, const char *source) {
        printf(LABEL, layer);
        for (; *value; value++)
                putchar((unsigned char) *value < ' ' || *value == 0x7f ? '?' : *value);
        printf("  # %s\n", source);
}

static int read_row(sd_bus_message *m, Table *t) {
        const char *layer, *value, *source;
        int r = sd_bus_message_read(m, "(sss)", &layer, &value, &source);

        if (r <= 0)
                return r;
        if (!t) {
                print_row(layer, value, source);
                return 1;
        }
        if (table_add_row(t) < 0 || table_set(t, 0, layer) < 0 || table_set(t, 1, value) < 0 || table_set(t, 2, source) < 0)
                return -ENOMEM;
        return 1;
}

static int run_security(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = options_finish(o, error);
        if (r >= 0)
                r = options_check_rest(o, 1, 1, "the name of a container", error);
        if (r >= 0)
                r = bus_container_path(options_rest(o)[0], &path, error);
        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "GetSecurity", &m, error);
        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r >= 0 && ctl->json)
                r = table_new(&t, ctl, columns, error);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sss)");
        while (r > 0)
                r = read_row(reply, t);
        if (r < 0)
                return bus_message_error(error, r);
        return t ? table_print(t, error) : 0;
}

const Verb verb_security = {
        .name = "security",
        .usage = "NAME",
        .summary = "Show what confines a container, and where each part comes from",
        .details = "Namespaces, ids, capabilities, system calls, labels and devices, as a start would\n"
                   "have them now; of a container that runs, also what the kernel says of its init.",
        .run = run_security,
};
