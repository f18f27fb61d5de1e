/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What there is: containers, images, templates, jobs. */

#include <stdio.h>

#include "bus.h"
#include "clock.h"
#include "ctl.h"
#include "format.h"
#include "object.h"
#include "strv.h"
#include "table.h"

static int no_memory(Error *error) {
        return error_set_errno(error, ENOMEM, "Cannot make a table");
}

/* The options and words of a verb that takes none of its own. */
static int no_words(Options *o, Error *error) {
        int r = options_finish(o, error);

        return r < 0 ? r : options_check_rest(o, 0, 0, "nothing", error);
}

static int print_list(Ctl *ctl, const ObjectList *l, const Column *columns, int (*fill)(Ctl *ctl, Table *t, const Object *o),
                      Error *error) {
        _cleanup_(table_freep) Table *t = NULL;
        int r = table_new(&t, ctl, columns, error);

        if (r < 0)
                return r;
        for (size_t i = 0; i < l->n; i++)
                if (table_add_row(t) < 0 || fill(ctl, t, &l->objects[i]) < 0)
                        return no_memory(error);
        return table_print(t, error);
}

/* All objects of an interface. */
static int print_objects(Ctl *ctl, const char *interface, const Column *columns,
                         int (*fill)(Ctl *ctl, Table *t, const Object *o), Error *error) {
        _cleanup_(object_list_clear) ObjectList l = {};
        int r = object_list_read(ctl, interface, &l, error);

        return r < 0 ? r : print_list(ctl, &l, columns, fill, error);
}

static const Column container_columns[] = {
        { "name" }, { "state" }, { "image" }, { "addresses", COLUMN_LIST }, { "leader", COLUMN_NUMBER }, { "privileged", COLUMN_BOOLEAN }, {}
};

static int fill_container(Ctl *ctl, Table *t, const Object *o) {
        uint64_t leader = object_number(o, "Leader");
        int r = table_set(t, 0, object_text(o, "Name"));

        if (r >= 0)
                r = table_set(t, 1, object_text(o, "State"));
        if (r >= 0)
                r = table_set(t, 2, object_text(o, "Image"));
        if (r >= 0)
                r = table_set_list(t, 3, object_strings(o, "Addresses"));
        if (r >= 0)
                r = table_set(t, 5, object_number(o, "Privileged") ? "yes" : "no");
        if (r >= 0)
                r = leader > 0 ? table_set_number(t, 4, leader) : table_set(t, 4, NULL);
        return r;
}

static int run_list(Ctl *ctl, Options *o, Error *error) {
        static const char *const shown[] = { "Name", "State", "Image", "Addresses", "Leader", "Privileged", NULL };
        _cleanup_(object_list_clear) ObjectList l = {};
        int r = no_words(o, error);

        if (r >= 0)
                r = object_list_read_containers(ctl, shown, &l, error);
        return r < 0 ? r : print_list(ctl, &l, container_columns, fill_container, error);
}

static const Column image_columns[] = {
        { "id" }, { "template" }, { "variant" }, { "os" }, { "created", COLUMN_NUMBER }, { "size", COLUMN_NUMBER }, { "containers", COLUMN_LIST }, {}
};

static int fill_image(Ctl *ctl, Table *t, const Object *o) {
        uint64_t size = object_number(o, "Size"), created = object_number(o, "CreatedAt");
        char text[FORMAT_MAX];
        int r = table_set(t, 0, object_text(o, "ID"));

        if (r >= 0)
                r = table_set(t, 1, object_text(o, "Template"));
        if (r >= 0)
                r = table_set(t, 2, object_text(o, "Variant"));
        if (r >= 0)
                r = table_set(t, 3, object_text(o, "OSName"));
        if (r >= 0)
                r = ctl->json ? table_set_number(t, 4, created) : table_set(t, 4, created > 0 ? format_timestamp(text, created) : NULL);
        if (r >= 0)
                r = ctl->json ? table_set_number(t, 5, size) : table_set(t, 5, format_bytes(text, size));
        if (r >= 0)
                r = table_set_list(t, 6, object_strings(o, "Containers"));
        return r;
}

static int run_image_list(Ctl *ctl, Options *o, Error *error) {
        int r = no_words(o, error);

        return r < 0 ? r : print_objects(ctl, BUS_IMAGE, image_columns, fill_image, error);
}

static const Column job_columns[] = {
        { "job", COLUMN_NUMBER }, { "kind" }, { "container" }, { "state" }, { "progress", COLUMN_NUMBER }, { "started", COLUMN_NUMBER },
        { "ended", COLUMN_NUMBER }, { "message" }, {}
};
static const Column job_json_columns[] = {
        { "job", COLUMN_NUMBER }, { "kind" }, { "container" }, { "state" }, { "progress", COLUMN_NUMBER }, { "started", COLUMN_NUMBER },
        { "ended", COLUMN_NUMBER }, { "message" }, { "error_name" }, { "error_message" }, {}
};

/* When it was, or nothing where it was not. */
static int set_time(Ctl *ctl, Table *t, size_t column, uint64_t usec) {
        char text[FORMAT_MAX];

        if (usec == 0)
                return table_set(t, column, NULL);
        return ctl->json ? table_set_number(t, column, usec)
                         : table_set(t, column, format_ago(text, usec, now_usec(CLOCK_REALTIME)));
}

static int fill_job(Ctl *ctl, Table *t, const Object *o) {
        const char *message = object_text(o, "Message"), *failure = object_text(o, "ErrorMessage");
        _cleanup_free_ char *id = NULL;
        int r = bus_path_name(o->path, BUS_ROOT "/job", &id);

        if (r >= 0)
                r = table_set(t, 0, id);
        if (r >= 0)
                r = table_set(t, 1, object_text(o, "Kind"));
        if (r >= 0)
                r = table_set(t, 2, object_text(o, "Container"));
        if (r >= 0)
                r = table_set(t, 3, object_text(o, "State"));
        if (r >= 0)
                r = table_set_number(t, 4, object_number(o, "Progress"));
        if (r >= 0)
                r = set_time(ctl, t, 5, object_number(o, "StartedAt"));
        if (r >= 0)
                r = set_time(ctl, t, 6, object_number(o, "EndedAt"));
        if (!ctl->json)
                return r < 0 ? r : table_set(t, 7, object_number(o, "EndedAt") > 0 ? failure : message);
        if (r >= 0)
                r = table_set(t, 7, message);
        if (r >= 0)
                r = table_set(t, 8, object_text(o, "ErrorName"));
        if (r >= 0)
                r = table_set(t, 9, failure);
        return r;
}

static int run_job_list(Ctl *ctl, Options *o, Error *error) {
        int r = no_words(o, error);

        return r < 0 ? r : print_objects(ctl, BUS_JOB, ctl->json ? job_json_columns : job_columns, fill_job, error);
}

static const Column template_columns[] = {
        { "name" }, { "description" }, { "variants", COLUMN_LIST }, {}
};

/* A row of a(ssas). 0 at the end. */
static int read_template(sd_bus_message *m, Table *t) {
        _cleanup_strv_ char **variants = NULL;
        const char *name, *description;
        int r = sd_bus_message_enter_container(m, 'r', "ssas");

        if (r <= 0)
                return r;
        r = sd_bus_message_read(m, "ss", &name, &description);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &variants);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        if (table_add_row(t) < 0 || table_set(t, 0, name) < 0 || table_set(t, 1, description) < 0 ||
            table_set_list(t, 2, variants) < 0)
                return -ENOMEM;
        return 1;
}

static int run_template_list(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        int r = no_words(o, error);

        if (r >= 0)
                r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "ListTemplates", &m, error);
        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r >= 0)
                r = table_new(&t, ctl, template_columns, error);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(ssas)");
        while (r > 0)
                r = read_template(reply, t);
        return r < 0 ? bus_message_error(error, r) : table_print(t, error);
}

const Verb verb_list = {
        .name = "list",
        .usage = "",
        .summary = "List all containers, whether they run or not",
        .run = run_list,
};

const Verb verb_image_list = {
        .name = "image list",
        .usage = "",
        .summary = "List the images that containers are made from",
        .run = run_image_list,
};

const Verb verb_template_list = {
        .name = "template list",
        .usage = "",
        .summary = "List the templates that images are made from",
        .run = run_template_list,
};

const Verb verb_job_list = {
        .name = "job list",
        .usage = "",
        .summary = "List what is being done, and what was done lately",
        .details = "What has ended stays in the list for ten minutes, as long as it is among the last\n"
                   "256; see ctrd.conf(5). The message is the error's where it failed.",
        .run = run_job_list,
};
