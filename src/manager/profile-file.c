/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "file.h"
#include "fragment.h"
#include "name.h"
#include "paths.h"
#include "profile-file.h"

static const char *const directories[_PROFILE_FILE_MAX] = {
        [PROFILE_OWN] = PATH_PROFILES,
        [PROFILE_SHIPPED] = PATH_PROFILES_SHIPPED,
};

const char *profile_file_directory(ProfileFile which) {
        return directories[which];
}

void profile_file_path(ProfileFile which, const char *name, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, "%s/%s.conf", directories[which], name);
}

int profile_name_check(const char *name, Error *error) {
        return name_is_valid(name) ? 0
                                   : error_set(error, EINVAL, "InvalidName",
                                               "that is no name of a profile: use 1 to 63 of a-z, 0-9 and \"-\", with no \"-\" at either end");
}

int profile_file_read(const char *name, char ret_path[static PATH_MAX], char **ret_text, Error *error) {
        for (ProfileFile i = 0; i < _PROFILE_FILE_MAX; i++) {
                int r;

                profile_file_path(i, name, ret_path);
                r = fragment_read(ret_path, true, ret_text, error);
                if (r < 0 || *ret_text)
                        return r;
        }
        return error_set(error, ENOENT, "NoSuchProfile", "there is no profile \"%.80s\": see \"ctrctl profile list\"", name);
}

int profile_file_write(const char *name, const char *text, Error *error) {
        char path[PATH_MAX];
        int r;

        profile_file_path(PROFILE_OWN, name, path);
        if (!text)
                return unlink(path) < 0 && errno != ENOENT ? error_set_errno(error, errno, "cannot remove %s", path) : 0;
        /* As settings of containers: there may be secrets. */
        r = file_mkdir_parents(PATH_PROFILES, 0755);
        if (r >= 0)
                r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

int profile_text_parse(Settings *settings, const ProfileText *profile, Error *error) {
        return settings_parse(settings, profile->text, profile->path, TRUST_PROFILE, error);
}
