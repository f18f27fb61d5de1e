/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Properties and settings of a container, for programs. */

#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "settings.h"
#include "show.h"
#include "strv.h"
#include "table.h"

static int show_properties(Ctl *ctl, const Show *s, const char *name, Error *error) {
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        return r < 0 ? r : show_object(ctl, s, path, BUS_CONTAINER, error);
}

static const Column settings_columns[] = {
        { "section" }, { "key" }, { "value" }, { "file" }, {}
};

static int read_setting(sd_bus_message *m, const Ctl *ctl, const Show *s, Table *t) {
        const char *section, *key, *value, *file;
        int r = sd_bus_message_read(m, "(ssss)", &section, &key, &value, &file);

        if (r <= 0 || !show_is_wanted(s, key))
                return r;
        if (!ctl->json) {
                if (!s->value_only)
                        printf("%s.%s=", section, key);
                if (!isempty(file) && !s->value_only)
                        printf("%s  # %s\n", value, file);
                else
                        show_value(value);
                return 1;
        }
        if (table_add_row(t) < 0 || table_set(t, 0, section) < 0 || table_set(t, 1, key) < 0 || table_set(t, 2, value) < 0 ||
            table_set(t, 3, file) < 0)
                return -ENOMEM;
        return 1;
}

static int show_settings(Ctl *ctl, const Show *s, const char *name, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "GetSettings", &m, error);
        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r >= 0 && ctl->json)
                r = table_new(&t, ctl, settings_columns, error);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(ssss)");
        while (r > 0)
                r = read_setting(reply, ctl, s, t);
        if (r < 0)
                return bus_message_error(error, r);
        return t ? table_print(t, error) : 0;
}

static int run_show(Ctl *ctl, Options *o, Error *error) {
        _cleanup_strv_ char **wanted = NULL;
        bool settings = false;
        const char *value;
        Show s = { .what = "A container" };
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 'p') {
                        if (strv_extend(&wanted, value) < 0)
                                return -ENOMEM;
                } else if (code == 's')
                        settings = true;
                else
                        s.value_only = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the name of a container", error);
        if (r < 0)
                return r;
        s.wanted = wanted;
        return settings ? show_settings(ctl, &s, options_rest(o)[0], error) : show_properties(ctl, &s, options_rest(o)[0], error);
}

static const Option options[] = {
        { "settings", 's',   NULL,       "Its settings that are no defaults, each with the file that it came from" },
        { "property", 'p',   "PROPERTY", "Only this property, or setting; may be repeated"                         },
        { "value",    0x100, NULL,       "Values without their names"                                              },
        {}
};

const Verb verb_show = {
        .name = "show",
        .usage = "NAME",
        .summary = "Show the properties of a container, for programs",
        .details = "Times are microseconds since 1970. What they mean is in org.ctrd1(5), and in\n"
                   "ctr.conf(5) for --settings.",
        .options = options,
        .run = run_show,
};

static bool key_exists(const char *key) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key))
                        return true;
        return false;
}

static int run_get(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 2, SIZE_MAX, "the name of a container, and keys of settings", error);
        if (r < 0)
                return r;
        STRV_FOREACH(key, options_rest(o) + 1)
                if (!key_exists(*key))
                        return error_set(error, EINVAL, NULL, "There is no setting %.100s=: see ctr.conf(5)", *key);
        if (ctl->json)
                return show_settings(ctl, &(Show){ .wanted = options_rest(o) + 1 }, options_rest(o)[0], error);
        /* In the order in which they were asked for. */
        STRV_FOREACH(key, options_rest(o) + 1) {
                char *one[] = { *key, NULL };

                r = show_settings(ctl, &(Show){ .wanted = one, .value_only = true }, options_rest(o)[0], error);
                if (r < 0)
                        return r;
        }
        return 0;
}

const Verb verb_get = {
        .name = "get",
        .usage = "NAME KEY…",
        .summary = "Print settings of a container",
        .details = "Their values alone, a line each, as they are for the next start; nothing for a\n"
                   "default. show --settings prints all that are none.",
        .run = run_get,
};
