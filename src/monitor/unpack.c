/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Unpacking. Names in the stream are believed as little as what lies where they lead:
 * no "..", no way through a symlink, and the tree is called what the receiver calls it
 * (scp CVE-2019-6111).
 */

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive-task.h"
#include "fd.h"

#define TEMPORARY ".ctr-copy-"

typedef struct Unpack {
        ArchiveTask *task;
        Error *error;
        struct archive *in, *disk;
        char *block;
        int stream_error;
        bool ended;             /* the stream has */
        size_t n_zeros;         /* that it has ended with so far: an archive ends with 1024 */
        bool into;              /* the working directory is task->path; else what it is in */
        bool slash;             /* task->path must be a directory */
        char last[NAME_MAX + 1];  /* the name that task->path ends in, where !into */
        bool has_top;
        char top[NAME_MAX + 1]; /* of the tree, in the stream */
        char base[NAME_MAX + 1]; /* of the tree, here; "": its inside goes into the working directory */
        char temporary[ARCHIVE_PATH_MAX + 64];
        uint64_t n_entries;
} Unpack;

static ssize_t receive(Unpack *u) {
        ssize_t n = archive_task_read(u->task, u->block, ARCHIVE_BLOCK), i;

        if (n <= 0) {
                u->stream_error = (int) n;
                u->ended = n == 0;
                return n;
        }
        for (i = n; i > 0 && u->block[i - 1] == 0;)
                i--;
        u->n_zeros = (i > 0 ? 0 : u->n_zeros) + (size_t) (n - i);
        return n;
}

static la_ssize_t on_read(struct archive *a, void *userdata, const void **ret) {
        Unpack *u = userdata;
        ssize_t n = receive(u);

        *ret = u->block;
        if (n < 0)
                archive_set_error(a, (int) -n, "stream");
        return n < 0 ? -1 : n;
}

static int failed_stream(Unpack *u) {
        if (u->stream_error == -ECANCELED)
                return error_set(u->error, ECANCELED, "Canceled", "the copy was canceled");
        if (u->stream_error < 0)
                return error_set_errno(u->error, u->stream_error, "What is copied cannot be received");
        if (u->ended)
                return error_set(u->error, ENODATA, NULL, "What is copied ended too early");
        return error_set(u->error, EBADMSG, "InvalidArguments", "The stream is no tar archive that can be read: %s",
                         archive_error_string(u->in) ?: "unknown");
}

static int failed_disk(Unpack *u, const char *path) {
        int errnum = archive_errno(u->disk);

        if (errnum > 0)
                return error_set_errno(u->error, errnum, "%s cannot be written", path);
        return error_set(u->error, EIO, NULL, "%s cannot be written: %s", path, archive_error_string(u->disk) ?: "unknown");
}

/* Some file systems have no attributes (tmpfs before Linux 6.6): what they cannot keep
 * is no failure. What else cannot be set is one. */
static int check_disk(Unpack *u, int r, const char *path) {
        int errnum = archive_errno(u->disk);

        if (r >= ARCHIVE_OK || (r == ARCHIVE_WARN && (errnum == EOPNOTSUPP || errnum == ENOSYS || errnum <= 0)))
                return 0;
        return failed_disk(u, path);
}

/* Opens the place, and makes it the working directory: the path is resolved once. */
static int enter(Unpack *u) {
        const char *path = u->task->path;
        _cleanup_free_ char *parent = NULL;
        size_t length = strlen(path), end = length;
        char *slash;

        if (chdir(path) >= 0) {
                u->into = true;
                return 0;
        }
        if ((errno != ENOENT && errno != ENOTDIR) || u->task->directory)
                return error_set_errno(u->error, errno, "%s cannot be entered", path);

        while (end > 0 && path[end - 1] == '/')
                end--;
        if (end >= 2 && path[end - 1] == '.' && path[end - 2] == '/')
                for (end--; end > 0 && path[end - 1] == '/';)
                        end--;
        u->slash = end < length;
        parent = strndup(path, end);
        if (!parent)
                return -ENOMEM;
        slash = strrchr(parent, '/');
        if (strlen(slash ? slash + 1 : parent) > NAME_MAX || end == 0)
                return error_set_errno(u->error, end == 0 ? ENOENT : ENAMETOOLONG, "%s cannot be written", path);
        strcpy(u->last, slash ? slash + 1 : parent);
        if (streq(u->last, "..") || streq(u->last, "."))
                return error_set_errno(u->error, ENOENT, "%s cannot be entered", path);
        if (slash)
                slash[slash == parent ? 1 : 0] = 0;
        if (chdir(slash ? parent : ".") < 0)
                return error_set_errno(u->error, errno, "%s cannot be entered", slash ? parent : ".");
        return 0;
}

/* A relative path with no empty, "." and ".." parts. In *ret_top its first word, "." where
 * it begins with that. */
static int split_path(Unpack *u, const char *path, char top[static NAME_MAX + 1], char rest[static ARCHIVE_PATH_MAX + 1]) {
        size_t length = 0;
        bool first = true;

        *rest = 0;
        *top = 0;
        for (const char *p = path; *p;) {
                size_t n;

                p += strspn(p, "/");
                n = strcspn(p, "/");
                if (n == 2 && p[0] == '.' && p[1] == '.')
                        return error_set(u->error, EBADMSG, "InvalidArguments", "The archive has a name that leads out of it: %s", path);
                if (n > NAME_MAX || length + n + 2 > ARCHIVE_PATH_MAX)
                        return error_set(u->error, ENAMETOOLONG, NULL, "The archive has a name that is too long: %.200s…", path);
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
static int begin_tree(Unpack *u, const char *top, bool directory) {
        const char *name = u->task->name ?: top;

        u->has_top = true;
        strcpy(u->top, top);
        if (streq(name, ".") && !directory)
                return error_set(u->error, ENOTDIR, NULL, "What was to be copied is no directory");
        if (!u->into) {
                if (u->slash && !directory)
                        return error_set(u->error, ENOENT, NULL, "There is no directory %s", u->task->path);
                strcpy(u->base, u->last);
        } else if (!streq(name, "."))
                snprintf(u->base, sizeof(u->base), "%s", name);
        return 0;
}

/* The path here of a path in the stream; "" for the working directory itself. */
static int map_path(Unpack *u, const char *path, bool directory, char ret[static ARCHIVE_PATH_MAX * 2]) {
        char top[NAME_MAX + 1], rest[ARCHIVE_PATH_MAX + 1];
        const char *base = u->base;
        int r;

        r = split_path(u, path, top, rest);
        if (r < 0)
                return r;
        if (u->task->directory)
                base = streq(top, ".") ? "" : top;
        else if (!u->has_top) {
                r = begin_tree(u, top, directory || *rest);
                if (r < 0)
                        return r;
        } else if (!streq(top, u->top))
                return error_set(u->error, EBADMSG, "InvalidArguments", "The archive holds more than one tree: %s beside %s", top, u->top);
        snprintf(ret, ARCHIVE_PATH_MAX * 2, "%s%s%s", base, *base && *rest ? "/" : "", rest);
        if (strlen(ret) > ARCHIVE_PATH_MAX)
                return error_set(u->error, ENAMETOOLONG, NULL, "The path %.200s… is too long", ret);
        return 0;
}

static int make_temporary(Unpack *u, const char *path) {
        const char *slash = strrchr(path, '/');
        uint64_t number;

        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
                return -errno;
        snprintf(u->temporary, sizeof(u->temporary), "%.*s" TEMPORARY "%016llx", slash ? (int) (slash + 1 - path) : 0, path,
                 (unsigned long long) number);
        return 0;
}

static void drop_temporary(Unpack *u) {
        if (u->temporary[0])
                (void) unlink(u->temporary);
        u->temporary[0] = 0;
}

static void take_attributes(Unpack *u, struct archive_entry *from, struct archive_entry *to) {
        const ArchiveTask *task = u->task;
        const char *name;
        const void *value;
        size_t size;

        archive_entry_xattr_clear(to);
        archive_entry_xattr_reset(from);
        while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK)
                if (archive_takes_xattr(task, name))
                        archive_entry_xattr_add_entry(to, name, value, size);
        archive_entry_set_fflags(to, 0, 0);
        /* Ids are numbers: who is called what differs between the two sides. */
        archive_entry_set_uname(to, NULL);
        archive_entry_set_gname(to, NULL);
        if (task->preserve)
                return;
        archive_entry_acl_clear(to);
        archive_entry_set_perm(to, archive_entry_perm(to) & 0777);
        archive_entry_set_uid(to, task->uid);
        archive_entry_set_gid(to, task->gid);
}

/* A directory and anything else do not replace each other, and no symlink stands for a
 * directory. */
static int check_place(Unpack *u, const char *path, bool directory) {
        struct stat st;

        if (lstat(path, &st) < 0 || directory == S_ISDIR(st.st_mode))
                return 0;
        return error_set(u->error, directory ? ENOTDIR : EISDIR, NULL,
                         directory ? "%s is there already, and is no directory" : "%s is a directory, which a file does not replace",
                         path);
}

static int copy_content(Unpack *u, const char *path) {
        const void *data;
        la_int64_t offset;
        size_t size;
        int r;

        for (;;) {
                r = archive_task_check(u->task, u->error);
                if (r < 0)
                        return r;
                r = archive_read_data_block(u->in, &data, &size, &offset);
                if (r == ARCHIVE_EOF)
                        return 0;
                if (r < ARCHIVE_WARN)
                        return failed_stream(u);
                if (archive_write_data_block(u->disk, data, size, offset) < ARCHIVE_OK)
                        return failed_disk(u, path);
        }
}

/* to: a copy of the entry, which names and attributes of ours replace. */
static int write_entry(Unpack *u, struct archive_entry *from, struct archive_entry *to, const char *path) {
        bool file = archive_entry_filetype(from) == AE_IFREG && !archive_entry_hardlink(from);
        char target[ARCHIVE_PATH_MAX * 2];
        int r;

        r = check_place(u, path, archive_entry_filetype(from) == AE_IFDIR && !archive_entry_hardlink(from));
        if (r < 0)
                return r;
        take_attributes(u, from, to);
        archive_entry_copy_pathname(to, path);
        if (archive_entry_hardlink(from)) {
                r = map_path(u, archive_entry_hardlink(from), false, target);
                if (r < 0)
                        return r;
                archive_entry_copy_hardlink(to, target);
                archive_entry_unset_size(to);
        } else if (file) {
                r = make_temporary(u, path);
                if (r < 0)
                        return error_set_errno(u->error, r, "%s cannot be written", path);
                archive_entry_copy_pathname(to, u->temporary);
        }

        r = check_disk(u, archive_write_header(u->disk, to), path);
        if (r >= 0 && file && archive_entry_size(to) > 0)
                r = copy_content(u, path);
        if (r >= 0)
                r = check_disk(u, archive_write_finish_entry(u->disk), path);
        else
                (void) archive_write_finish_entry(u->disk); /* closes the temporary file */
        if (r >= 0 && file) {
                if (rename(u->temporary, path) < 0)
                        r = error_set_errno(u->error, errno, "%s cannot be written", path);
                else
                        u->temporary[0] = 0;
        }
        drop_temporary(u);
        return r;
}

static int take_entry(Unpack *u, struct archive_entry *entry) {
        const char *path = archive_entry_pathname(entry);
        char ours[ARCHIVE_PATH_MAX * 2];
        struct archive_entry *copy;
        int r;

        if (!path)
                return error_set(u->error, EBADMSG, "InvalidArguments", "The archive has an entry without a name");
        u->n_entries++;
        r = map_path(u, path, archive_entry_filetype(entry) == AE_IFDIR, ours);
        if (r < 0)
                return r;
        switch (archive_entry_filetype(entry)) {
        case AE_IFDIR:
                if (!*ours) /* the place itself: it is not ours to change */
                        return 0;
                break;
        case AE_IFREG:
        case AE_IFLNK:
        case AE_IFIFO:
                break;
        default:
                /* A hard link has no type in some archives. */
                if (!archive_entry_hardlink(entry)) {
                        u->task->n_skipped++;
                        return 0;
                }
        }
        if (!*ours)
                return error_set(u->error, EBADMSG, "InvalidArguments", "What was to be copied is no directory");
        copy = archive_entry_clone(entry);
        if (!copy)
                return -ENOMEM;
        r = write_entry(u, entry, copy, ours);
        archive_entry_free(copy);
        return r;
}

static int take_all(Unpack *u) {
        struct archive_entry *entry;
        int r;

        for (;;) {
                r = archive_task_check(u->task, u->error);
                if (r < 0)
                        return r;
                r = archive_read_next_header(u->in, &entry);
                if (r == ARCHIVE_EOF)
                        return u->n_entries > 0 ? 0 : error_set(u->error, ENODATA, NULL, "Nothing came that could be unpacked");
                if (r < ARCHIVE_WARN)
                        return failed_stream(u);
                r = take_entry(u, entry);
                if (r < 0)
                        return r;
        }
}

/* What follows the archive's end, padding as a rule, is read, so that who writes it is
 * not told that nobody does. Without its end an archive may have been cut off between
 * two files, when who sent it was killed. */
static int drain(Unpack *u) {
        while (!u->ended && receive(u) > 0)
                ;
        if (u->stream_error < 0)
                return failed_stream(u);
        return u->n_zeros >= 1024 ? 0 : error_set(u->error, ENODATA, NULL, "What is copied ended too early");
}

static int open_archives(Unpack *u) {
        const ArchiveTask *task = u->task;
        int flags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                    ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

        if (task->preserve)
                flags |= ARCHIVE_EXTRACT_ACL;
        if (task->preserve || task->owned)
                flags |= ARCHIVE_EXTRACT_OWNER;
        u->block = malloc(ARCHIVE_BLOCK);
        u->in = archive_read_new();
        u->disk = archive_write_disk_new();
        if (!u->block || !u->in || !u->disk)
                return -ENOMEM;
        if (archive_write_disk_set_options(u->disk, flags) < ARCHIVE_OK ||
            archive_read_support_format_tar(u->in) < ARCHIVE_OK)
                return -ENOMEM;
        /* Looks at the first blocks: an empty stream is seen here. */
        if (archive_read_open(u->in, u, NULL, on_read, NULL) < ARCHIVE_WARN)
                return failed_stream(u);
        return 0;
}

int archive_unpack(ArchiveTask *task, Error *error) {
        Unpack u = { .task = task, .error = error };
        int r;

        r = enter(&u);
        if (r >= 0)
                r = open_archives(&u);
        if (r >= 0)
                r = take_all(&u);
        if (r >= 0)
                r = drain(&u);
        /* Times and modes of directories are set at the end. */
        if (u.disk && archive_write_close(u.disk) < ARCHIVE_OK && r >= 0)
                r = check_disk(&u, ARCHIVE_WARN, task->path);
        archive_write_free(u.disk);
        archive_read_free(u.in);
        free(u.block);
        return r < 0 && !error_is_set(error) ? error_set_errno(error, r, "%s cannot be written", task->path) : r;
}
