/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fragment.h"
#include "settings-files.h"
#include "strv.h"

/* Files in the order in which they are parsed. They are read once and parsed twice where
 * they name profiles, which come before them. */
typedef struct Fragments {
        char **paths, **texts; /* of the same length */
} Fragments;

static void fragments_clear(Fragments *f) {
        strv_free(f->paths);
        strv_free(f->texts);
}

/* text: NULL to read the file. */
static int fragments_add(Fragments *f, const char *path, const char *text, Error *error) {
        _cleanup_free_ char *read = NULL;
        int r = text ? 0 : fragment_read(path, false, &read, error);

        if (r >= 0)
                r = text ? strv_extend(&f->texts, text) : strv_consume(&f->texts, TAKE_PTR(read));
        return r < 0 ? r : strv_extend(&f->paths, path);
}

static int fragments_parse(const Fragments *f, Settings *settings, Error *error) {
        for (size_t i = 0; f->paths && f->paths[i]; i++) {
                int r = settings_parse(settings, f->texts[i], f->paths[i], TRUST_ADMIN, error);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* edit: the file's text is its, whether there is such a file or not. */
static int add_directory(Fragments *f, const char *name, const SettingsEdit *edit, SettingsFile which, Error *error) {
        const char *own = edit ? edit->files[which].path : NULL;
        _cleanup_strv_ char **paths = NULL;
        char path[PATH_MAX];
        int r;

        settings_file_place(name, which, path);
        r = fragment_list((char *[]){ path, NULL }, own, &paths, error);
        STRV_FOREACH(p, paths) {
                if (r < 0)
                        break;
                if (!streq_ptr(*p, own))
                        r = fragments_add(f, *p, NULL, error);
                else if (edit->files[which].after)
                        r = fragments_add(f, *p, edit->files[which].after, error);
        }
        return r;
}

static int add_all(Fragments *f, const char *name, const SettingsEdit *edit, Error *error) {
        const char *own = edit && edit->files[SETTINGS_FILE_OWN].path ? edit->files[SETTINGS_FILE_OWN].after : NULL;
        char path[PATH_MAX];
        int r;

        settings_file_place(name, SETTINGS_FILE_OWN, path);
        r = fragments_add(f, path, own, error);
        for (SettingsFile i = SETTINGS_FILE_SET; i < _SETTINGS_FILE_MAX && r >= 0; i++)
                r = add_directory(f, name, edit, i, error);
        return r;
}

static int parse_profile(Settings *settings, const char *name, const ProfileText *edited, Error *error) {
        _cleanup_free_ char *text = NULL;
        char path[PATH_MAX];
        int r;

        if (edited && streq(name, edited->name))
                return profile_text_parse(settings, edited, error);
        r = profile_file_read(name, path, &text, error);
        return r < 0 ? r : profile_text_parse(settings, &(ProfileText){ name, path, text }, error);
}

/* In the order of their names; one that is named twice counts where it stands first. */
static int parse_profiles(Settings *settings, char *const *names, const ProfileText *edited, Error *error) {
        STRV_FOREACH(name, names) {
                bool again = false;
                int r;

                for (char *const *before = names; before < name; before++)
                        again |= streq(*before, *name);
                r = again ? 0 : parse_profile(settings, *name, edited, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int settings_files_load(const char *name, const SettingsEdit *edit, Settings **ret, Error *error) {
        _cleanup_(settings_freep) Settings *own = settings_new(), *merged = NULL;
        _cleanup_(fragments_clear) Fragments fragments = {};
        Settings *settings = own;
        int r = own ? add_all(&fragments, name, edit, error) : -ENOMEM;

        if (r >= 0)
                r = fragments_parse(&fragments, own, error);
        if (r >= 0 && own->profiles) {
                settings = merged = settings_new();
                /* A bound on what is read, before it is. */
                r = !merged                                              ? -ENOMEM
                    : strv_length(own->profiles) > SETTINGS_PROFILES_MAX ? settings_validate(own, error)
                                                                         : parse_profiles(merged, own->profiles, edit ? edit->profile : NULL, error);
                if (r >= 0)
                        r = fragments_parse(&fragments, merged, error);
        }
        if (r >= 0)
                r = settings_validate(settings, error);
        if (r >= 0 && settings_name_container(settings, name))
                r = error_set(error, EINVAL, "InvalidSettings", "After=, Requires= and Wants= name other containers, not %s itself", name);
        if (r < 0)
                return r;
        *ret = settings == own ? TAKE_PTR(own) : TAKE_PTR(merged);
        return 0;
}
