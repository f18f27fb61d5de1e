/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "file.h"
#include "fragment.h"
#include "strv.h"


static const char *name_of(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(name_of(*(char *const *) a), name_of(*(char *const *) b));
}

static bool has_name(char *const *paths, const char *name) {
        STRV_FOREACH(p, paths)
                if (streq(name_of(*p), name))
                        return true;
        return false;
}

static int add_directory(const char *path, char ***paths, Error *error) {
        DIR *dir = opendir(path);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot read %s", path);
        for (struct dirent *de; r >= 0 && (de = readdir(dir));)
                if (de->d_name[0] != '.' && endswith(de->d_name, ".conf") && !has_name(*paths, de->d_name))
                        r = strv_extendf(paths, "%s/%s", path, de->d_name);
        closedir(dir);
        return r;
}

static bool is_null_device(const char *path) {
        struct stat st;

        return stat(path, &st) >= 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int fragment_list(char *const *directories, const char *also, char ***ret, Error *error) {
        _cleanup_strv_ char **paths = NULL, **shown = NULL;
        int r = also ? strv_extend(&paths, also) : 0;

        STRV_FOREACH(d, directories)
                if (r >= 0)
                        r = add_directory(*d, &paths, error);
        STRV_FOREACH(p, paths)
                if (r >= 0 && !is_null_device(*p))
                        r = strv_extend(&shown, *p);
        if (r < 0)
                return r;
        if (shown)
                qsort(shown, strv_length(shown), sizeof(char *), compare_names);
        *ret = TAKE_PTR(shown);
        return 0;
}

int fragment_read(const char *path, bool may_lack, char **ret, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read_regular(AT_FDCWD, path, FRAGMENT_MAX, &text, &size);

        *ret = NULL;
        if (r == -ENOENT && may_lack)
                return 0;
        if (r == -EBADF)
                return error_set(error, EINVAL, "InvalidSettings", "%s is no file: settings are read from nothing else", path);
        if (r < 0)
                return error_set_errno(error, r, "cannot read %s", path);
        if (strlen(text) != size)
                return error_set(error, EINVAL, "InvalidSettings", "%s has a zero byte in it: it is no text file", path);
        *ret = TAKE_PTR(text);
        return 0;
}
