/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "criu-environment.h"
#include "criu.h"
#include "fd.h"
#include "process.h"
#include "procfs.h"

#define CONFIG_ANNOTATION "org.criu.config"
#define TABLES_MAX (1024 * 1024)
#define LOCK_TABLE "table inet CRIU-"

/* The annotation names a file, or none by being empty; else the administrator
 * may have one for us, or for the runtimes that users know. What is not there is
 * not missed: so do runc and crun. */
static int open_config_file(const Config *c) {
        static const char *const usual[] = { "/etc/criu/ctrrun.conf", "/etc/criu/crun.conf", "/etc/criu/runc.conf" };
        const char *named = json_string_value(json_object_get(c->annotations, CONFIG_ANNOTATION));
        int fd = -EBADF;

        if (named)
                return *named ? open(named, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -EBADF;
        for (size_t i = 0; i < ELEMENTSOF(usual) && fd < 0; i++)
                fd = open(usual[i], O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd;
}

/* By descriptor: where criu restores, paths below /tmp mean something else. */
static int add_config_file(CriuRequest *request, const Config *c) {
        char path[32];
        int fd = open_config_file(c);

        if (fd < 0)
                return 0;
        fd = criu_request_take_fd(request, fd);
        if (fd < 0)
                return fd;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        return criu_request_set(request, &request->message.config_file, path);
}

int criu_environment_add(CriuRequest *request, const Config *c, const CriuOptions *o, unsigned version, Error *error) {
        char buffer[64];
        int r = add_config_file(request, c);

        if (r < 0)
                return error_set_errno(error, r, "the configuration file for criu");
        /* criu takes iptables unless told otherwise, and Debian's package does not
         * depend on it. */
        if (o->network_lock == CRIU_NETWORK_LOCK_AUTO && version >= CRIU_VERSION_NETWORK_LOCK &&
            !criu_find_program("iptables-restore", buffer)) {
                request->message.has_network_lock = true;
                request->message.network_lock = CRIU_NETWORK_LOCK_NFTABLES;
        }
        return 0;
}

/* --- what is left of a lock --- */

static int run_nft(const char *nft, char *const *argv, char **ret_output) {
        _cleanup_fd_ int in = -EBADF, out = -EBADF, pidfd = -EBADF;
        int ends[2], status, sig, r;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        in = ends[0];
        out = ends[1];
        r = process_spawn(&(ProcessSpawn){ .path = nft, .argv = argv, .stdio = { -1, out, -1 } }, NULL, &pidfd);
        if (r < 0)
                return r;
        out = fd_close(out);
        r = fd_read_all(in, TABLES_MAX, ret_output, NULL);
        in = fd_close(in);
        if (process_wait(pidfd, &status, &sig) < 0 || sig != 0 || status != 0)
                return -EIO;
        return r;
}

/* In the namespace already. */
static int remove_tables(const char *nft) {
        char *const list[] = { (char *) "nft", (char *) "list", (char *) "tables", NULL };
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r = run_nft(nft, list, &text);

        if (r < 0)
                return r;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_free_ char *ignored = NULL;
                char *const delete[] = { (char *) "nft", (char *) "delete", (char *) "table", (char *) "inet",
                                         line + strlen("table inet "), NULL };

                if (startswith(line, LOCK_TABLE) && (r = run_nft(nft, delete, &ignored)) < 0)
                        return r;
        }
        return 0;
}

int criu_environment_unlock(pid_t pid, Error *error) {
        _cleanup_fd_ int fd = -EBADF;
        char path[32], buffer[64];
        const char *nft = criu_find_program("nft", buffer);
        pid_t child;

        if (!nft)
                return 0;
        snprintf(path, sizeof(path), "%d/ns/net", (int) pid);
        fd = procfs_openat(-1, path, O_RDONLY, true);
        if (fd < 0)
                return error_set_errno(error, fd, "opening the container's network namespace");
        child = fork();
        if (child < 0)
                return error_set_errno(error, errno, "unlocking the container's network");
        if (child == 0)
                _exit(setns(fd, CLONE_NEWNET) < 0 || remove_tables(nft) < 0 ? 1 : 0);
        return process_wait_pid(child) == 0
                       ? 0
                       : error_set(error, EIO, NULL, "the container's network could not be unlocked by %s", nft);
}
