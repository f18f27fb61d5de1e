/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apparmor.h"
#include "file.h"

#define KERNEL "/sys/kernel/security/apparmor"
#define POLICY KERNEL "/policy"
#define PROFILES_SIZE_MAX (16 * 1024 * 1024)

bool apparmor_is_available(void) {
        _cleanup_free_ char *line = NULL;

        return file_read_line(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", &line) >= 0 && line[0] == 'Y' &&
               access(POLICY "/namespaces", W_OK) >= 0;
}

bool apparmor_is_loaded(const char *profile) {
        _cleanup_free_ char *list = NULL;
        size_t n = strlen(profile);

        if (file_read(AT_FDCWD, KERNEL "/profiles", PROFILES_SIZE_MAX, &list, NULL) < 0)
                return false;
        /* One a line: "NAME (MODE)". */
        for (const char *line = list; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, profile, n) == 0 && startswith(line + n, " ("))
                        return true;
        }
        return false;
}

/* They are called NAME.NUMBER. */
int apparmor_find_policy(const char *profile, char **ret_path) {
        DIR *dir = opendir(POLICY "/profiles");
        int r = -ENOENT;

        if (!dir)
                return -errno;
        for (struct dirent *de; (de = readdir(dir));) {
                const char *number = startswith(de->d_name, profile);

                if (!number || number[0] != '.' || !number[1] || number[1 + strspn(number + 1, "0123456789")])
                        continue;
                r = asprintf(ret_path, POLICY "/profiles/%s", de->d_name) < 0 ? -ENOMEM : 0;
                break;
        }
        closedir(dir);
        return r;
}

int apparmor_unload(const char *profile) {
        int r = file_write(AT_FDCWD, KERNEL "/.remove", profile);

        return r == -ENOENT ? 0 : r;
}

int apparmor_namespace_make(const char *namespace) {
        char path[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), POLICY "/namespaces/%s", namespace);
        if (mkdir(path, 0755) >= 0)
                return 0;
        if (errno != EEXIST)
                return -errno;
        r = apparmor_namespace_remove(namespace);
        return r < 0 ? r : mkdir(path, 0755) < 0 ? -errno : 0;
}

int apparmor_namespace_remove(const char *namespace) {
        char path[PATH_MAX];

        snprintf(path, sizeof(path), POLICY "/namespaces/%s", namespace);
        return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}
