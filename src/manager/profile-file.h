/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of profiles. A profile is a fragment of
 * settings that containers name with Profile=:
 *
 *   /etc/ctrd/profiles/NAME.conf        the administrator's; it hides
 *   /usr/lib/ctrd/profiles/NAME.conf    one of a package
 */

#include <limits.h>

#include "error.h"
#include "settings.h"

#define PROFILE_TEXT_MAX (64 * 1024)
#define PROFILES_MAX 1024

typedef enum ProfileFile { /* the first that is there counts */
        PROFILE_OWN,
        PROFILE_SHIPPED,
        _PROFILE_FILE_MAX,
} ProfileFile;

/* Where they are, and the file of a valid name. */
const char *profile_file_directory(ProfileFile which);
void profile_file_path(ProfileFile which, const char *name, char ret[static PATH_MAX]);

/* name_check(), with a sentence of profiles. */
int profile_name_check(const char *name, Error *error);

/* The file that counts, and its text. "NoSuchProfile" where there is none. */
int profile_file_read(const char *name, char ret_path[static PATH_MAX], char **ret_text, Error *error);

/* That of /etc is replaced, or removed where text is NULL. */
int profile_file_write(const char *name, const char *text, Error *error);

/* Text that a profile has, or shall have. */
typedef struct ProfileText {
        const char *name, *path, *text;
} ProfileText;

/* Reads it onto settings. */
int profile_text_parse(Settings *settings, const ProfileText *profile, Error *error);
