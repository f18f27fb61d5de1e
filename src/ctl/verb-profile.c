/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Profiles: settings that many containers share. */

#include <stdio.h>
#include <unistd.h>

#include "bus.h"
#include "editor.h"
#include "fd.h"
#include "name.h"
#include "object.h"
#include "pending.h"
#include "strv.h"
#include "table.h"

#define TEXT_MAX (64 * 1024) /* as ctrd has it */

static const Column columns[] = {
        { "name" }, { "file" }, { "containers", COLUMN_LIST }, {}
};

static int fill(Table *t, const Object *profile, const ObjectList *containers) {
        const char *name = object_text(profile, "Name");
        _cleanup_strv_ char **users = NULL;
        int r = table_add_row(t);

        for (size_t i = 0; i < containers->n && r >= 0; i++)
                if (strv_contains(object_strings(&containers->objects[i], "Profiles"), name))
                        r = strv_extend(&users, object_text(&containers->objects[i], "Name"));
        if (r >= 0)
                r = table_set(t, 0, name);
        if (r >= 0)
                r = table_set(t, 1, object_text(profile, "File"));
        return r < 0 ? r : table_set_list(t, 2, users);
}

static int run_list(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(object_list_clear) ObjectList profiles = {}, containers = {};
        _cleanup_(table_freep) Table *t = NULL;
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 0, 0, "nothing", error);
        if (r >= 0)
                r = object_list_read(ctl, BUS_PROFILE, &profiles, error);
        if (r >= 0)
                r = object_list_read(ctl, BUS_CONTAINER, &containers, error);
        if (r >= 0)
                r = table_new(&t, ctl, columns, error);
        for (size_t i = 0; i < profiles.n && r >= 0; i++)
                if ((r = fill(t, &profiles.objects[i], &containers)) < 0)
                        return error_set_errno(error, r, "Cannot make a table");
        return r < 0 ? r : table_print(t, error);
}

static int read_text(Ctl *ctl, const char *name, char **ret, Error *error) {
        _cleanup_free_ char *path = NULL;
        int r = bus_profile_path(name, &path, error);

        return r < 0 ? r : bus_get_text(ctl, path, BUS_PROFILE, "GetText", ret, error);
}

static int run_show(Ctl *ctl, Options *o, Error *error) {
        _cleanup_free_ char *text = NULL;
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 1, 1, "the name of a profile", error);
        if (r >= 0)
                r = read_text(ctl, options_rest(o)[0], &text, error);
        if (r >= 0)
                fputs(text, stdout);
        return r;
}

/* a(sass): says of each container what it has not got yet. */
static int print_outcome(const Ctl *ctl, sd_bus_message *m) {
        const char *container, *message;
        int r = sd_bus_message_enter_container(m, 'a', "(sass)");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "sass")) > 0) {
                r = sd_bus_message_read(m, "s", &container);
                if (r >= 0)
                        r = pending_print(ctl, container, m);
                if (r >= 0)
                        r = sd_bus_message_read(m, "s", &message);
                if (r >= 0 && !isempty(message) && !ctl->quiet)
                        fprintf(stderr, "%s has it from its next start on: %s\n", container, message);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int call(Ctl *ctl, sd_bus_message *m, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r = bus_call(ctl, m, &reply, error);

        if (r < 0)
                return r;
        r = print_outcome(ctl, reply);
        return r < 0 ? bus_message_error(error, r) : 0;
}

typedef struct Edit {
        const char *name, *before;
} Edit;

static int save(Ctl *ctl, const char *after, void *userdata, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const Edit *e = userdata;
        int r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "SetProfile", &m, error);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "sss", e->name, e->before, after);
        return r < 0 ? bus_message_error(error, r) : call(ctl, m, error);
}

static int read_input(char **ret, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = fd_read_all(STDIN_FILENO, TEXT_MAX, &text, &size);

        if (r == -E2BIG)
                return error_set(error, E2BIG, NULL, "A profile has at most %d bytes", TEXT_MAX);
        if (r >= 0 && strlen(text) != size)
                return error_set(error, EINVAL, NULL, "There is a zero byte in the standard input: it is no text");
        if (r < 0)
                return error_set_errno(error, r, "Cannot read the standard input");
        *ret = TAKE_PTR(text);
        return 0;
}

static int edit(Ctl *ctl, const char *name, bool from_input, Error *error) {
        _cleanup_free_ char *before = NULL, *shown = NULL, *input = NULL;
        _cleanup_error_ Error none = ERROR_INIT;
        int r = read_text(ctl, name, &before, &none);

        if (r < 0 && (!error_has_name(&none, "NoSuchProfile") || !name_is_valid(name)))
                return error_move(error, &none);
        if (from_input) {
                r = read_input(&input, error);
                return r < 0 ? r : save(ctl, input, &(Edit){ name, strempty(before) }, error);
        }
        if (!before && asprintf(&shown, "# What containers have that say Profile=%s: see ctr.conf(5).\n", name) < 0) {
                shown = NULL;
                return -ENOMEM;
        }
        return editor_run(ctl, name, before ?: shown, save, &(Edit){ name, strempty(before) }, error);
}

static int run_edit(Ctl *ctl, Options *o, Error *error) {
        bool from_input = false;
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                from_input = true;
        r = code < 0 ? code : options_check_rest(o, 1, 1, "the name of a profile", error);
        return r < 0 ? r : edit(ctl, options_rest(o)[0], from_input, error);
}

static int remove_one(Ctl *ctl, const char *name, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r = bus_profile_path(name, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_PROFILE, "Remove", &m, error);
        return r < 0 ? r : call(ctl, m, error);
}

static int run_remove(Ctl *ctl, Options *o, Error *error) {
        int r = options_finish(o, error);

        if (r >= 0)
                r = options_check_rest(o, 1, SIZE_MAX, "the name of a profile", error);
        STRV_FOREACH(name, options_rest(o))
                if (r >= 0)
                        r = remove_one(ctl, *name, error);
        return r;
}

const Verb verb_profile_list = {
        .name = "profile list",
        .usage = "",
        .summary = "List the profiles that containers can name with Profile=",
        .run = run_list,
};

const Verb verb_profile_show = {
        .name = "profile show",
        .usage = "PROFILE",
        .summary = "Print the text of a profile",
        .run = run_show,
};

static const Option edit_options[] = {
        { "stdin", 0x100, NULL, "Take the text from the standard input" },
        {}
};

const Verb verb_profile_edit = {
        .name = "profile edit",
        .usage = "PROFILE",
        .summary = "Make a profile, or change it",
        .details = "$VISUAL or $EDITOR is run with a copy of it; all containers that have it are checked\n"
                   "with it before it takes the place of its file. What changes at once in those that run\n"
                   "is as with set. One of a package is hidden by a file of the same name.",
        .options = edit_options,
        .run = run_edit,
};

const Verb verb_profile_remove = {
        .name = "profile remove",
        .usage = "PROFILE…",
        .summary = "Remove profiles that no container has",
        .details = "Where it hides one of a package, that comes back, and who has it gets that.",
        .run = run_remove,
};
