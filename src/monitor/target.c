/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <unistd.h>

#include "target.h"

int target_enter(Target *t) {
        const char *path = t->task->path;
        _cleanup_free_ char *parent = NULL;
        size_t length = strlen(path), end = length;
        char *slash;

        if (chdir(path) >= 0) {
                t->into = true;
                return 0;
        }
        if ((errno != ENOENT && errno != ENOTDIR) || t->task->directory)
                return error_set_errno(t->error, errno, "%s cannot be entered", path);

        while (end > 0 && path[end - 1] == '/')
                end--;
        if (end >= 2 && path[end - 1] == '.' && path[end - 2] == '/')
                for (end--; end > 0 && path[end - 1] == '/';)
                        end--;
        t->slash = end < length;
        parent = strndup(path, end);
        if (!parent)
                return -ENOMEM;
        slash = strrchr(parent, '/');
        if (strlen(slash ? slash + 1 : parent) > NAME_MAX || end == 0)
                return error_set_errno(t->error, end == 0 ? ENOENT : ENAMETOOLONG, "%s cannot be written", path);
        strcpy(t->last, slash ? slash + 1 : parent);
        if (streq(t->last, "..") || streq(t->last, "."))
                return error_set_errno(t->error, ENOENT, "%s cannot be entered", path);
        if (slash)
                slash[slash == parent ? 1 : 0] = 0;
        if (chdir(slash ? parent : ".") < 0)
                return error_set_errno(t->error, errno, "%s cannot be entered", slash ? parent : ".");
        return 0;
}

/* A relative path with no empty, "." and ".." parts. In *ret_top its first word, "." where
 * it begins with that. */
static int split_path(Target *t, const char *path, char top[static NAME_MAX + 1], char rest[static ARCHIVE_PATH_MAX + 1]) {
        size_t length = 0;
        bool first = true;

        *rest = 0;
        *top = 0;
        for (const char *p = path; *p;) {
                size_t n;

                p += strspn(p, "/");
                n = strcspn(p, "/");
                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return error_set(t->error, EBADMSG, "InvalidArguments", "The archive has a name that leads out of it: %s", path);
                if (n > NAME_MAX || length + n + 2 > ARCHIVE_PATH_MAX)
                        return error_set(t->error, ENAMETOOLONG, NULL, "The archive has a name that is too long: %.200s…", path);
                if (first && n > 0) {
                        memcpy(top, p, n);
                        top[n] = 0;
                        first = false;
                } else if (n > 0 && !(n == 1 && *p == '.')) {
                        if (length > 0)
                                rest[length++] = '/';
                        memcpy(rest + length, p, n);
                        rest[length += n] = 0;
                }
                p += n;
        }
        if (first)
                strcpy(top, ".");
        return 0;
}

/* Where the tree goes is known with its first entry. */
static int begin_tree(Target *t, const char *top, bool directory) {
        const char *name = t->task->name ?: top;

        t->has_top = true;
        strcpy(t->top, top);
        if (streq(name, ".") && !directory)
                return error_set(t->error, ENOTDIR, NULL, "What was to be copied is no directory");
        if (!t->into) {
                if (t->slash && !directory)
                        return error_set(t->error, ENOENT, NULL, "There is no directory %s", t->task->path);
                strcpy(t->base, t->last);
        } else if (!streq(name, "."))
                snprintf(t->base, sizeof(t->base), "%s", name);
        return 0;
}

int target_path(Target *t, const char *path, bool directory, char ret[static ARCHIVE_PATH_MAX * 2]) {
        char top[NAME_MAX + 1], rest[ARCHIVE_PATH_MAX + 1];
        const char *base = t->base;
        int r;

        r = split_path(t, path, top, rest);
        if (r < 0)
                return r;
        if (t->task->directory)
                base = streq(top, ".") ? "" : top;
        else if (!t->has_top) {
                r = begin_tree(t, top, directory || *rest);
                if (r < 0)
                        return r;
        } else if (!streq(top, t->top))
                return error_set(t->error, EBADMSG, "InvalidArguments", "The archive holds more than one tree: %s beside %s", top, t->top);
        snprintf(ret, ARCHIVE_PATH_MAX * 2, "%s%s%s", base, *base && *rest ? "/" : "", rest);
        if (strlen(ret) > ARCHIVE_PATH_MAX)
                return error_set(t->error, ENAMETOOLONG, NULL, "The path %.200s… is too long", ret);
        return 0;
}
