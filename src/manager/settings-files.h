/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the settings of a container are:
 *
 *   /etc/ctrd/containers/NAME.conf            made at creation, the administrator's to edit
 *   /etc/ctrd/containers/NAME.conf.d/ *.conf  in the order of their names
 *   /run/ctrd/settings/NAME.conf.d/ *.conf    until the host is booted again
 *
 * What is set through ctrd goes to 50-set.conf of one of the two directories, which
 * holds for each key an assignment that resets it and those that set it. Before all of
 * them come the profiles that they name with Profile=.
 */

#include "profile-file.h"
#include "settings.h"

#define SETTINGS_EDITED "50-set.conf"

typedef enum SettingsFile { /* in the order in which they are read */
        SETTINGS_FILE_OWN,     /* NAME.conf */
        SETTINGS_FILE_SET,     /* 50-set.conf */
        SETTINGS_FILE_RUNTIME, /* the same, until the host is booted again */
        _SETTINGS_FILE_MAX,
} SettingsFile;

/* Their texts before and after a change; NULL: no such file. path is NULL for one that
 * does not change. */
typedef struct SettingsEdit {
        struct {
                char *path;
                char *before, *after;
        } files[_SETTINGS_FILE_MAX];
        const ProfileText *profile; /* that one would have; NULL: they are as they are */
} SettingsEdit;

/* NAME.conf, and the directories of the others. */
void settings_file_place(const char *name, SettingsFile which, char ret[static PATH_MAX]);

void settings_edit_clear(SettingsEdit *edit);

/* What setting these keys means for the files; nothing is written. assignments: KEY=VALUE
 * each, with valid keys; several of a list's key are its values, an empty one resets.
 * runtime: until the host is booted again; else what was set so before goes. */
int settings_edit_make(const char *name, char *const *assignments, bool runtime, SettingsEdit *ret, Error *error);

/* NAME.conf of a new container, with these settings. */
int settings_edit_new(const char *name, const Settings *settings, SettingsEdit *ret);

/* The text of NAME.conf. */
int settings_text_read(const char *name, char **ret, Error *error);

/* What another text of NAME.conf means; it is to be before now, or the error is Busy. */
int settings_edit_replace(const char *name, const char *before, const char *after, SettingsEdit *ret, Error *error);

/* The files of a new container that has what another has for good, in one text, and these
 * assignments besides. */
int settings_edit_copy(const char *from, const char *to, char *const *assignments, SettingsEdit *ret, Error *error);

/* Writes what comes after, or puts back what was before. Each file changes as a whole. */
int settings_edit_write(const SettingsEdit *edit, const char *name, Error *error);
int settings_edit_undo(const SettingsEdit *edit, const char *name, Error *error);

/* Reads all of them, with the texts of an edit in their place (NULL: none), and validates
 * the whole. */
int settings_files_load(const char *name, const SettingsEdit *edit, Settings **ret, Error *error);

/* What a creation has written that did not come to its end. */
void settings_files_forget(const char *name);

/* "Exists" where there is any of them. */
int settings_files_check_vacant(const char *name, Error *error);

/* Those of one name become another's. What has gone there already is no error. */
int settings_files_rename(const char *from, const char *to, Error *error);

/* Removes them, NAME.conf first. */
int settings_files_remove(const char *name, Error *error);
