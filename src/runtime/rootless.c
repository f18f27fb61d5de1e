/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "fd.h"
#include "process.h"
#include "procfs.h"
#include "rootless.h"
#include "userns.h"

RootlessMode rootless_mode_from_string(const char *s) {
        static const struct {
                const char *word;
                RootlessMode mode;
        } words[] = {
                { "auto", ROOTLESS_AUTO }, { "true", ROOTLESS_YES }, { "1", ROOTLESS_YES }, { "yes", ROOTLESS_YES },
                { "false", ROOTLESS_NO },  { "0", ROOTLESS_NO },     { "no", ROOTLESS_NO },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(s, words[i].word))
                        return words[i].mode;
        return ROOTLESS_MODE_INVALID;
}

bool rootless_is_expected(RootlessMode mode) {
        return mode == ROOTLESS_AUTO ? geteuid() != 0 || !userns_is_first() : mode == ROOTLESS_YES;
}

/* The config's ids of the host's, and our own, each mapped to itself. */
static int identity_map(const IdMap *map, size_t n, uint32_t own, IdMap **ret, size_t *ret_n) {
        IdMap *identity = calloc(n + 1, sizeof(IdMap));
        size_t used = 0;
        uint32_t id;

        if (!identity)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                identity[used++] = (IdMap){ map[i].outside, map[i].outside, map[i].count };
        if (id_map_inside(map, n, own, &id) < 0)
                identity[used++] = (IdMap){ own, own, 1 };
        *ret = identity;
        *ret_n = used;
        return 0;
}

/* newuidmap(1) or newgidmap(1): only they may map what /etc/subuid and
 * /etc/subgid let the user have. */
static int run_mapper(const char *name, pid_t pid, const IdMap *map, size_t n, Error *error) {
        static const char *const directories[] = { "/usr/bin", "/bin", "/usr/local/bin" };
        _cleanup_free_ char *numbers = calloc(3 * n + 1, 12);
        _cleanup_free_ char **argv = calloc(3 * n + 3, sizeof(char *));
        _cleanup_fd_ int pidfd = -EBADF;
        int status, sig, r = -ENOENT;
        char path[64], *p = numbers;

        if (!numbers || !argv)
                return error_set_errno(error, ENOMEM, "%s", name);
        argv[0] = (char *) name;
        argv[1] = p;
        p += sprintf(p, "%d", (int) pid) + 1;
        for (size_t i = 0; i < n; i++) {
                const uint32_t values[] = { map[i].inside, map[i].outside, map[i].count };

                for (size_t j = 0; j < 3; j++) {
                        argv[2 + 3 * i + j] = p;
                        p += sprintf(p, "%u", values[j]) + 1;
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(directories) && r == -ENOENT; i++) {
                snprintf(path, sizeof(path), "%s/%s", directories[i], name);
                r = process_spawn(&(ProcessSpawn){ .path = path, .argv = argv, .stdio = { -1, -1, STDERR_FILENO } }, NULL,
                                  &pidfd);
        }
        if (r == -ENOENT)
                return error_set(error, ENOENT, NULL,
                                 "mapping ids of others needs %s: install uidmap, or map the own user and group alone", name);
        if (r >= 0)
                r = process_wait(pidfd, &status, &sig);
        if (r < 0)
                return error_set_errno(error, r, "%s", name);
        if (sig != 0 || status != 0)
                return error_set(error, EPERM, NULL, "%s does not allow the mappings of the config: see %s", name,
                                 streq(name, "newuidmap") ? "/etc/subuid" : "/etc/subgid");
        return 0;
}

static int write_maps(pid_t pid, const Config *c, Error *error) {
        _cleanup_free_ IdMap *uids = NULL, *gids = NULL;
        size_t n_uids = 0, n_gids = 0;
        int r;

        r = identity_map(c->uids, c->n_uids, geteuid(), &uids, &n_uids);
        if (r >= 0)
                r = identity_map(c->gids, c->n_gids, getegid(), &gids, &n_gids);
        if (r < 0)
                return error_set_errno(error, r, "id maps");
        /* user_namespaces(7): the own ids, and no others, anybody may map who
         * renounces setgroups(2). */
        if (n_uids == 1 && uids[0].count == 1 && n_gids == 1 && gids[0].count == 1)
                return userns_write_maps(pid, uids, 1, gids, 1, true, error);
        r = run_mapper("newuidmap", pid, uids, n_uids, error);
        return r < 0 ? r : run_mapper("newgidmap", pid, gids, n_gids, error);
}

/* A user namespace with the maps, as a descriptor. Not as userns_open() does
 * it: the files of a process that is not dumpable, or dead, are root's. */
static int make_user_namespace(const Config *c, Error *error) {
        char path[48];
        int ends[2], fd = -EBADF, r;
        pid_t pid;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "pipe");
        (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        pid = (pid_t) syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0L);
        if (pid == 0) {
                char word;

                (void) close(ends[1]);
                _exit(read(ends[0], &word, 1) < 0);
        }
        r = pid < 0 ? error_set_errno(error, errno, "creating a user namespace") : 0;
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        fd_close(ends[0]);
        if (r >= 0)
                r = write_maps(pid, c, error);
        if (r >= 0) {
                snprintf(path, sizeof(path), "%d/ns/user", (int) pid);
                fd = procfs_openat(-1, path, O_RDONLY, true);
                r = fd < 0 ? error_set_errno(error, fd, "opening /proc/%s", path) : fd;
        }
        fd_close(ends[1]); /* and it ends */
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return r;
}

int rootless_enter(Config *c, RootlessMode mode, Error *error) {
        ConfigNamespace *user = c->namespaces + NAMESPACE_USER;
        _cleanup_fd_ int fd = -EBADF;

        if (mode == ROOTLESS_NO || geteuid() == 0)
                return 0;
        if (!user->present)
                return error_set(error, EPERM, NULL,
                                 "a user without privileges needs a user namespace: see ctrrun spec --rootless");
        fd = user->path ? namespace_open(NAMESPACE_USER, user->path, error) : make_user_namespace(c, error);
        if (fd < 0)
                return fd;
        if (setns(fd, CLONE_NEWUSER) < 0)
                return error_set_errno(error, errno, "entering the user namespace%s%s", user->path ? " " : "",
                                       strempty(user->path));
        if (unshare(CLONE_NEWNS) < 0)
                return error_set_errno(error, errno, "creating a mount namespace");
        user->entered = user->path != NULL;
        return 1;
}

int rootless_state_root(const char **ret, Error *error) {
        static char path[4096];
        const char *runtime = getenv("XDG_RUNTIME_DIR");
        struct stat st;

        if (geteuid() == 0 && (isempty(runtime) || userns_is_first())) {
                *ret = RUNTIME_ROOT_DEFAULT;
                return 0;
        }
        if (!isempty(runtime)) {
                if (runtime[0] != '/' || (size_t) snprintf(path, sizeof(path), "%s/ctrrun", runtime) >= sizeof(path))
                        return error_set(error, EINVAL, NULL, "XDG_RUNTIME_DIR=%s: an absolute path is wanted", runtime);
                *ret = path;
                return 0;
        }

        snprintf(path, sizeof(path), "/tmp/ctrrun-%u", geteuid());
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return error_set_errno(error, errno, "creating %s", path);
        if (lstat(path, &st) < 0)
                return error_set_errno(error, errno, "%s", path);
        if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
                return error_set(error, EPERM, NULL,
                                 "%s is not user %u's alone: set XDG_RUNTIME_DIR, or give --root", path, geteuid());
        *ret = path;
        return 0;
}
