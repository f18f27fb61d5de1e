/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-launcher: starts the monitors of containers for ctrd.
 *
 * A container's processes descend from who starts its monitor and inherit
 * no_new_privs, filters of system calls, the bounding set and the mount namespace
 * of that for ever. ctrd is hardened by all of these; so it is this program that
 * starts monitors, and it does nothing else (docs/decisions/24), but for the workers
 * that go into a container's files, which ctrd may not either (docs/decisions/30).
 */

#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "launcher-call.h"
#include "name.h"
#include "parse.h"
#include "process.h"
#include "socket.h"
#include "wire.h"

#define MONITOR CTRD_LIBEXEC_DIR "/ctr-monitor"
#define ARCHIVE CTRD_LIBEXEC_DIR "/ctr-archive"
#define RUN_DIRECTORY "/run/ctrd/containers"
#define CACHE_DIRECTORY "/run/ctrd/seccomp"
#define FIRST_ACTIVATED 3 /* sd_listen_fds(3) */
/* ctrd asks as soon as it is connected. Who does not keeps others waiting. */
#define ASK_TIMEOUT_SEC 2

static int usage(FILE *file) {
        fputs("ctr-launcher\n"
              "\n"
              "Starts the monitors of containers for ctrd, on the socket that systemd gives it:\n"
              "see ctrd(8).\n",
              file);
        return file == stderr ? 2 : 0;
}

static int read_message(char *data, size_t size, char *ret, size_t ret_size, bool *ret_archive) {
        const char *key, *value, *name = NULL;
        bool archive = false;
        WireReader reader;
        int r;

        wire_read_begin(&reader, data, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0)
                if (streq(key, "NAME"))
                        name = value;
                else if (streq(key, "WORKER") && streq(value, "archive"))
                        archive = true;
                else
                        return -EINVAL;
        if (r < 0)
                return r;
        if (!name || !name_is_valid(name) || strlen(name) >= ret_size)
                return -EINVAL;
        strcpy(ret, name);
        *ret_archive = archive;
        return 0;
}

/* Whoever asked and has gone meanwhile wants no monitor: by now its directory may
 * be another run's. To a worker something has been said already. */
static bool asker_is_there(int control) {
        char c;

        ssize_t n = recv(control, &c, 1, MSG_PEEK | MSG_DONTWAIT);

        return n > 0 || (n < 0 && errno == EAGAIN);
}

static int start(const char *name, bool archive, int control, pid_t *ret_pid) {
        char *const worker[] = { (char *) "ctr-archive", (char *) "serve", NULL };
        char dir[PATH_MAX];
        char *const monitor[] = { (char *) "ctr-monitor", (char *) "--dir", dir, NULL };

        if (!asker_is_there(control))
                return -ECONNRESET;
        snprintf(dir, sizeof(dir), RUN_DIRECTORY "/%s", name);
        return process_spawn(
                &(ProcessSpawn){
                        .path = archive ? ARCHIVE : MONITOR,
                        .argv = archive ? worker : monitor,
                        /* Nothing of ours is theirs: not NOTIFY_SOCKET above all, which a
                         * runtime would take for the container's. */
                        .env = (char *[]){ (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                           /* A runtime's --root goes with its container:
                                            * what ctrrun has compiled would go too. */
                                           (char *) "CTRRUN_SECCOMP_CACHE=" CACHE_DIRECTORY, NULL },
                        .stdio = { -1, -1, STDERR_FILENO },
                        .fds = &control,
                        .n_fds = 1,
                },
                ret_pid, NULL);
}

static int serve(int connection) {
        const struct timeval timeout = { .tv_sec = ASK_TIMEOUT_SEC };
        char data[LAUNCHER_MESSAGE_MAX + 1], name[NAME_MAX + 1];
        struct ucred peer;
        socklen_t size = sizeof(peer);
        _cleanup_fd_ int control = -EBADF;
        bool archive = false;
        size_t n_fds = 0;
        WireWriter w;
        pid_t pid = 0;
        ssize_t n;
        int r;

        /* The socket is root's alone already. */
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0)
                return -EPERM;
        if (setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
                return -errno;
        n = fd_receive(connection, data, LAUNCHER_MESSAGE_MAX, &control, 1, &n_fds);
        if (n <= 0)
                return n < 0 ? (int) n : -ECONNRESET;

        r = n_fds == 1 ? read_message(data, (size_t) n, name, sizeof(name), &archive) : -EBADMSG;
        if (r >= 0)
                r = start(name, archive, control, &pid);

        wire_begin(&w);
        wire_put_u64(&w, r < 0 ? "ERRNO" : "PID", r < 0 ? (uint64_t) -r : (uint64_t) pid);
        return fd_send(connection, w.data, w.size, NULL, 0);
}

static int activated_socket(void) {
        const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
        uint32_t n, owner;

        if (!fds || !pid || parse_u32(fds, &n) < 0 || n != 1 || parse_u32(pid, &owner) < 0 || owner != (uint32_t) getpid())
                return -ENOENT;
        return fd_set_cloexec(FIRST_ACTIVATED, true) < 0 ? -EBADF : FIRST_ACTIVATED;
}

static int run(void) {
        int listening = activated_socket();

        if (listening < 0) {
                fputs("ctr-launcher: there is no socket: let systemd start it, by ctr-launcher.socket\n", stderr);
                return 1;
        }
        umask(0022);
        /* Monitors that end are nobody's to wait for: ctrd sees their connection
         * close. They get every signal at its default (process_spawn). */
        (void) signal(SIGCHLD, SIG_IGN);
        (void) signal(SIGPIPE, SIG_IGN);

        for (;;) {
                _cleanup_fd_ int connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
                int r;

                if (connection < 0) {
                        if (errno == EINTR || errno == ECONNABORTED)
                                continue;
                        fprintf(stderr, "ctr-launcher: cannot accept a connection: %s\n", strerror(errno));
                        return 1;
                }
                r = serve(connection);
                if (r < 0)
                        fprintf(stderr, "ctr-launcher: a request failed: %s\n", strerror(-r));
        }
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        return usage(stdout);
                case 'V':
                        puts("ctr-launcher " CTRD_VERSION);
                        return 0;
                default:
                        return usage(stderr);
                }
        return optind < argc ? usage(stderr) : run();
}
