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
#include "place.h"
#include "target.h"

#define TEMPORARY ".ctr-copy-"

/* A directory, whose times and mode are set when all is in it. */
typedef struct Later {
        struct Later *next;
        struct archive_entry *entry;
        char path[];
} Later;

typedef struct Unpack {
        ArchiveTask *task;
        Error *error;
        struct archive *in, *disk;
        Place place;
        Later *later; /* the last one first */
        char *block;
        int stream_error;
        bool ended;             /* the stream has */
        size_t n_zeros;         /* that it has ended with so far: an archive ends with 1024 */
        Target target;
        char temporary[64];       /* in the working directory; "": none */
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

static int make_temporary(Unpack *u) {
        uint64_t number;

        if (getrandom(&number, sizeof(number), 0) != sizeof(number))
                return -errno;
        snprintf(u->temporary, sizeof(u->temporary), TEMPORARY "%016llx", (unsigned long long) number);
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
        archive_entry_set_perm(to, archive_entry_perm(to) & 0777 & ~task->mask);
        archive_entry_set_uid(to, task->uid);
        archive_entry_set_gid(to, task->gid);
}

/* A directory and anything else do not replace each other, and no symlink stands for a
 * directory. */
static int check_place(Unpack *u, const char *name, const char *path, bool directory) {
        struct stat st;

        if (lstat(name, &st) < 0 || directory == S_ISDIR(st.st_mode))
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

/* Puts what was made under a name of ours in its place. */
static int put_in_place(Unpack *u, const char *name, const char *path) {
        return rename(u->temporary, name) < 0 ? error_set_errno(u->error, errno, "%s cannot be written", path) : 0;
}

static int write_link(Unpack *u, struct archive_entry *entry, const char *name, const char *path) {
        char target[ARCHIVE_PATH_MAX * 2];
        int r = target_path(&u->target, archive_entry_hardlink(entry), false, target);

        if (r < 0)
                return r;
        r = make_temporary(u);
        if (r >= 0)
                r = place_link(&u->place, target, u->temporary);
        return r < 0 ? error_set_errno(u->error, r, "%s cannot be linked to %s", path, target) : put_in_place(u, name, path);
}

static int write_directory(Unpack *u, struct archive_entry *entry, const char *name, const char *path) {
        Later *later;

        if (mkdir(name, 0700) < 0 && errno != EEXIST)
                return error_set_errno(u->error, errno, "%s cannot be made", path);
        later = malloc(sizeof(*later) + strlen(path) + 1);
        if (!later)
                return -ENOMEM;
        later->entry = archive_entry_clone(entry);
        strcpy(later->path, path);
        later->next = u->later;
        u->later = later;
        return later->entry ? 0 : -ENOMEM;
}

/* What libarchive makes, by one name: in the working directory. */
static int write_other(Unpack *u, struct archive_entry *entry, const char *name, const char *path) {
        bool file = archive_entry_filetype(entry) == AE_IFREG;
        int r;

        r = file ? make_temporary(u) : 0;
        if (r < 0)
                return error_set_errno(u->error, r, "%s cannot be written", path);
        archive_entry_copy_pathname(entry, file ? u->temporary : name);
        r = check_disk(u, archive_write_header(u->disk, entry), path);
        if (r >= 0 && file && archive_entry_size(entry) > 0)
                r = copy_content(u, path);
        if (r >= 0)
                r = check_disk(u, archive_write_finish_entry(u->disk), path);
        else
                (void) archive_write_finish_entry(u->disk); /* closes the temporary file */
        return r >= 0 && file ? put_in_place(u, name, path) : r;
}

/* Of a path all but the last name is gone through once, by place.h. entry: a copy, which
 * names and attributes of ours replace. */
static int write_entry(Unpack *u, struct archive_entry *from, struct archive_entry *entry, const char *path) {
        bool link = archive_entry_hardlink(from), directory = !link && archive_entry_filetype(from) == AE_IFDIR;
        const char *name;
        int r;

        r = place_enter_parent(&u->place, path, &name);
        if (r < 0)
                return error_set_errno(u->error, r, "The directory of %s cannot be entered", path);
        r = check_place(u, name, path, directory);
        if (r < 0)
                return r;
        take_attributes(u, from, entry);
        r = (link ? write_link : directory ? write_directory : write_other)(u, entry, name, path);
        drop_temporary(u); /* there still where it failed, or where a link is the same file as what was there */
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
        r = target_path(&u->target, path, archive_entry_filetype(entry) == AE_IFDIR, ours);
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

static int open_disk(Unpack *u) {
        int flags = ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                    ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

        if (u->task->preserve)
                flags |= ARCHIVE_EXTRACT_ACL;
        if (u->task->preserve || u->task->owned)
                flags |= ARCHIVE_EXTRACT_OWNER;
        u->disk = archive_write_disk_new();
        return u->disk && archive_write_disk_set_options(u->disk, flags) >= ARCHIVE_OK ? 0 : -ENOMEM;
}

static int open_archives(Unpack *u) {
        u->block = malloc(ARCHIVE_BLOCK);
        u->in = archive_read_new();
        if (!u->block || !u->in || open_disk(u) < 0 || archive_read_support_format_tar(u->in) < ARCHIVE_OK)
                return -ENOMEM;
        /* Looks at the first blocks: an empty stream is seen here. */
        if (archive_read_open(u->in, u, NULL, on_read, NULL) < ARCHIVE_WARN)
                return failed_stream(u);
        return 0;
}

static int finish_directory(Unpack *u, Later *later) {
        int r = place_enter(&u->place, later->path);

        if (r == -ENOENT) /* somebody has removed it meanwhile */
                return 0;
        if (r < 0)
                return error_set_errno(u->error, r, "The directory %s cannot be entered", later->path);
        archive_write_free(u->disk);
        r = open_disk(u);
        if (r < 0)
                return r;
        archive_entry_copy_pathname(later->entry, ".");
        r = check_disk(u, archive_write_header(u->disk, later->entry), later->path);
        if (r >= 0)
                r = check_disk(u, archive_write_finish_entry(u->disk), later->path);
        /* The mode is set with this. */
        if (archive_write_close(u->disk) < ARCHIVE_OK && r >= 0)
                r = check_disk(u, ARCHIVE_WARN, later->path);
        return r;
}

/* What is in a directory before itself. */
static int finish_directories(Unpack *u) {
        int r = 0;

        for (Later *later; (later = u->later);) {
                u->later = later->next;
                if (later->entry) {
                        int q = finish_directory(u, later);

                        r = r < 0 ? r : q;
                }
                archive_entry_free(later->entry);
                free(later);
        }
        return r;
}

int archive_unpack(ArchiveTask *task, Error *error) {
        Unpack u = { .task = task, .error = error, .place = PLACE_INIT,
                     .target = { .task = task, .error = error } };
        int r, q;

        r = target_enter(&u.target);
        if (r >= 0)
                r = place_open(&u.place);
        if (r >= 0 && task->entered)
                r = task->entered(error);
        if (r >= 0)
                r = open_archives(&u);
        if (r >= 0)
                r = take_all(&u);
        if (r >= 0)
                r = drain(&u);
        q = finish_directories(&u);
        r = r < 0 ? r : q;
        archive_write_free(u.disk);
        archive_read_free(u.in);
        free(u.block);
        place_close(&u.place);
        return r < 0 && !error_is_set(error) ? error_set_errno(error, r, "%s cannot be written", task->path) : r;
}
