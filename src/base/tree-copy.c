/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The walk goes down by names and up by "..", where it looks whether it has come back
 * to where it was: so two descriptors do for any depth.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry-copy.h"
#include "fd.h"
#include "file.h"
#include "strv.h"
#include "text.h"
#include "tree-copy.h"

#define TEXT_MAX 256

typedef struct Level {
        char **names;  /* what is in it */
        size_t next;   /* of them */
        size_t path_size; /* of the path of the one above */
        struct stat from;
        ino_t to;
} Level;

typedef struct Walk {
        const TreeCopy *copy; /* NULL: it is only measured */
        Level *levels;
        size_t n, room;
        char *path;  /* below the top, with a slash behind each directory */
        size_t path_size, path_room;
        int from, to; /* where it is */
        uint64_t mount;
        uint64_t units;
        Error *error;
} Walk;

static void walk_clear(Walk *w) {
        for (size_t i = 0; i < w->n; i++)
                strv_free(w->levels[i].names);
        free(w->levels);
        free(w->path);
        fd_close(w->from);
        fd_close(w->to);
}

static int fail(Walk *w, int r, const char *name) {
        return error_is_set(w->error) ? r : error_set_errno(w->error, r, "cannot copy /%.200s%.255s", w->path, name);
}

static int path_append(Walk *w, const char *name) {
        size_t size = strlen(name);

        if (w->path_size + size + 2 > w->path_room) {
                size_t room = (w->path_size + size + 2) * 2;
                char *path = realloc(w->path, room);

                if (!path)
                        return -ENOMEM;
                w->path = path;
                w->path_room = room;
        }
        memcpy(w->path + w->path_size, name, size);
        strcpy(w->path + w->path_size + size, "/");
        w->path_size += size + 1;
        return 0;
}

/* Goes into what is open already, which it takes. path_size: of the path without it. */
static int enter(Walk *w, int from, int to, const struct stat *st, size_t path_size) {
        Level level = { .from = *st, .path_size = path_size };
        struct stat target = {};
        int r;

        fd_close(w->from);
        fd_close(w->to);
        w->from = from;
        w->to = to;
        if (w->n == w->room) {
                Level *more = reallocarray(w->levels, w->room * 2 + 16, sizeof(*more));

                if (!more)
                        return -ENOMEM;
                w->levels = more;
                w->room = w->room * 2 + 16;
        }
        if (to >= 0 && fstat(to, &target) < 0)
                return -errno;
        level.to = target.st_ino;
        r = file_list_directory(from, &level.names);
        if (r >= 0)
                w->levels[w->n++] = level;
        return r;
}

static int up(int *fd, ino_t expected) {
        _cleanup_fd_ int above = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat st;

        if (above < 0 || fstat(above, &st) < 0)
                return -errno;
        if (st.st_ino != expected)
                return -ESTALE;
        fd_close(*fd);
        *fd = TAKE_FD(above);
        return 0;
}

/* Nothing is put into it any more: now it gets its times. */
static int leave(Walk *w) {
        Level *level = &w->levels[w->n - 1];
        int r = w->copy ? entry_copy_metadata(w->from, w->to, &level->from) : 0;

        if (r < 0)
                return fail(w, r, "");
        w->path_size = level->path_size;
        w->path[w->path_size] = 0;
        strv_free(level->names);
        w->n--;
        if (w->n == 0)
                return 0;
        r = up(&w->from, w->levels[w->n - 1].from.st_ino);
        if (r >= 0 && w->copy)
                r = up(&w->to, w->levels[w->n - 1].to);
        return r;
}

static const TreeEdit *find_edit(const Walk *w, const char *name) {
        for (size_t i = 0; w->copy && i < w->copy->n_edits; i++)
                if (strncmp(w->copy->edits[i].path, w->path, w->path_size) == 0 && streq(w->copy->edits[i].path + w->path_size, name))
                        return &w->copy->edits[i];
        return NULL;
}

/* Whether the copy has another text, which is written then. */
static int edit_text(const TreeEdit *edit, int from, int to, const struct stat *st) {
        char text[TEXT_MAX];
        size_t size = strlen(edit->before);
        ssize_t n;
        int r;

        if (st->st_size >= TEXT_MAX)
                return 0;
        n = pread(from, text, TEXT_MAX - 1, 0);
        if (n < 0)
                return -errno;
        text[n] = 0;
        if (strncmp(text, edit->before, size) != 0 || !(streq(text + size, "\n") || streq(text + size, "")))
                return 0;
        r = fd_write_all(to, edit->after, strlen(edit->after));
        if (r >= 0)
                r = fd_write_all(to, text + size, strlen(text + size));
        return r < 0 ? r : 1;
}

static int copy_file(Walk *w, const char *name, const struct stat *st) {
        _cleanup_fd_ int from = openat(w->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), to = -EBADF;
        const TreeEdit *edit = find_edit(w, name);
        int r = 0;

        if (from >= 0)
                to = openat(w->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (to < 0)
                return -errno;
        if (edit)
                r = edit_text(edit, from, to, st);
        if (r == 0)
                r = entry_copy_data(from, to, st->st_size);
        return r < 0 ? r : entry_copy_metadata(from, to, st);
}

static int copy_node(Walk *w, int from, const char *name, const struct stat *st) {
        _cleanup_fd_ int to = -EBADF;
        int r = entry_copy_node(from, w->to, name, st);

        if (r < 0)
                return r;
        to = openat(w->to, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        return to < 0 ? -errno : entry_copy_metadata(from, to, st);
}

/* The first of several links is linked once more, by its number, for the others. Numbers are
 * those of one file system, or of one subvolume. One that has as many links as there can be
 * (overlayfs makes its whiteouts so) begins anew. */
static int copy_entry(Walk *w, int from, const char *name, const struct stat *st) {
        char number[48];
        int r;

        snprintf(number, sizeof(number), "%llx-%llx", (unsigned long long) st->st_dev, (unsigned long long) st->st_ino);
        if (st->st_nlink > 1) {
                if (linkat(w->copy->links, number, w->to, name, 0) >= 0)
                        return 0;
                if (errno != ENOENT && errno != EMLINK)
                        return -errno;
                if (errno == EMLINK && unlinkat(w->copy->links, number, 0) < 0)
                        return -errno;
        }
        r = S_ISREG(st->st_mode) ? copy_file(w, name, st) : copy_node(w, from, name, st);
        if (r >= 0 && st->st_nlink > 1 && linkat(w->to, name, w->copy->links, number, 0) < 0)
                return -errno;
        return r;
}

static int enter_directory(Walk *w, const char *name, const struct stat *st) {
        _cleanup_fd_ int from = openat(w->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), to = -EBADF;
        size_t size = w->path_size;
        int r;

        if (from < 0)
                return -errno;
        if (w->copy) {
                if (mkdirat(w->to, name, 0700) >= 0)
                        to = openat(w->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (to < 0)
                        return -errno;
        }
        r = path_append(w, name);
        return r < 0 ? r : enter(w, TAKE_FD(from), TAKE_FD(to), st, size);
}

static void count(Walk *w, const struct stat *st) {
        uint64_t units = 1 + (uint64_t) st->st_blocks / 8;

        w->units += units;
        if (w->copy && w->copy->progress)
                w->copy->progress(units, w->copy->userdata);
}

/* A subvolume of btrfs is a device of its own, and no mount. */
static int mount_of(int fd, uint64_t *ret) {
        struct statx sx;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) < 0)
                return -errno;
        if (!(sx.stx_mask & STATX_MNT_ID))
                return -EOPNOTSUPP;
        *ret = sx.stx_mnt_id;
        return 0;
}

static int handle(Walk *w, const char *name) {
        _cleanup_fd_ int from = openat(w->from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        const TreeEdit *edit = find_edit(w, name);
        struct stat st;
        uint64_t mount;
        int r;

        if (from < 0 || fstat(from, &st) < 0)
                return -errno;
        r = mount_of(from, &mount);
        if (r < 0 || mount != w->mount)
                return r < 0 ? r : -EXDEV;
        count(w, &st);
        if (edit && !edit->after)
                return 0;
        if (S_ISDIR(st.st_mode))
                return enter_directory(w, name, &st);
        return w->copy ? copy_entry(w, from, name, &st) : 0;
}

/* Takes neither descriptor. */
static int walk(int from, int to, const TreeCopy *copy, uint64_t *ret_units, Error *error) {
        _cleanup_(walk_clear) Walk w = { .copy = copy, .from = -EBADF, .to = -EBADF, .error = error };
        int own_from = fcntl(from, F_DUPFD_CLOEXEC, 3), own_to = copy ? fcntl(to, F_DUPFD_CLOEXEC, 3) : -EBADF;
        struct stat st = {};
        int r;

        w.path = strdup("");
        w.path_room = 1;
        r = own_from < 0 || (copy && own_to < 0) || fstat(own_from, &st) < 0 ? -errno : 0;
        if (r >= 0)
                r = w.path ? mount_of(own_from, &w.mount) : -ENOMEM;
        if (r < 0) {
                fd_close(own_from);
                fd_close(own_to);
                return error_set_errno(error, r, "cannot begin to copy");
        }
        r = enter(&w, own_from, own_to, &st, 0);
        if (r < 0)
                return fail(&w, r, "");
        while (r >= 0 && w.n > 0) {
                Level *level = &w.levels[w.n - 1];
                const char *name = level->names ? level->names[level->next] : NULL;

                if (!name) {
                        r = leave(&w);
                        continue;
                }
                level->next++;
                r = handle(&w, name);
                if (r < 0)
                        return fail(&w, r, name);
        }
        if (r < 0)
                return fail(&w, r, "");
        if (ret_units)
                *ret_units = w.units;
        return 0;
}

int tree_measure(int from, uint64_t *ret_units, Error *error) {
        return walk(from, -EBADF, NULL, ret_units, error);
}

int tree_copy(int from, int to, const TreeCopy *copy, Error *error) {
        return walk(from, to, copy, NULL, error);
}
