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

static int print_setting(const Show *s, Table *t, const char *section, const char *key, const char *value, const char *file) {
        if (!show_is_wanted(s, key))
                return 1;
        if (!t) {
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

/* Those from *next on up to a key, or all that are left. */
static int print_defaults(const Show *s, Table *t, size_t *next, const char *key) {
        for (; *next < settings_keys() && !(key && streq(settings_key(*next).key, key)); (*next)++) {
                SettingInfo info = settings_key(*next);
                _cleanup_strv_ char **values = NULL;
                int r = settings_default(info.key, &values);

                if (r >= 0)
                        r = print_setting(s, t, info.section, info.key, values ? values[0] : "", "default");
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool key_exists(const char *key) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key))
                        return true;
        return false;
}

/* ctrd answers in the order of the table; several rows may have one key. */
static int read_settings(sd_bus_message *m, const Show *s, Table *t, bool effective) {
        const char *section, *key, *value, *file;
        size_t next = 0;
        int r;

        while ((r = sd_bus_message_read(m, "(ssss)", &section, &key, &value, &file)) > 0) {
                bool again = next > 0 && streq(settings_key(next - 1).key, key);

                /* A ctrd of another version may have keys that are not known here. */
                if (effective && !again && key_exists(key)) {
                        r = print_defaults(s, t, &next, key);
                        if (next < settings_keys())
                                next++;
                }
                if (r >= 0)
                        r = print_setting(s, t, section, key, value, file);
                if (r < 0)
                        return r;
        }
        return r >= 0 && effective ? print_defaults(s, t, &next, NULL) : r;
}

static int show_settings(Ctl *ctl, const Show *s, const char *name, bool effective, Error *error) {
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
        if (r >= 0)
                r = read_settings(reply, s, t, effective);
        if (r < 0)
                return bus_message_error(error, r);
        return t ? table_print(t, error) : 0;
}

static int run_show(Ctl *ctl, Options *o, Error *error) {
        _cleanup_strv_ char **wanted = NULL;
        bool settings = false, effective = false;
        const char *value;
        Show s = { .what = "A container" };
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 'p') {
                        if (strv_extend(&wanted, value) < 0)
                                return -ENOMEM;
                } else if (code == 's')
                        settings = true;
                else if (code == 'e')
                        settings = effective = true;
                else
                        s.value_only = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the name of a container", error);
        if (r < 0)
                return r;
        s.wanted = wanted;
        return settings ? show_settings(ctl, &s, options_rest(o)[0], effective, error)
                        : show_properties(ctl, &s, options_rest(o)[0], error);
}

static const Option options[] = {
        { "settings", 's',   NULL,       "Its settings that are no defaults, each with the file that it came from" },
        { "effective", 'e',  NULL,       "The same with the defaults"                                              },
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
                return show_settings(ctl, &(Show){ .wanted = options_rest(o) + 1 }, options_rest(o)[0], false, error);
        /* In the order in which they were asked for. */
        STRV_FOREACH(key, options_rest(o) + 1) {
                char *one[] = { *key, NULL };

                r = show_settings(ctl, &(Show){ .wanted = one, .value_only = true }, options_rest(o)[0], false, error);
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
