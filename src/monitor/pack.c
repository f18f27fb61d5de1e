/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive-task.h"
#include "fd.h"
#include "file.h"
#include "mount.h"
#include "strv.h"

/* Of a file whose holes are as many as this the rest is taken as it is read. */
#define EXTENTS_MAX 65536
/* How much of a hole is told to libarchive at once: it counts, and does not look. */
#define HOLE_CHUNK ((size_t) 1 << 30)

typedef struct Pack {
        ArchiveTask *task;
        Error *error;
        struct archive *out, *disk;
        struct archive_entry_linkresolver *links;
        char *block;
        void *hole;                      /* HOLE_CHUNK bytes of nothing */
        char path[ARCHIVE_PATH_MAX + 1]; /* in the archive, of what is being packed */
        dev_t device;                    /* of the directory above */
        int stream_error;
} Pack;

static la_ssize_t on_write(struct archive *a, void *userdata, const void *data, size_t size) {
        Pack *p = userdata;
        ssize_t n = archive_task_write(p->task, data, size);

        if (n < 0) {
                p->stream_error = (int) n;
                archive_set_error(a, (int) -n, "stream");
                return -1;
        }
        return n;
}

/* What libarchive failed with. */
static int failed(Pack *p, const char *what) {
        if (p->stream_error == -ECANCELED)
                return error_set(p->error, ECANCELED, "Canceled", "the copy was canceled");
        if (p->stream_error == -EPIPE)
                return error_set(p->error, EPIPE, NULL, "Nobody reads what is copied any more");
        if (p->stream_error < 0)
                return error_set_errno(p->error, p->stream_error, "The copy cannot be sent");
        return error_set(p->error, archive_errno(p->out) > 0 ? archive_errno(p->out) : EIO, NULL, "%s cannot be packed: %s", what,
                         archive_error_string(p->out) ?: "unknown");
}

/* Takes what the file system says of data and holes; the kernel skips what is not
 * there. None are noted where it has no holes. */
static void note_holes(Pack *p, struct archive_entry *entry, int fd, off_t size) {
        unsigned n = 0;

        for (off_t end, data = 0; data < size; data = end) {
                data = lseek(fd, data, SEEK_DATA);
                if (data < 0) {
                        if (errno == ENXIO && n == 0) /* nothing but a hole */
                                archive_entry_sparse_add_entry(entry, 0, 0);
                        break;
                }
                end = n++ < EXTENTS_MAX ? lseek(fd, data, SEEK_HOLE) : size;
                if (end <= data || end > size)
                        end = size;
                if (data == 0 && end == size)
                        break;
                archive_entry_sparse_add_entry(entry, data, end - data);
        }
        (void) lseek(fd, 0, SEEK_SET);
}

static int write_data(Pack *p, const void *data, size_t size) {
        while (size > 0) {
                la_ssize_t n = archive_write_data(p->out, data, size);

                if (n <= 0)
                        return failed(p, p->path);
                size -= (size_t) n;
        }
        return 0;
}

/* From where the file is to offset: a hole. */
static int write_hole(Pack *p, off_t size) {
        while (size > 0) {
                size_t n = (size_t) MIN(size, (off_t) HOLE_CHUNK);
                int r = archive_task_check(p->task, p->error);

                if (r >= 0)
                        r = write_data(p, p->hole, n);
                if (r < 0)
                        return r;
                size -= (off_t) n;
        }
        return 0;
}

/* As many bytes as the entry has promised, whatever becomes of the file meanwhile: what
 * is added is left out, what goes is zeros. */
static int write_range(Pack *p, int fd, off_t offset, off_t size) {
        while (size > 0) {
                ssize_t n = pread(fd, p->block, (size_t) MIN(size, (off_t) ARCHIVE_BLOCK), offset);
                int r = archive_task_check(p->task, p->error);

                if (r < 0)
                        return r;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(p->error, errno, "%s cannot be read", p->path);
                if (n == 0) {
                        n = (ssize_t) MIN(size, (off_t) ARCHIVE_BLOCK);
                        memset(p->block, 0, (size_t) n);
                }
                r = write_data(p, p->block, (size_t) n);
                if (r < 0)
                        return r;
                offset += n;
                size -= n;
        }
        return 0;
}

static int write_content(Pack *p, struct archive_entry *entry, int fd) {
        off_t at = 0, size = archive_entry_size(entry);
        la_int64_t offset, length;
        int r = 0;

        if (archive_entry_sparse_reset(entry) == 0)
                return write_range(p, fd, 0, size);
        while (r >= 0 && archive_entry_sparse_next(entry, &offset, &length) == ARCHIVE_OK) {
                r = write_hole(p, offset - at);
                if (r >= 0)
                        r = write_range(p, fd, offset, length);
                at = offset + length;
        }
        return r < 0 ? r : write_hole(p, size - at);
}

static void drop_xattrs(Pack *p, struct archive_entry *entry) {
        struct archive_entry *all = archive_entry_clone(entry);
        const char *name;
        const void *value;
        size_t size;

        archive_entry_xattr_clear(entry);
        if (!all)
                return;
        archive_entry_xattr_reset(all);
        while (archive_entry_xattr_next(all, &name, &value, &size) == ARCHIVE_OK)
                if (archive_takes_xattr(p->task, name))
                        archive_entry_xattr_add_entry(entry, name, value, size);
        archive_entry_free(all);
}

/* fd: of a regular file or directory, open for reading; else -EBADF. target: of a symlink. */
static int write_entry(Pack *p, int fd, const struct stat *st, const char *target) {
        struct archive_entry *entry = archive_entry_new(), *later = NULL;
        int r = 0;

        if (!entry)
                return -ENOMEM;
        archive_entry_copy_pathname(entry, p->path);
        if (fd >= 0) {
                if (archive_read_disk_entry_from_file(p->disk, entry, fd, st) < ARCHIVE_WARN) {
                        r = error_set(p->error, EIO, NULL, "%s cannot be read: %s", p->path, archive_error_string(p->disk));
                        goto finish;
                }
                drop_xattrs(p, entry);
                if (S_ISREG(st->st_mode))
                        note_holes(p, entry, fd, st->st_size);
        } else {
                archive_entry_copy_stat(entry, st);
                if (target)
                        archive_entry_copy_symlink(entry, target);
        }
        if (!p->task->preserve) {
                archive_entry_set_perm(entry, st->st_mode & 0777);
                archive_entry_acl_clear(entry);
        }
        archive_entry_set_dev(entry, st->st_dev);

        archive_entry_linkify(p->links, &entry, &later);
        if (entry) {
                if (archive_write_header(p->out, entry) < ARCHIVE_WARN)
                        r = failed(p, p->path);
                else if (S_ISREG(st->st_mode) && archive_entry_size(entry) > 0)
                        r = write_content(p, entry, fd);
                if (r >= 0 && archive_write_finish_entry(p->out) < ARCHIVE_WARN)
                        r = failed(p, p->path);
        }
finish:
        archive_entry_free(entry);
        archive_entry_free(later);
        return r;
}

static int pack_one(Pack *p, int dir, const char *name);

/* Views of the kernel's that are mounted in a tree are no files of it. */
static bool is_view(Pack *p, int fd, const struct stat *st) {
        static const char *const views[] = { "proc", "sysfs", "cgroup2", "devpts", "debugfs", "tracefs", "securityfs", "bpf", "mqueue" };
        char buffer[MOUNT_TYPE_NAME_MAX];
        const char *type;

        if (p->device == 0 || st->st_dev == p->device)
                return false;
        type = mount_type_name(fd, buffer);
        for (size_t i = 0; i < ELEMENTSOF(views); i++)
                if (streq(views[i], type))
                        return true;
        return false;
}

static int pack_below(Pack *p, int fd, const struct stat *st) {
        _cleanup_strv_ char **names = NULL;
        size_t length = strlen(p->path);
        dev_t above = p->device;
        int r;

        r = file_list_directory(fd, &names);
        if (r < 0)
                return error_set_errno(p->error, r, "%s cannot be read", p->path);
        p->device = st->st_dev;
        STRV_FOREACH(name, names) {
                if (length + 1 + strlen(*name) > ARCHIVE_PATH_MAX)
                        return error_set(p->error, ENAMETOOLONG, NULL, "The path of %s/%s is too long to be copied", p->path, *name);
                p->path[length] = '/';
                strcpy(p->path + length + 1, *name);
                r = pack_one(p, fd, *name);
                p->path[length] = 0;
                if (r < 0)
                        return r;
        }
        p->device = above;
        return 0;
}

/*
 * Opens what has been looked at. It may be another thing by now: a FIFO does not hold
 * the opener up (O_NONBLOCK), what is no file and no directory is left out, and a device
 * cannot be opened where the container has made it (its mounts are nodev for us).
 */
static int open_again(int dir, const char *name, const struct stat *st, struct stat *ret) {
        bool directory = S_ISDIR(st->st_mode);
        _cleanup_fd_ int fd = -EBADF;

        fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC | (directory ? O_DIRECTORY : 0));
        if (fd < 0 || fstat(fd, ret) < 0)
                return -errno;
        if (directory ? !S_ISDIR(ret->st_mode) : !S_ISREG(ret->st_mode))
                return -ELOOP;
        return TAKE_FD(fd);
}

static int pack_symlink(Pack *p, int dir, const char *name, const struct stat *st) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

        if (n < 0)
                return errno == ENOENT || errno == EINVAL ? 0 : error_set_errno(p->error, errno, "%s cannot be read", p->path);
        target[n] = 0;
        return write_entry(p, -EBADF, st, target);
}

static int pack_open(Pack *p, int fd, const struct stat *st) {
        int r = write_entry(p, fd, st, NULL);

        if (r < 0 || !S_ISDIR(st->st_mode) || is_view(p, fd, st))
                return r;
        return pack_below(p, fd, st);
}

/* What is gone, or is something else, by the time it is opened is left out, but for the
 * top: a tree that is in use changes. */
static int pack_one(Pack *p, int dir, const char *name) {
        _cleanup_fd_ int fd = -EBADF;
        struct stat st;
        int r;

        r = archive_task_check(p->task, p->error);
        if (r < 0)
                return r;
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : error_set_errno(p->error, errno, "%s cannot be read", p->path);
        if (S_ISLNK(st.st_mode))
                return pack_symlink(p, dir, name, &st);
        if (S_ISFIFO(st.st_mode))
                return write_entry(p, -EBADF, &st, NULL);
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
                p->task->n_skipped++;
                return 0;
        }
        fd = open_again(dir, name, &st, &st);
        if (fd == -ENOENT || fd == -ELOOP || fd == -ENXIO || fd == -ENOTDIR)
                return 0;
        /* In a container, what its root may not read is the host's: /run/host/inaccessible. */
        if (fd == -EACCES && p->task->inside && p->device != 0) {
                p->task->n_skipped++;
                return 0;
        }
        if (fd < 0)
                return error_set_errno(p->error, fd, "%s cannot be opened", p->path);
        return pack_open(p, fd, &st);
}

static int pack_top(Pack *p) {
        const char *path = p->task->path;
        struct stat st;
        int r;

        archive_tree_name(path, p->path);
        r = lstat(path, &st) < 0 ? -errno : 0;
        if (r < 0)
                return error_set_errno(p->error, r, "%s cannot be copied", path);
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode))
                return error_set(p->error, EOPNOTSUPP, "NotSupported", "%s is a device or a socket, which is not copied", path);
        r = pack_one(p, AT_FDCWD, path);
        if (r >= 0 && archive_file_count(p->out) == 0)
                return error_set(p->error, ENOENT, NULL, "%s went while it was opened", path);
        return r;
}

static int pack_open_archive(Pack *p) {
        p->out = archive_write_new();
        p->disk = archive_read_disk_new();
        p->links = archive_entry_linkresolver_new();
        p->block = malloc(ARCHIVE_BLOCK);
        p->hole = mmap(NULL, HOLE_CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!p->out || !p->disk || !p->links || !p->block || p->hole == MAP_FAILED)
                return -ENOMEM;
        archive_entry_linkresolver_set_strategy(p->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
        /* Attributes of ext2 are not wanted, holes we find ourselves. */
        archive_read_disk_set_behavior(p->disk, ARCHIVE_READDISK_NO_FFLAGS | ARCHIVE_READDISK_NO_SPARSE |
                                                        (p->task->preserve ? 0 : ARCHIVE_READDISK_NO_ACL));
        if (archive_write_set_format_pax(p->out) < ARCHIVE_OK ||
            archive_write_set_bytes_per_block(p->out, ARCHIVE_BLOCK) < ARCHIVE_OK ||
            archive_write_set_bytes_in_last_block(p->out, 1) < ARCHIVE_OK ||
            archive_write_open(p->out, p, NULL, on_write, NULL) < ARCHIVE_OK)
                return failed(p, p->task->path);
        return 0;
}

int archive_pack(ArchiveTask *task, Error *error) {
        Pack p = { .task = task, .error = error };
        int r;

        r = pack_open_archive(&p);
        if (r >= 0)
                r = pack_top(&p);
        /* What has failed is cut off, so that nobody takes it for whole. */
        if (r < 0 && p.out)
                (void) archive_write_fail(p.out);
        if (r >= 0 && archive_write_close(p.out) < ARCHIVE_WARN)
                r = failed(&p, task->path);
        archive_write_free(p.out);
        archive_read_free(p.disk);
        archive_entry_linkresolver_free(p.links);
        free(p.block);
        if (p.hole && p.hole != MAP_FAILED)
                munmap(p.hole, HOLE_CHUNK);
        return r < 0 && !error_is_set(error) ? error_set_errno(error, r, "%s cannot be copied", task->path) : r;
}
