/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd.h"
#include "home.h"
#include "lsm.h"
#include "payload.h"
#include "syscall-listener.h"
#include "scheduling.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Of a variable that is there twice the last counts, as with runc and crun. */
static const char *get_env(char *const *env, const char *key) {
        const char *value = NULL;
        size_t n = strlen(key);

        for (; env && *env; env++)
                if (strncmp(*env, key, n) == 0 && (*env)[n] == '=')
                        value = *env + n + 1;
        return value;
}

static bool is_overridden(char *const *env) {
        size_t n = strcspn(*env, "=");

        for (char *const *later = env + 1; *later; later++)
                if (strncmp(*later, *env, n) == 0 && ((*later)[n] == '=' || (*later)[n] == 0))
                        return true;
        return false;
}

static int check_program(const char *path) {
        struct stat st;

        if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
                return -errno;
        if (stat(path, &st) < 0)
                return -errno;
        /* As execve(2) has it for what is no regular file. */
        return S_ISDIR(st.st_mode) ? -EACCES : 0;
}

int payload_find_program(const ConfigProcess *p, char path[static 4096], Error *error) {
        const char *name = p->args[0], *search = get_env(p->env, "PATH") ?: PATH_DEFAULT;
        int first = -ENOENT, r;

        if (strchr(name, '/')) {
                if (strlen(name) >= 4096)
                        return error_set_errno(error, ENAMETOOLONG, "executing %s", name);
                strcpy(path, name);
                /* A relative one is resolved in cwd, which is entered later. */
                r = name[0] == '/' ? check_program(name) : 0;
                return r < 0 ? error_set_errno(error, r, "executing %s", name) : 0;
        }
        for (const char *q = search; *q;) {
                size_t n = strcspn(q, ":");
                int k = n > 0 ? snprintf(path, 4096, "%.*s/%s", (int) n, q, name) : snprintf(path, 4096, "./%s", name);

                if (k > 0 && k < 4096) {
                        r = check_program(path);
                        if (r >= 0)
                                return 0;
                        if (r != -ENOENT && r != -ENOTDIR)
                                first = r;
                }
                q += n + (q[n] == ':');
        }
        /* Engines look for these words to tell the status 127 from 126. */
        if (first == -ENOENT)
                return error_set(error, ENOENT, NULL, "executing %s: executable file not found in $PATH (%s)", name, search);
        return error_set_errno(error, first, "executing %s, which is in $PATH (%s)", name, search);
}

static int set_keyring(Error *error) {
        /* Without a name: a new one, that nobody else can join. */
        if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS && errno != EPERM)
                return error_set_errno(error, errno, "creating a session keyring");
        return 0;
}

static int set_groups(const ConfigProcess *p, Error *error) {
        uint64_t permitted;
        int r;

        if (p->keep_groups)
                return 0;
        if (setgroups(p->n_groups, p->groups) >= 0)
                return 0;
        r = -errno;
        /* A user namespace made without privilege may not: what its maker was
         * in stays, mapped to nobody. Any other refusal would leave groups of
         * the host's that nobody has asked for (CVE-2022-2989). */
        if (r == -EPERM && p->n_groups == 0 && capability_read(&permitted, NULL) >= 0 &&
            (permitted & UINT64_C(1) << CAP_SETGID))
                return 0;
        return error_set_errno(error, r, "setting the additional groups");
}

static int set_user(const ConfigProcess *p, Error *error) {
        int r;

        /* The change of uid would drop all; what stays is set next. */
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "keeping capabilities");
        r = set_groups(p, error);
        if (r < 0)
                return r;
        if (setresgid(p->gid, p->gid, p->gid) < 0)
                return error_set_errno(error, errno, "setting the group %u", p->gid);
        if (setresuid(p->uid, p->uid, p->uid) < 0)
                return error_set_errno(error, errno, "setting the user %u", p->uid);
        return 0;
}

/* With the rights of who sets the process up, who may go where its user may not;
 * where he may not (a file system that knows no root), with the user's. */
static int set_directory(const ConfigProcess *p, bool last, Error *error) {
        char path[PATH_MAX];

        if (chdir(p->cwd) < 0) {
                if (!last && (errno == EACCES || errno == EPERM))
                        return 0;
                return error_set_errno(error, errno, "changing to the working directory %s", p->cwd);
        }
        /* CVE-2024-21626: a path like /proc/self/fd/7 may lead out of the root.
         * The kernel says so: such a directory has no path in it. */
        long k = syscall(SYS_getcwd, path, sizeof(path));
        if (k < 0 || path[0] != '/')
                return error_set(error, EPERM, NULL, "the working directory %s is outside of the container", p->cwd);
        return 1;
}

static int set_labels(const Payload *payload, Error *error) {
        const ConfigProcess *p = payload->process;
        int r;

        if (p->apparmor_profile) {
                /* An exec that changes the label clears the parent-death signal; with
                 * no_new_privs it may not leave a profile for one that is not a part of it. */
                bool now = payload->death_signal > 0 ||
                           (p->no_new_privileges && apparmor_is_confined(payload->attributes));

                r = now ? apparmor_set_now(payload->attributes, p->apparmor_profile, error)
                        : apparmor_set_exec(payload->attributes, p->apparmor_profile, error);
                if (r < 0)
                        return r;
        }
        return p->selinux_label ? selinux_set_exec(payload->attributes, p->selinux_label, error) : 0;
}

/* Ignored signals stay ignored over execve(2), and the mask stays too. Handled
 * ones do not; of those that are ignored there are mostly none. */
static void reset_signals(uint64_t ignored) {
        struct sigaction action = { .sa_handler = SIG_DFL };
        sigset_t set;

        for (int i = 1; i < NSIG; i++)
                if (ignored & (UINT64_C(1) << (i - 1)))
                        (void) sigaction(i, &action, NULL);
        sigemptyset(&set);
        (void) sigprocmask(SIG_SETMASK, &set, NULL);
}

/* Loading a filter needs no_new_privs or CAP_SYS_ADMIN: where neither will be
 * there, it must come before they are gone. Sets that are not given are empty
 * ones. */
static bool filter_comes_early(const Payload *payload) {
        const ConfigProcess *p = payload->process;
        const uint64_t admin = UINT64_C(1) << CAP_SYS_ADMIN;

        return payload->seccomp && !p->no_new_privileges &&
               !(p->capabilities.effective & p->capabilities.permitted & admin);
}

int payload_restrict(Payload *payload, Error *error) {
        if (!payload->seccomp || payload->restricted)
                return 0;
        payload->restricted = true;
        return syscall_listener_load(payload->seccomp, payload->report, error);
}

static int set_identity(Payload *payload, Error *error) {
        const ConfigProcess *p = payload->process;
        int r, there;

        r = capability_drop_bounding(p->capabilities.bounding, error);
        if (r < 0)
                return r;
        /* Before the filter: what it forbids, it forbids to what is executed. */
        there = set_directory(p, false, error);
        if (there < 0)
                return there;
        if (filter_comes_early(payload) && (r = payload_restrict(payload, error)) < 0)
                return r;
        if ((r = set_user(p, error)) < 0)
                return r;
        r = capability_apply(&p->capabilities, error);
        if (r < 0)
                return r;
        if (!there && (r = set_directory(p, true, error)) < 0)
                return r;
        if (p->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "setting no_new_privs");
        return 0;
}

/* Everything of the host's that is still open. Not left to execve(2): the
 * kernel closes only after it has looked up the program and its interpreter,
 * and "/proc/self/fd/N/…" would lead to where the descriptor is, out of the
 * container, as it would for the working directory (CVE-2024-21626). Where fewer
 * are open than are to be preserved some of ours are among those numbers: as all
 * of ours they are close-on-exec, which those that we were given are not. */
static int close_descriptors(const Payload *payload, Error *error) {
        unsigned first = 3 + payload->preserve_fds, report = (unsigned) payload->report;

        for (unsigned fd = 3; fd < first; fd++) {
                int flags = fd == report ? -1 : fcntl((int) fd, F_GETFD);

                if (flags >= 0 && (flags & FD_CLOEXEC))
                        fd_close((int) fd);
        }
        if ((report > first && syscall(SYS_close_range, first, report - 1, 0) < 0) ||
            syscall(SYS_close_range, MAX(report + 1, first), ~0U, 0) < 0)
                return error_set_errno(error, errno, "closing descriptors");
        return 0;
}

/* Each variable once: programs differ in which of two they take. runc and crun give
 * a HOME to who has none or an empty one, and programs count on it. */
static char *const *complete_environment(const ConfigProcess *p) {
        bool has_home = !isempty(get_env(p->env, "HOME"));
        char path[PATH_MAX], **env;
        size_t n = 0, used = 0;

        while (p->env && p->env[n])
                n++;
        env = calloc(n + 2, sizeof(char *));
        if (!env)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (!is_overridden(p->env + i) && (has_home || !startswith(p->env[i], "HOME=")))
                        env[used++] = p->env[i];
        if (has_home)
                return env;
        home_find(p->uid, path);
        return asprintf(&env[used], "HOME=%s", path) < 0 ? NULL : env;
}

int payload_become(Payload *payload, Error *error) {
        const ConfigProcess *p = payload->process;
        int r;

        if (payload->new_keyring && (r = set_keyring(error)) < 0)
                return r;
        if (payload->has_personality && personality(payload->personality) < 0)
                return error_set_errno(error, errno, "setting the personality");
        if (payload->memory_policy && (r = scheduling_set_memory_policy(payload->memory_policy, error)) < 0)
                return r;
        umask(p->umask >= 0 ? (mode_t) p->umask : 0022);
        reset_signals(payload->ignored_signals);

        r = set_labels(payload, error);
        if (r < 0)
                return r;
        r = close_descriptors(payload, error);
        if (r < 0)
                return r;
        r = set_identity(payload, error);
        if (r < 0)
                return r;
        payload->env = complete_environment(p);
        return payload->env ? 0 : error_set_errno(error, ENOMEM, "environment");
}

int payload_execute(Payload *payload, const char *program, Error *error) {
        const ConfigProcess *p = payload->process;
        int r;

        r = payload_restrict(payload, error);
        if (r < 0)
                return r;
        /* Not sooner: a change of credentials clears it, and so did the end of
         * "create", whose child this was before its subreaper's. */
        if (payload->death_signal > 0 && prctl(PR_SET_PDEATHSIG, payload->death_signal, 0, 0, 0) < 0)
                return error_set_errno(error, errno, "setting the parent-death signal");

        execve(program, p->args, payload->env);
        return error_set_errno(error, errno, "executing %s", program);
}
