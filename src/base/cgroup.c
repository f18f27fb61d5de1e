/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"
#include "fd.h"
#include "file.h"
#include "procfs.h"

#define CGROUP_FILE_MAX (1024 * 1024)
#define RANDOM_ATTEMPTS 16

static bool is_cgroup2(const char *path) {
        struct statfs sfs;

        return statfs(path, &sfs) >= 0 && sfs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The mount point of the first cgroup2 in mountinfo whose root is "/". */
static bool find_in_mountinfo(char ret[static PATH_MAX]) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;

        if (file_read(AT_FDCWD, "/proc/self/mountinfo", 4 * 1024 * 1024, &text, NULL) < 0)
                return false;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char root[PATH_MAX], point[PATH_MAX];

                if (strstr(line, " - cgroup2 ") && sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) == 2 &&
                    streq(root, "/") && is_cgroup2(point)) {
                        strcpy(ret, point);
                        return true;
                }
        }
        return false;
}

const char *cgroup_mount_point(void) {
        static char found[PATH_MAX];
        static const char *cached;

        if (cached)
                return cached;
        if (is_cgroup2("/sys/fs/cgroup"))
                cached = "/sys/fs/cgroup";
        else if (is_cgroup2("/sys/fs/cgroup/unified"))
                cached = "/sys/fs/cgroup/unified";
        else if (find_in_mountinfo(found))
                cached = found;
        return cached;
}

int cgroup_of_pid(pid_t pid, char **ret) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int fd = -EBADF;
        char path[32], *save = NULL;
        int r;

        if (pid > 0)
                snprintf(path, sizeof(path), "%d/cgroup", (int) pid);
        else
                strcpy(path, "self/cgroup");
        fd = procfs_openat(-1, path, O_RDONLY, false);
        if (fd < 0)
                return fd == -ENOENT ? -ESRCH : fd;
        r = fd_read_all(fd, CGROUP_FILE_MAX, &text, NULL);
        if (r < 0)
                return r;

        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                const char *p = startswith(line, "0::");

                if (!p)
                        continue;
                /* "/x (deleted)" cannot be told from a name; such a path does not open. */
                *ret = strdup(p);
                return *ret ? 0 : -ENOMEM;
        }
        return -ENODATA;
}

bool cgroup_path_is_valid(const char *path) {
        if (path[0] != '/' || strlen(path) >= PATH_MAX - 64)
                return false;
        if (path[1] == 0)
                return true;
        for (const char *p = path; *p == '/';) {
                size_t n = strcspn(++p, "/");

                if (n == 0 || n > NAME_MAX || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                        return false;
                p += n;
        }
        return true;
}

static int open_root(void) {
        const char *point = cgroup_mount_point();
        int fd;

        if (!point)
                return -ENODEV;
        fd = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* path: relative, "" for the directory itself. */
static int open_beneath(int dirfd, const char *path) {
        struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        int fd = (int) syscall(SYS_openat2, dirfd, path[0] ? path : ".", &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

int cgroup_open(const char *path) {
        _cleanup_fd_ int root = -EBADF;

        if (!cgroup_path_is_valid(path))
                return -EINVAL;
        root = open_root();
        if (root < 0)
                return root;
        return open_beneath(root, path + 1);
}

int cgroup_create(const char *path, unsigned *ret_n_created) {
        _cleanup_fd_ int root = -EBADF, fd = -EBADF;
        unsigned n_created = 0;
        char copy[PATH_MAX];

        if (!cgroup_path_is_valid(path))
                return -EINVAL;
        root = open_root();
        if (root < 0)
                return root;

        /* Mostly the parent is there, or all is. */
        strcpy(copy, path);
        if (path[1] != 0 && mkdirat(root, path + 1, 0755) >= 0)
                n_created = 1;
        else if (path[1] != 0 && errno == ENOENT) {
                for (char *p = copy + 1;; p++) {
                        if (*p != '/' && *p != 0)
                                continue;

                        char c = *p;
                        *p = 0;
                        if (mkdirat(root, copy + 1, 0755) >= 0)
                                n_created++;
                        else if (errno != EEXIST) {
                                int r = -errno;

                                (void) cgroup_remove_created(copy, n_created);
                                return r;
                        }
                        *p = c;
                        if (c == 0)
                                break;
                }
        } else if (path[1] != 0 && errno != EEXIST)
                return -errno;

        fd = open_beneath(root, path + 1);
        if (fd < 0) {
                (void) cgroup_remove_created(path, n_created);
                return fd;
        }
        if (ret_n_created)
                *ret_n_created = n_created;
        return TAKE_FD(fd);
}

int cgroup_has_controller(int fd, const char *controller) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r;

        r = cgroup_read(fd, "cgroup.controllers", &text);
        if (r < 0)
                return r;
        for (char *p = strtok_r(text, " \n", &save); p; p = strtok_r(NULL, " \n", &save))
                if (streq(p, controller))
                        return 1;
        return 0;
}

int cgroup_enable(int fd, const char *const *controllers) {
        int first = 0;

        for (; *controllers; controllers++) {
                char text[64];
                int r;

                snprintf(text, sizeof(text), "%s%s", **controllers == '+' ? "" : "+", *controllers);
                r = cgroup_write(fd, "cgroup.subtree_control", text);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int cgroup_attach(int fd, pid_t pid) {
        char text[16];

        snprintf(text, sizeof(text), "%d", (int) pid);
        return cgroup_write(fd, "cgroup.procs", text);
}

int cgroup_read(int fd, const char *file, char **ret) {
        return file_read(fd, file, CGROUP_FILE_MAX, ret, NULL);
}

int cgroup_write(int fd, const char *file, const char *text) {
        return file_write(fd, file, text);
}

int cgroup_for_each_child(int fd, int (*func)(int parent, int child, const char *name, void *arg), void *arg) {
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        DIR *dir;

        if (copy < 0)
                return -errno;
        dir = fdopendir(copy);
        if (!dir) {
                fd_close(copy);
                return -errno;
        }
        for (struct dirent *de; r >= 0 && (de = readdir(dir));) {
                if (de->d_type != DT_DIR || streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;

                _cleanup_fd_ int child = open_beneath(fd, de->d_name);
                if (child < 0) {
                        if (child != -ENOENT && child != -ENODEV)
                                r = child;
                        continue;
                }
                r = func(fd, child, de->d_name, arg);
        }
        closedir(dir);
        return r;
}

static int remove_tree(int parent, int fd, const char *name, void *arg) {
        unsigned *depth = arg;
        int r;

        /* Without children, as mostly, this is one call. */
        if (unlinkat(parent, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EBUSY && errno != ENOTEMPTY)
                return -errno;
        if (*depth >= CGROUP_DEPTH_MAX)
                return -ELOOP;

        (*depth)++;
        r = cgroup_for_each_child(fd, remove_tree, depth);
        (*depth)--;
        if (r < 0)
                return r;
        return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int cgroup_remove(const char *path) {
        _cleanup_fd_ int root = -EBADF, parent = -EBADF, fd = -EBADF;
        char copy[PATH_MAX], *slash;
        unsigned depth = 0;

        if (!cgroup_path_is_valid(path) || path[1] == 0)
                return -EINVAL;
        root = open_root();
        if (root < 0)
                return root;
        /* Mostly there is nothing in it. (There are no symlinks in cgroupfs.) */
        if (unlinkat(root, path + 1, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;

        strcpy(copy, path + 1);
        slash = strrchr(copy, '/');
        if (slash)
                *slash = 0;
        parent = open_beneath(root, slash ? copy : "");
        if (parent < 0)
                return parent == -ENOENT ? 0 : parent;

        const char *name = slash ? slash + 1 : copy;
        fd = open_beneath(parent, name);
        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        return remove_tree(parent, fd, name, &depth);
}

int cgroup_create_below(const char *path, const char *below, unsigned *ret_n_created) {
        _cleanup_fd_ int fd = cgroup_open(path);
        char full[PATH_MAX], name[NAME_MAX + 1], *end;
        unsigned n_created = 0;
        int r = 0;

        if (fd < 0)
                return fd;
        if ((size_t) snprintf(full, sizeof(full), "%s/%s", streq(path, "/") ? "" : path, below) >= sizeof(full) ||
            !cgroup_path_is_valid(full))
                return -EINVAL;
        end = full + strlen(full) - strlen(below);
        while (*below && r >= 0) {
                size_t n = strcspn(below, "/");
                int next;

                if (n > NAME_MAX) {
                        r = -ENAMETOOLONG;
                        break;
                }
                memcpy(name, below, n);
                name[n] = 0;
                end += n;
                below += n;
                if (*below == '/') {
                        end++;
                        below++;
                }
                if (mkdirat(fd, name, 0755) >= 0)
                        n_created++;
                else if (errno != EEXIST) {
                        r = -errno;
                        break;
                }
                r = next = open_beneath(fd, name);
                if (next >= 0) {
                        fd_close(fd);
                        fd = next;
                }
        }
        if (r < 0) {
                /* Those that were made, from where it failed upwards. */
                *end = 0;
                if (endswith(full, "/"))
                        end[-1] = 0;
                (void) cgroup_remove_created(full, n_created + 1);
                return r;
        }
        *ret_n_created = n_created;
        return TAKE_FD(fd);
}

int cgroup_create_random(const char *path, const char *prefix, char **ret_name) {
        _cleanup_fd_ int parent = cgroup_open(path);

        if (parent < 0)
                return parent;
        for (unsigned attempt = 0; attempt < RANDOM_ATTEMPTS; attempt++) {
                _cleanup_free_ char *name = NULL;
                _cleanup_fd_ int fd = -EBADF;
                uint64_t number;
                struct stat st;

                if (getrandom(&number, sizeof(number), 0) != sizeof(number))
                        return -errno;
                if (asprintf(&name, "%s%016llx", prefix, (unsigned long long) number) < 0) {
                        name = NULL;
                        return -ENOMEM;
                }
                if (mkdirat(parent, name, 0755) < 0) {
                        if (errno == EEXIST)
                                continue;
                        return -errno;
                }
                fd = open_beneath(parent, name);
                if (fd == -ENOENT)
                        continue;
                if (fd < 0 || fstat(fd, &st) < 0)
                        return fd < 0 ? fd : -errno;
                /* Another's, who has put it in the place of ours. */
                if (st.st_uid != geteuid())
                        continue;
                *ret_name = TAKE_PTR(name);
                return TAKE_FD(fd);
        }
        return -EEXIST;
}

int cgroup_remove_created(const char *path, unsigned n_created) {
        const char *point = cgroup_mount_point();
        char copy[PATH_MAX];
        int r;

        if (!cgroup_path_is_valid(path))
                return -EINVAL;
        if (n_created == 0)
                return 0;
        r = cgroup_remove(path);
        if (r < 0)
                return r;

        /* The parents that were made on the way, unless others use them now. */
        strcpy(copy, path);
        while (--n_created > 0) {
                char full[PATH_MAX + 64], *slash = strrchr(copy, '/');

                if (slash == copy)
                        break;
                *slash = 0;
                snprintf(full, sizeof(full), "%s%s", point, copy);
                if (rmdir(full) < 0 && errno != ENOENT)
                        return errno == EBUSY || errno == ENOTEMPTY ? 0 : -errno;
        }
        return 0;
}
