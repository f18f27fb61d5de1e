/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cp: ctr-archive on this side, ctrd's worker on the other, a pipe between them. It is
 * the same ctr-archive as there: what comes out of a container is unpacked by what
 * believes none of it. Between two containers there is a worker at each end.
 */

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "ctl.h"
#include "fd.h"
#include "job-wait.h"
#include "name.h"
#include "parse.h"
#include "process.h"
#include "remote.h"
#include "strv.h"

#define ARCHIVE CTRD_LIBEXEC_DIR "/ctr-archive"
#define GRACE_MSEC 2000
#define STATUS_CUT_OFF 3 /* of ctr-archive: the other side knows why */

#define CODE_OWNER 0x100
#define CODE_TREE 0x101

typedef struct Cp {
        Ctl *ctl;
        char *container; /* allocated */
        char *path;      /* absolute; allocated */
        const char *outside;
        char *source, *source_path; /* of another container, instead of outside; allocated */
        bool in;
        bool archive;
        bool tree;  /* what comes from standard input is one tree, named as by cp */
        bool owned;
        uint32_t uid, gid;
        int pidfd;  /* of the one that packs, unpacks or passes on here; -EBADF: none */
} Cp;

static const Option cp_options[] = {
        { "recursive", 'r', NULL, "As is always done; for who is used to it" },
        { "archive", 'a', NULL, "Keep owners, set-id bits, ACLs and capabilities of files too" },
        { "owner", CODE_OWNER, "UID[:GID]", "Into a container: who owns what is made there (0:0)" },
        { "tree", CODE_TREE, NULL, "What comes from standard input is one tree, and is named as by cp" },
        {}
};

static bool is_stream(const char *word) {
        return streq(word, "-");
}

/* NAME:PATH; a path of ours with a colon has a slash before it, as for scp. */
static int split(const char *word, char **ret_name, const char **ret_path) {
        const char *colon = strchr(word, ':'), *slash = strchr(word, '/');

        if (!colon || colon == word || (slash && slash < colon))
                return 0;
        *ret_name = strndup(word, (size_t) (colon - word));
        *ret_path = colon + 1;
        return *ret_name ? 1 : -ENOMEM;
}

static char *absolute(const char *path) {
        char *copy;

        return asprintf(&copy, "%s%s", *path == '/' ? "" : "/", path) < 0 ? NULL : copy;
}

static int parse_words(Cp *cp, char **words, Error *error) {
        _cleanup_free_ char *from = NULL, *to = NULL;
        const char *from_path = NULL, *to_path = NULL;
        int r, q;

        r = split(words[0], &from, &from_path);
        q = r < 0 ? r : split(words[1], &to, &to_path);
        if (q < 0)
                return error_set_errno(error, q, "Cannot copy");
        if (r == 0 && q == 0)
                return error_set(error, EINVAL, "Usage", "one of the two must be in a container: write NAME:PATH");
        cp->in = q > 0;
        if ((r > 0 && isempty(from_path)) || (q > 0 && isempty(to_path)) || isempty(words[0]) || isempty(words[1]))
                return error_set(error, EINVAL, "Usage", "the path is empty: write NAME:/ for the container's root");
        cp->container = cp->in ? TAKE_PTR(to) : TAKE_PTR(from);
        cp->outside = words[cp->in ? 0 : 1];
        cp->path = absolute(cp->in ? to_path : from_path);
        if (r > 0 && q > 0) {
                cp->source = TAKE_PTR(from);
                cp->source_path = absolute(from_path);
        }
        if (!cp->path || (cp->source && !cp->source_path))
                return error_set_errno(error, ENOMEM, "Cannot copy");
        if (cp->tree && !(cp->in && is_stream(cp->outside)))
                return error_set(error, EINVAL, "Usage", "--tree is for what comes from standard input");
        if (cp->owned && (!cp->in || cp->archive))
                return error_set(error, EINVAL, "Usage", "--owner is for what goes into a container, without --archive");
        return 0;
}

static int parse_owner(Cp *cp, const char *value, Error *error) {
        _cleanup_free_ char *copy = strdup(value);
        char *colon;

        if (!copy)
                return -ENOMEM;
        colon = strchr(copy, ':');
        if (colon)
                *colon++ = 0;
        if (parse_u32(copy, &cp->uid) < 0 || cp->uid == UINT32_MAX ||
            (colon && (parse_u32(colon, &cp->gid) < 0 || cp->gid == UINT32_MAX)))
                return error_set(error, EINVAL, "Usage", "--owner=%.100s is not valid: give numbers, UID or UID:GID", value);
        if (!colon)
                cp->gid = cp->uid;
        cp->owned = true;
        return 0;
}

/* What the tree is called over there; as ctr-archive has it. */
static int tree_name(const char *path, char **ret) {
        _cleanup_free_ char *copy = strdup(path);
        char *name;
        size_t n;

        if (!copy)
                return -ENOMEM;
        for (n = strlen(copy); n > 0 && copy[n - 1] == '/';)
                copy[--n] = 0;
        name = strrchr(copy, '/');
        name = name ? name + 1 : copy;
        *ret = strdup(isempty(name) || streq(name, "..") ? "." : name);
        return *ret ? 0 : -ENOMEM;
}

static int spawn(const char *path, char *const *argv, int input, int output, int *ret_pidfd, Error *error) {
        int r = process_spawn(&(ProcessSpawn){ .path = path, .argv = argv, .stdio = { input, output, STDERR_FILENO } }, NULL,
                              ret_pidfd);

        return r < 0 ? error_set_errno(error, r, "Cannot run %s", path) : 0;
}

static int spawn_archive(Cp *cp, int fd, Error *error) {
        _cleanup_free_ char *name = NULL;
        const char *argv[8];
        size_t n = 0;
        int r;

        r = tree_name(cp->path, &name);
        if (r < 0)
                return error_set_errno(error, r, "Cannot copy");
        argv[n++] = "ctr-archive";
        if (cp->archive)
                argv[n++] = "--preserve";
        if (!cp->in) {
                argv[n++] = "--name";
                argv[n++] = name;
        }
        argv[n++] = cp->in ? "pack" : "unpack";
        argv[n++] = "--";
        argv[n++] = cp->outside;
        argv[n] = NULL;
        return spawn(ARCHIVE, (char *const *) argv, cp->in ? -1 : fd, cp->in ? fd : -1, &cp->pidfd, error);
}

/* A file or a terminal is nothing that a worker in a container may wait for. */
static int spawn_pump(Cp *cp, int fd, Error *error) {
        char *const argv[] = { (char *) "env", (char *) "cat", NULL };

        return spawn("/usr/bin/env", argv, cp->in ? STDIN_FILENO : fd, cp->in ? fd : STDOUT_FILENO, &cp->pidfd, error);
}

/* Until it has ended, or somebody does not want to wait for it: then it is told, and killed
 * after a while. hurry: there is nothing more for it to do. -EINTR: a signal, in *ret_signal. */
static int await_local(Cp *cp, bool hurry, int *ret_signal) {
        static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
        _cleanup_fd_ int signals = -EBADF;
        struct signalfd_siginfo info;
        sigset_t set;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(caught); i++)
                sigaddset(&set, caught[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || (signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
                return -errno;
        for (bool told = false;;) {
                struct pollfd p[] = { { .fd = cp->pidfd, .events = POLLIN }, { .fd = signals, .events = POLLIN } };
                int n;

                if (hurry && !told)
                        (void) process_signal(cp->pidfd, SIGTERM);
                told = hurry;
                n = poll(p, ELEMENTSOF(p), hurry ? GRACE_MSEC : -1);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0 && p[0].revents)
                        return 0;
                if (n == 0) /* a file system holds it up, which may be so for ever */
                        return process_signal(cp->pidfd, SIGKILL) < 0 ? -ESRCH : -ETIMEDOUT;
                if (n > 0 && read(signals, &info, sizeof(info)) == sizeof(info)) {
                        *ret_signal = (int) info.ssi_signo;
                        if (hurry)
                                return process_signal(cp->pidfd, SIGKILL) < 0 ? -ESRCH : -EINTR;
                        hurry = true;
                }
        }
}

/* 0 where it did its part, 1 where it has said why not, -EINTR where a signal has ended it,
 * -EPIPE where the other side knows. */
static int wait_local(Cp *cp, bool hurry, int *ret_signal) {
        int status = 0, sig = 0;

        if (cp->pidfd < 0)
                return 0;
        if (await_local(cp, hurry, ret_signal) < 0 || process_collect(cp->pidfd, &status, &sig) < 0 || sig > 0)
                return *ret_signal > 0 ? -EINTR : -EPIPE;
        return status == 0 ? 0 : *ret_signal > 0 ? -EINTR : status == STATUS_CUT_OFF ? -EPIPE : 1;
}

static int append_option(sd_bus_message *m, const char *key, const char *type, uint32_t value) {
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "sv", key, type, value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int make_call(Cp *cp, const char *container, const char *inside, bool in, int stream, sd_bus_message **ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = bus_container_path(container, &path, error);
        if (r >= 0)
                r = bus_method(cp->ctl, path, BUS_CONTAINER, in ? "CopyTo" : "CopyFrom", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", inside);
        if (r == -EINVAL)
                return error_set(error, EINVAL, NULL, "%s is not UTF-8, and cannot be asked for: copy the directory above it", inside);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && cp->archive)
                r = append_option(m, "Preserve", "b", true);
        if (r >= 0 && in && !cp->source && is_stream(cp->outside) && !cp->tree)
                r = append_option(m, "Directory", "b", true);
        if (r >= 0 && in && cp->owned)
                r = append_option(m, "UID", "u", cp->uid);
        if (r >= 0 && in && cp->owned)
                r = append_option(m, "GID", "u", cp->gid);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "h", stream);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = TAKE_PTR(m);
        return 0;
}

/* Of both sides' words the one that knows the cause. */
static int conclude(Cp *cp, int status, Error *error) {
        int sig = 0, local = wait_local(cp, status != 0, &sig);

        if (local > 0) {
                error_clear(error); /* "nobody reads": it has said why itself */
                return STATUS_FAILURE;
        }
        if (local == -EINTR)
                return STATUS_SIGNAL + sig;
        if (status == 0 && local < 0)
                return error_set(error, EPIPE, NULL, "What was copied ended too early");
        return status;
}

/* A pipe between the two; ours of its ends are closed when both have theirs. */
static int copy_here(Cp *cp, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        bool direct = is_stream(cp->outside) && fd_is_stream(cp->in ? STDIN_FILENO : STDOUT_FILENO);
        int pair[2] = { -EBADF, -EBADF }, stream, r;

        r = job_wait_new(&w, cp->ctl, JOB_INTERRUPT_CANCEL, error);
        if (r < 0)
                return r;
        if (direct)
                stream = cp->in ? STDIN_FILENO : STDOUT_FILENO;
        else {
                if (pipe2(pair, O_CLOEXEC) < 0)
                        return error_set_errno(error, errno, "Cannot make a pipe");
                stream = pair[cp->in ? 0 : 1];
        }
        r = make_call(cp, cp->container, cp->path, cp->in, stream, &m, error);
        if (r >= 0 && !direct)
                r = (is_stream(cp->outside) ? spawn_pump : spawn_archive)(cp, pair[cp->in ? 1 : 0], error);
        fd_close(pair[0]);
        fd_close(pair[1]);
        if (r >= 0)
                r = job_wait_call(w, m, cp->container, error);
        /* The stream goes with it, so that who packs sees it when the other end is closed. */
        m = sd_bus_message_unref(m);
        if (r >= 0)
                r = job_wait_run(w, error);
        return cp->ctl->no_wait ? r : conclude(cp, r, error);
}

/* The reader first: who writes has somebody who reads. */
static int copy_between(Cp *cp, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *to = NULL, *from = NULL;
        _cleanup_(job_wait_freep) JobWait *w = NULL;
        int pair[2], r;

        r = job_wait_new(&w, cp->ctl, JOB_INTERRUPT_CANCEL, error);
        if (r < 0)
                return r;
        if (pipe2(pair, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "Cannot make a pipe");
        r = make_call(cp, cp->container, cp->path, true, pair[0], &to, error);
        if (r >= 0)
                r = make_call(cp, cp->source, cp->source_path, false, pair[1], &from, error);
        fd_close(pair[0]);
        fd_close(pair[1]);
        if (r >= 0)
                r = job_wait_call(w, to, cp->container, error);
        if (r >= 0)
                r = job_wait_call(w, from, cp->source, error);
        to = sd_bus_message_unref(to);
        from = sd_bus_message_unref(from);
        return r < 0 ? r : job_wait_run(w, error);
}

/* The same two, with ssh and a ctrctl over there between them. */
static int copy_remote(Cp *cp, Error *error) {
        _cleanup_strv_ char **words = NULL;
        _cleanup_free_ char *line = NULL, *there = NULL, *owner = NULL;
        _cleanup_fd_ int pidfd = -EBADF;
        int pair[2], status = 0, sig = 0, r;

        if (asprintf(&there, "%s:%s", cp->container, cp->path) < 0 || asprintf(&owner, "--owner=%u:%u", cp->uid, cp->gid) < 0)
                return error_set_errno(error, ENOMEM, "Cannot run ssh");
        const char *const command[] = { "ctrctl", "--quiet", "cp", cp->archive ? "--archive" : NULL, cp->owned ? owner : NULL,
                                        cp->in ? "--tree" : NULL, "--", cp->in ? "-" : there, cp->in ? there : "-" };
        r = 0;
        for (size_t i = 0; i < ELEMENTSOF(command) && r >= 0; i++)
                if (command[i])
                        r = strv_extend(&words, command[i]);
        if (r >= 0)
                r = remote_quote(words, &line);
        if (r >= 0 && pipe2(pair, O_CLOEXEC) < 0)
                r = -errno;
        if (r < 0)
                return error_set_errno(error, r, "Cannot run ssh");

        const char *const argv[] = { "env", "ssh", "-T", "--", cp->ctl->host, line, NULL };
        r = spawn("/usr/bin/env", (char *const *) argv, cp->in ? pair[0] : -1, cp->in ? -1 : pair[1], &pidfd, error);
        if (r >= 0)
                r = spawn_archive(cp, pair[cp->in ? 1 : 0], error);
        fd_close(pair[0]);
        fd_close(pair[1]);
        if (r < 0)
                return r;
        /* Ctrl-C is ssh's, which ends, and with it the stream. */
        (void) signal(SIGINT, SIG_IGN);
        r = process_wait(pidfd, &status, &sig);
        if (r < 0)
                return error_set_errno(error, r, "Cannot wait for ssh");
        /* What went wrong over there was said there. */
        r = conclude(cp, sig > 0 ? STATUS_SIGNAL + sig : status, error);
        return r;
}

static int run(Cp *cp, Error *error) {
        int r;

        r = name_check(cp->container, error);
        if (r >= 0 && cp->source)
                r = name_check(cp->source, error);
        if (r < 0)
                return r;
        if (cp->source)
                return cp->ctl->host ? remote_run(cp->ctl, false, error) : copy_between(cp, error);

        /* What is not there is said before anything is begun. */
        if (cp->in && !is_stream(cp->outside)) {
                struct stat st;

                if (lstat(cp->outside, &st) < 0)
                        return error_set_errno(error, errno, "Cannot copy %s", cp->outside);
        }
        if (!cp->in && is_stream(cp->outside) && isatty(STDOUT_FILENO))
                return error_set(error, EINVAL, "Usage", "an archive is nothing for a terminal: send standard output into a file or a pipe");
        if (cp->ctl->host)
                return is_stream(cp->outside) ? remote_run(cp->ctl, false, error) : copy_remote(cp, error);
        return copy_here(cp, error);
}

static int run_cp(Ctl *ctl, Options *o, Error *error) {
        Cp cp = { .ctl = ctl, .pidfd = -EBADF };
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                switch (code) {
                case 'r':
                        break;
                case 'a':
                        cp.archive = true;
                        break;
                case CODE_TREE:
                        cp.tree = true;
                        break;
                case CODE_OWNER:
                        r = parse_owner(&cp, value, error);
                        if (r < 0)
                                return r;
                        break;
                }
        if (code < 0)
                return code;
        r = options_check_rest(o, 2, 2, "what to copy, and where to", error);
        if (r >= 0)
                r = parse_words(&cp, options_rest(o), error);
        if (r >= 0)
                r = run(&cp, error);
        fd_close(cp.pidfd);
        free(cp.container);
        free(cp.path);
        free(cp.source);
        free(cp.source_path);
        return r;
}

const Verb verb_cp = {
        .name = "cp",
        .usage = "[NAME:]SOURCE [NAME:]PATH",
        .summary = "Copy files into a container, out of it, or to another",
        .words = "NAME:PATH|FILE NAME:PATH|FILE",
        .details = "Trees are copied whole, whether the container runs or not, with modes, times, links,\n"
                   "holes and user attributes. What exists as a directory gets the copy below it; \"PATH/.\"\n"
                   "copies what is in a directory. Copies belong to who gets them: root inside, you outside.\n"
                   "\"-\" is a tar archive on standard input or output. Ctrl-C cancels.",
        .options = cp_options,
        .run = run_cp,
};
