/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "attack.h"

/* Runs inside a container, as its root:
 *
 *   escape attack [NAME=VALUE]… [--only NAME]…   one line for each attack:
 *                                                name, result, errno, note, reference and
 *                                                what it is, with tabs between
 *   escape victim SENTINEL     on the host: a process worth attacking; prints NAME=VALUE
 *   escape terminal            types into the terminal that it is run on
 *   escape watch SECONDS       waits for who joins the container and goes through them
 *   escape notify KIND         tells the manager what only init may
 *   escape bomb fork|memory    until it is stopped
 *   escape swap PATH TARGET    exchanges a directory with a symbolic link, without a pause
 */

#define TIMEOUT_SEC 20

typedef struct Result {
        int value;
        bool done;
        char note[200];
} Result;

static Result *shared;
static char **targets;

const char *target(const char *name) {
        size_t n = strlen(name);

        for (char **t = targets; t && *t; t++)
                if (strncmp(*t, name, n) == 0 && (*t)[n] == '=')
                        return *t + n + 1;
        return NULL;
}

uint64_t target_number(const char *name) {
        const char *value = target(name);

        return value ? strtoull(value, NULL, 0) : 0;
}

void note(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(shared->note, sizeof(shared->note), format, ap);
        va_end(ap);
        for (char *c = shared->note; *c; c++)
                if (*c == '\t' || *c == '\n')
                        *c = ' ';
}

int allowed(long result, int harmless_errno) {
        if (result >= 0)
                return ATTACK_THROUGH;
        if (errno != harmless_errno)
                return -errno;
        note("allowed: only the arguments were not (%s)", strerrorname_np(errno));
        return ATTACK_THROUGH;
}

bool sees_host(int fd, const char *prefix) {
        const char *path = target("sentinel");
        char name[4096], text[sizeof(SENTINEL_WORDS)] = "";
        int file;

        if (!path)
                return false;
        /* Relative to the descriptor, whatever the root is. */
        snprintf(name, sizeof(name), "%s%s", prefix, path + 1);
        file = openat(fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (file < 0)
                return false;
        if (read(file, text, sizeof(text) - 1) < 0)
                *text = 0;
        close(file);
        return strcmp(text, SENTINEL_WORDS) == 0;
}

static void child(const Attack *attack) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(TIMEOUT_SEC);
        /* What is mounted goes with the process. Who may not do that mounts nothing either. */
        if (unshare(CLONE_NEWNS) == 0)
                (void) mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
        shared->value = attack->run();
        shared->done = true;
        _exit(0);
}

static const char *name_of(int value) {
        return value == ATTACK_THROUGH ? "succeeded" :
               value == ATTACK_CONTAINED ? "contained" :
               value == ATTACK_IMPOSSIBLE ? "impossible" : "refused";
}

static void attempt(const Attack *attack) {
        int status = 0;
        pid_t pid;

        memset(shared, 0, sizeof(*shared));
        fflush(stdout);
        pid = fork();
        if (pid == 0)
                child(attack);
        if (pid < 0 || waitpid(pid, &status, 0) != pid) {
                perror("escape: fork");
                exit(1);
        }
        if (!shared->done) {
                /* A filter may kill, and so does a port that is not ours. */
                note("%s", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended early");
                shared->value = WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM ? -EINTR : -ETIMEDOUT;
        }
        printf("%s\t%s\t%s\t%s\t%s\t%s\n", attack->name, name_of(shared->value),
               shared->value < 0 ? strerrorname_np(-shared->value) ?: "?" : "", shared->note, attack->reference, attack->what);
}

static bool wanted(const char *name, char **only) {
        bool any = false;

        for (char **o = only; *o; o++)
                if (strcmp(*o, "--only") == 0 && o[1]) {
                        any = true;
                        if (strcmp(o[1], name) == 0)
                                return true;
                }
        return !any;
}

static int mode_attack(char **arguments) {
        static const Attack *const tables[] = { attacks_kernel, attacks_call,   attacks_device, attacks_mount,
                                                attacks_process, attacks_cgroup, attacks_network };

        targets = arguments;
        for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++)
                for (const Attack *a = tables[t]; a->name; a++)
                        if (wanted(a->name, arguments))
                                attempt(a);
        return 0;
}

int main(int argc, char **argv) {
        const char *mode = argc > 1 ? argv[1] : "", *first = argc > 2 ? argv[2] : "";

        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
                return 1;
        if (strcmp(mode, "attack") == 0)
                return mode_attack(argv + 2);
        if (strcmp(mode, "victim") == 0)
                return mode_victim(first);
        if (strcmp(mode, "terminal") == 0)
                return mode_terminal();
        targets = argv + 2;
        if (strcmp(mode, "watch") == 0)
                return mode_watch(first);
        if (strcmp(mode, "notify") == 0)
                return mode_notify(first);
        if (strcmp(mode, "bomb") == 0)
                return mode_bomb(first);
        if (strcmp(mode, "swap") == 0 && argc > 3)
                return mode_swap(first, argv[3]);
        fprintf(stderr, "escape: no mode \"%s\"; see the head of main.c\n", mode);
        return 2;
}
