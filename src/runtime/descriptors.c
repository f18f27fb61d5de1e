/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptors.h"
#include "fd.h"
#include "field.h"
#include "file.h"
#include "json-text.h"
#include "log.h"
#include "procfs.h"

#define DESCRIPTORS "descriptors.json"
#define DESCRIPTORS_SIZE_MAX 65536
#define MOUNTINFO_MAX (4 * 1024 * 1024)
#define STREAMS 3
#define MEMORY_MAJOR 1 /* null, zero, random and their like */

bool descriptors_has_mount(const char *mountinfo, uint64_t id) {
        for (const char *line = mountinfo; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
                if (strtoull(line, NULL, 10) == id)
                        return true;
        return false;
}

static int read_procfs(int procfs, const char *path, char **ret) {
        _cleanup_fd_ int fd = procfs_openat(procfs, path, O_RDONLY, false);

        return fd < 0 ? fd : fd_read_all(fd, MOUNTINFO_MAX, ret, NULL);
}

/* The id of the mount that a descriptor of another process is on. */
static int mount_id(int procfs, pid_t pid, int fd, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        char path[48];
        const char *p;
        int r;

        snprintf(path, sizeof(path), "%d/fdinfo/%d", (int) pid, fd);
        r = read_procfs(procfs, path, &text);
        if (r < 0)
                return r;
        p = strstr(text, "mnt_id:");
        if (!p)
                return -ENODATA;
        *ret = strtoull(p + 7, NULL, 10);
        return 0;
}

/* What criu calls a file that the container has open and that is on no mount of
 * its own: a log of the host's, its /dev/null. Others have no such name. */
static int name_of_file(int procfs, pid_t pid, int fd, const char *mountinfo, char name[static 64]) {
        char path[48];
        struct stat st;
        uint64_t id;
        int r;

        snprintf(path, sizeof(path), "%d/fd/%d", (int) pid, fd);
        _cleanup_fd_ int file = procfs_openat(procfs, path, O_PATH, true);
        if (file < 0)
                return file;
        if (fstat(file, &st) < 0)
                return -errno;
        /* Of devices criu reopens those of memory alone. */
        if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && major(st.st_rdev) == MEMORY_MAJOR))
                return 0;
        r = mount_id(procfs, pid, fd, &id);
        if (r < 0)
                return r;
        if (descriptors_has_mount(mountinfo, id))
                return 0;
        snprintf(name, 64, "file[%" PRIx64 ":%" PRIx64 "]", id, (uint64_t) st.st_ino);
        return 1;
}

/* What the link in /proc says ("pipe:[4711]", a path), NULL where there is no
 * such descriptor. */
static char *link_of(int procfs, pid_t pid, int fd) {
        char path[48], target[PATH_MAX];
        ssize_t n;

        snprintf(path, sizeof(path), "%d/fd", (int) pid);
        _cleanup_fd_ int directory = procfs_openat(procfs, path, O_RDONLY | O_DIRECTORY, false);
        if (directory < 0)
                return NULL;
        snprintf(path, sizeof(path), "%d", fd);
        n = readlinkat(directory, path, target, sizeof(target) - 1);
        if (n < 0)
                return NULL;
        target[n] = 0;
        return strdup(target);
}

static int write_list(int images, const json_t *list, Error *error) {
        _cleanup_free_ char *text = json_text(list, JSON_COMPACT | JSON_ENSURE_ASCII);
        int r = text ? file_write_atomic(images, DESCRIPTORS, text, strlen(text), 0600) : -ENOMEM;

        return r < 0 ? error_set_errno(error, r, "writing " DESCRIPTORS) : 0;
}

/* The i-th of a list of strings that is a pipe, or NULL. */
static const char *pipe_of(const json_t *list, size_t i) {
        const char *s = json_string_value(json_array_get(list, i));

        return s && startswith(s, "pipe:") ? s : NULL;
}

int descriptors_dump(CriuRequest *request, int images, int procfs, pid_t pid, const char *recorded, Error *error) {
        json_t *before = recorded ? json_loads(recorded, 0, NULL) : NULL, *list;
        _cleanup_free_ char *mountinfo = NULL;
        char path[32], name[64];
        int r;

        snprintf(path, sizeof(path), "%d/mountinfo", (int) pid);
        r = read_procfs(procfs, path, &mountinfo);
        if (r < 0) {
                json_decref(before);
                return error_set_errno(error, r, "reading /proc/%s", path);
        }

        list = json_array();
        for (int i = 0; i < STREAMS && r >= 0; i++) {
                _cleanup_free_ char *target = link_of(procfs, pid, i);
                json_t *entry = NULL;

                r = target ? name_of_file(procfs, pid, i, mountinfo, name) : 0;
                if (r > 0) {
                        r = criu_request_add_external(request, "%s", name);
                        entry = json_string(name);
                } else if (r == -ENOENT)
                        r = 0; /* closed meanwhile */
                if (!entry)
                        entry = json_string(pipe_of(before, (size_t) i) ?: strempty(target));
                json_array_append_new(list, entry ?: json_string(""));
        }
        r = r < 0 ? error_set_errno(error, r, "looking at the container's standard streams") : write_list(images, list, error);
        json_decref(list);
        json_decref(before);
        return r;
}

/* A file keeps its position, which a pipe has none of; and a stream that we were
 * not given is none. */
static bool can_be(int fd, bool file) {
        return file ? lseek(fd, 0, SEEK_CUR) >= 0 : fcntl(fd, F_GETFD) >= 0;
}

static int restore_stream(CriuRequest *request, int i, const char *key, Error *error) {
        bool file = startswith(key, "file[");
        int fd = i, r;

        if (!file && !startswith(key, "pipe:"))
                return 0;
        if (!can_be(i, file)) {
                if (i > 0 && file)
                        log_warning("standard stream %d was a file and cannot be what it is now: it becomes /dev/null", i);
                r = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
                if (r < 0)
                        return error_set_errno(error, errno, "opening /dev/null");
                fd = criu_request_take_fd(request, r);
        }
        r = fd < 0 ? fd : criu_request_add_inherit(request, key, fd);
        return r < 0 ? error_set_errno(error, r, "handing standard stream %d on", i) : 0;
}

int descriptors_restore(CriuRequest *request, int images, Error *error) {
        _cleanup_free_ char *text = NULL;
        json_t *list;
        size_t size;
        int r;

        r = file_read(images, DESCRIPTORS, DESCRIPTORS_SIZE_MAX, &text, &size);
        if (r == -ENOENT) /* of somebody who called criu himself */
                return 0;
        if (r < 0)
                return error_set_errno(error, r, "reading " DESCRIPTORS);
        list = field_load(text, size, DESCRIPTORS, error);
        if (!list)
                return -EINVAL;
        if (!json_is_array(list))
                r = field_invalid(DESCRIPTORS, "must be a list", error);
        for (size_t i = 0; i < STREAMS && i < json_array_size(list) && r >= 0; i++) {
                const char *key = json_string_value(json_array_get(list, i));

                if (key)
                        r = restore_stream(request, (int) i, key, error);
        }
        json_decref(list);
        return r;
}
