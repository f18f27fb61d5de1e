/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "file.h"
#include "fragment.h"
#include "paths.h"
#include "settings-files.h"
#include "strv.h"
#include "text.h"

#define HEAD "# Written when somebody sets something through ctrd: see ctrctl(1), set.\n"

/* Of NAME.conf.d. */
static const char *const directories[_SETTINGS_FILE_MAX] = {
        [SETTINGS_FILE_SET] = PATH_SETTINGS,
        [SETTINGS_FILE_RUNTIME] = PATH_SETTINGS_RUNTIME,
};

static void own_path(const char *name, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_SETTINGS "/%s.conf", name);
}

void settings_file_place(const char *name, SettingsFile which, char ret[static PATH_MAX]) {
        if (directories[which])
                snprintf(ret, PATH_MAX, "%s/%s.conf.d", directories[which], name);
        else
                own_path(name, ret);
}

static void set_path(const char *name, SettingsFile which, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, "%s/%s.conf.d/" SETTINGS_EDITED, directories[which], name);
}

void settings_edit_clear(SettingsEdit *edit) {
        for (size_t i = 0; i < _SETTINGS_FILE_MAX; i++) {
                free(edit->files[i].path);
                free(edit->files[i].before);
                free(edit->files[i].after);
        }
        *edit = (SettingsEdit){};
}

static bool is_assignment_to(const char *line, const char *assignment) {
        size_t n;

        line += strspn(line, " \t");
        n = strcspn(assignment, "=");
        if (strncmp(line, assignment, n) != 0)
                return false;
        line += n;
        return line[strspn(line, " \t")] == '=';
}

static bool is_assigned(const char *line, char *const *assignments) {
        STRV_FOREACH(a, assignments)
                if (is_assignment_to(line, *a))
                        return true;
        return false;
}

static const char *section_of(const char *assignment) {
        size_t n = strcspn(assignment, "=");

        for (size_t i = 0; i < settings_keys(); i++) {
                SettingInfo info = settings_key(i);

                if (strlen(info.key) == n && strncmp(info.key, assignment, n) == 0)
                        return info.section;
        }
        return NULL;
}

/* The lines of text without those that assign to these keys, and without headers that
 * nothing follows. A line that another goes on with shares its fate. */
static int strip_text(Text *out, const char *text, char *const *assignments, char **ret_section) {
        _cleanup_free_ char *copy = strdup(text), *header = NULL;
        char *next = copy, *line;
        bool joined = false, keep = true;

        if (!copy)
                return -ENOMEM;
        while ((line = strsep(&next, "\n"))) {
                size_t n = strlen(line);

                if (n == 0 && !next)
                        break;
                if (!joined && *line == '[') {
                        free(header);
                        header = strdup(line);
                        if (!header)
                                return -ENOMEM;
                        continue;
                }
                if (!joined)
                        keep = !is_assigned(line, assignments);
                joined = n > 0 && line[n - 1] == '\\';
                if (!keep || (n == 0 && header))
                        continue;
                if (header) {
                        text_put(out, "%s\n", header);
                        free(*ret_section);
                        *ret_section = TAKE_PTR(header);
                }
                text_put(out, "%s\n", line);
        }
        return 0;
}

static int append_assignments(Text *out, char *const *assignments, char **section) {
        STRV_FOREACH(a, assignments) {
                const char *wanted = section_of(*a);
                char header[64];
                bool before = false;

                for (char *const *b = assignments; b < a; b++)
                        before |= is_assignment_to(*b, *a);
                if (!wanted)
                        return -EINVAL;
                if (before)
                        continue;
                snprintf(header, sizeof(header), "[%s]", wanted);
                if (!streq_ptr(*section, header)) {
                        text_put(out, "%s\n", header);
                        free(*section);
                        *section = strdup(header);
                        if (!*section)
                                return -ENOMEM;
                }
                text_put(out, "%.*s=\n", (int) strcspn(*a, "="), *a);
                for (char *const *b = a; *b; b++)
                        if (is_assignment_to(*b, *a) && (*b)[strcspn(*b, "=") + 1])
                                text_put(out, "%s\n", *b);
        }
        return 0;
}

/* set: the assignments are put in, or only taken out. *ret is NULL where nothing is left. */
static int edit_text(const char *text, char *const *assignments, bool set, char **ret) {
        _cleanup_free_ char *section = NULL;
        Text out = {};
        int r = 0;

        if (text || set)
                r = strip_text(&out, text ?: HEAD, assignments, &section);
        if (r >= 0 && set)
                r = append_assignments(&out, assignments, &section);
        *ret = NULL;
        if (r >= 0 && section)
                return text_take(&out, ret);
        text_clear(&out);
        return r;
}

int settings_edit_make(const char *name, char *const *assignments, bool runtime, SettingsEdit *ret, Error *error) {
        SettingsEdit edit = {};
        int r = 0;

        for (SettingsFile i = SETTINGS_FILE_SET; i < _SETTINGS_FILE_MAX && r >= 0; i++) {
                bool is_runtime = i == SETTINGS_FILE_RUNTIME;

                if (asprintf(&edit.files[i].path, "%s/%s.conf.d/" SETTINGS_EDITED, directories[i], name) < 0) {
                        edit.files[i].path = NULL;
                        r = -ENOMEM;
                        break;
                }
                r = fragment_read(edit.files[i].path, true, &edit.files[i].before, error);
                if (r < 0)
                        break;
                if (runtime && !is_runtime)
                        r = edit.files[i].before && !(edit.files[i].after = strdup(edit.files[i].before)) ? -ENOMEM : 0;
                else
                        r = edit_text(edit.files[i].before, assignments, runtime == is_runtime, &edit.files[i].after);
        }
        if (r < 0) {
                settings_edit_clear(&edit);
                return r;
        }
        *ret = edit;
        return 0;
}

int settings_edit_new(const char *name, const Settings *settings, SettingsEdit *ret) {
        SettingsEdit edit = {};
        char path[PATH_MAX];
        int r = settings_format(settings, &edit.files[SETTINGS_FILE_OWN].after);

        own_path(name, path);
        if (r >= 0 && !(edit.files[SETTINGS_FILE_OWN].path = strdup(path)))
                r = -ENOMEM;
        if (r < 0)
                settings_edit_clear(&edit);
        else
                *ret = edit;
        return r;
}

int settings_text_read(const char *name, char **ret, Error *error) {
        char path[PATH_MAX];

        own_path(name, path);
        return fragment_read(path, false, ret, error);
}

int settings_edit_replace(const char *name, const char *before, const char *after, SettingsEdit *ret, Error *error) {
        _cleanup_free_ char *now = NULL;
        SettingsEdit edit = {};
        char path[PATH_MAX];
        int r = settings_text_read(name, &now, error);

        if (r < 0)
                return r;
        if (!streq(now, before))
                return error_set(error, EBUSY, "Busy", "the settings of %s have been changed meanwhile: look at them again", name);
        own_path(name, path);
        edit.files[SETTINGS_FILE_OWN].path = strdup(path);
        edit.files[SETTINGS_FILE_OWN].before = TAKE_PTR(now);
        edit.files[SETTINGS_FILE_OWN].after = strdup(after);
        if (!edit.files[SETTINGS_FILE_OWN].path || !edit.files[SETTINGS_FILE_OWN].after) {
                settings_edit_clear(&edit);
                return -ENOMEM;
        }
        *ret = edit;
        return 0;
}

/* A line that goes on beyond the end of its file ends with the empty one. */
static int append_text(Text *out, const char *path, const char *head, Error *error) {
        _cleanup_free_ char *text = NULL;
        int r = fragment_read(path, false, &text, error);

        if (r >= 0)
                text_put(out, "%s%s%s", head, text, endswith(text, "\n") ? "" : "\n");
        return r;
}

static int join_texts(const char *name, char **ret, Error *error) {
        _cleanup_strv_ char **fragments = NULL;
        char path[PATH_MAX], directory[PATH_MAX];
        Text out = {};
        int r;

        own_path(name, path);
        settings_file_place(name, SETTINGS_FILE_SET, directory);
        r = fragment_list((char *[]){ directory, NULL }, NULL, &fragments, error);
        if (r >= 0)
                r = append_text(&out, path, "", error);
        STRV_FOREACH(f, fragments) {
                _cleanup_free_ char *head = NULL;

                if (r >= 0 && asprintf(&head, "\n# %s:\n", *f) < 0)
                        r = -ENOMEM;
                if (r >= 0)
                        r = append_text(&out, *f, head, error);
        }
        if (r >= 0 && out.length > FRAGMENT_MAX)
                r = error_set(error, E2BIG, "LimitsExceeded", "the settings of %s are too long for one file", name);
        if (r >= 0)
                return text_take(&out, ret);
        text_clear(&out);
        return r;
}

int settings_edit_copy(const char *from, const char *to, char *const *assignments, SettingsEdit *ret, Error *error) {
        SettingsEdit edit = {};
        char path[PATH_MAX];
        int r;

        own_path(to, path);
        edit.files[SETTINGS_FILE_OWN].path = strdup(path);
        set_path(to, SETTINGS_FILE_SET, path);
        edit.files[SETTINGS_FILE_SET].path = strdup(path);
        r = edit.files[SETTINGS_FILE_OWN].path && edit.files[SETTINGS_FILE_SET].path ? 0 : -ENOMEM;
        if (r >= 0)
                r = join_texts(from, &edit.files[SETTINGS_FILE_OWN].after, error);
        if (r >= 0 && assignments && assignments[0])
                r = edit_text(NULL, assignments, true, &edit.files[SETTINGS_FILE_SET].after);
        if (r < 0) {
                settings_edit_clear(&edit);
                return r;
        }
        *ret = edit;
        return 0;
}

static int put(const char *path, const char *name, SettingsFile which, const char *text, Error *error) {
        char directory[PATH_MAX] = PATH_SETTINGS;
        int r;

        if (directories[which])
                snprintf(directory, sizeof(directory), "%s/%s.conf.d", directories[which], name);
        if (!text) {
                if (unlink(path) < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "cannot remove %s", path);
                (void) rmdir(directory); /* where it was the last */
                return 0;
        }
        r = file_mkdir_parents(directory, 0755);
        if (r >= 0)
                r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

int settings_edit_write(const SettingsEdit *edit, const char *name, Error *error) {
        for (SettingsFile i = 0; i < _SETTINGS_FILE_MAX; i++)
                if (!streq_ptr(edit->files[i].before, edit->files[i].after)) {
                        int r = put(edit->files[i].path, name, i, edit->files[i].after, error);

                        if (r < 0)
                                return r;
                }
        return 0;
}

int settings_edit_undo(const SettingsEdit *edit, const char *name, Error *error) {
        int result = 0;

        for (SettingsFile i = 0; i < _SETTINGS_FILE_MAX; i++)
                if (!streq_ptr(edit->files[i].before, edit->files[i].after)) {
                        int r = put(edit->files[i].path, name, i, edit->files[i].before, error);

                        result = result < 0 ? result : r;
                }
        return result;
}

void settings_files_forget(const char *name) {
        char path[PATH_MAX];

        own_path(name, path);
        (void) unlink(path);
        set_path(name, SETTINGS_FILE_SET, path);
        (void) unlink(path);
        settings_file_place(name, SETTINGS_FILE_SET, path);
        (void) rmdir(path); /* where it was the last */
}

int settings_files_check_vacant(const char *name, Error *error) {
        char path[PATH_MAX];

        for (SettingsFile i = 0; i < _SETTINGS_FILE_MAX; i++) {
                settings_file_place(name, i, path);
                if (access(path, F_OK) >= 0)
                        return error_set(error, EEXIST, "Exists", "%s exists already: remove it, or choose another name", path);
        }
        return 0;
}

int settings_files_rename(const char *from, const char *to, Error *error) {
        char before[PATH_MAX], after[PATH_MAX];

        for (SettingsFile i = 0; i < _SETTINGS_FILE_MAX; i++) {
                settings_file_place(from, i, before);
                settings_file_place(to, i, after);
                if (renameat2(AT_FDCWD, before, AT_FDCWD, after, RENAME_NOREPLACE) < 0 && errno != ENOENT)
                        return error_set_errno(error, errno, "cannot rename %s to %s", before, after);
        }
        return 0;
}

int settings_files_remove(const char *name, Error *error) {
        char path[PATH_MAX];

        own_path(name, path);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "cannot remove %s", path);
        for (SettingsFile i = SETTINGS_FILE_SET; i < _SETTINGS_FILE_MAX; i++) {
                int r;

                settings_file_place(name, i, path);
                r = file_remove_tree(AT_FDCWD, path);
                if (r < 0)
                        return error_set_errno(error, r, "cannot remove %s", path);
        }
        return 0;
}
