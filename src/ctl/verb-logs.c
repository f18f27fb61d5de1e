/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "fd.h"
#include "format.h"
#include "journal.h"
#include "log.h"
#include "parse.h"
#include "remote.h"

#define REOPEN_ATTEMPTS 64

/* What is shown in a terminal must not command it: the text is the container's. */
static int print(char *text, size_t size, bool raw) {
        return fd_write_all(STDOUT_FILENO, text, raw ? size : format_plain(text, size));
}

static int write_failed(int r, Error *error) {
        return r == -EPIPE ? 0 : error_set_errno(error, r, "Cannot write the output"); /* the reader left */
}

/* Prints what was added since. */
static int print_more(int fd, bool raw, Error *error) {
        char text[16384];
        ssize_t n;
        int r;

        while ((n = read(fd, text, sizeof(text))) > 0) {
                r = print(text, (size_t) n, raw);
                if (r < 0)
                        return write_failed(r, error) ?: 1;
        }
        return n < 0 ? error_set_errno(error, errno, "Cannot read the log") : 0;
}

static int watch_file(int inotify, int fd, Error *error) {
        char path[FD_PATH_MAX];
        int wd = inotify_add_watch(inotify, fd_path(fd, path), IN_MODIFY | IN_MOVE_SELF | IN_ATTRIB);

        return wd < 0 ? error_set_errno(error, errno, "Cannot follow the log: watching it needs the right to open it, be root") : wd;
}

/* Waits for a change of the file. 1: it was put aside or removed. */
static int wait_change(int inotify, int wd, int fd, Error *error) {
        struct pollfd p[2] = {
                { .fd = inotify, .events = POLLIN },
                { .fd = STDOUT_FILENO, .events = 0 }, /* the reader leaves: an error by itself */
        };
        char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        bool moved = false;
        struct stat st;
        ssize_t n;

        if (poll(p, 2, -1) < 0)
                return errno == EINTR ? 0 : error_set_errno(error, errno, "Cannot follow the log");
        if (p[1].revents & (POLLERR | POLLHUP))
                return -EPIPE;
        n = read(inotify, buffer, sizeof(buffer));
        for (ssize_t i = 0; i < n;) {
                const struct inotify_event *e = (const struct inotify_event *) (buffer + i);

                if (e->wd == wd) /* not the one before, whose end is told too */
                        moved = moved || e->mask & (IN_MOVE_SELF | IN_UNMOUNT);
                i += (ssize_t) (sizeof(*e) + e->len);
        }
        /* We hold it open: that it is removed shows in the number of its names. */
        return moved || (fstat(fd, &st) >= 0 && st.st_nlink == 0);
}

/* Asks for the log anew when the newer file was put aside. ctrd may be asked just
 * before the next file is there, and then gives the one that we know. */
static int reopen(Ctl *ctl, const char *name, Log *l, Error *error) {
        struct stat before, now;

        if (fstat(l->newer, &before) < 0)
                return error_set_errno(error, errno, "Cannot follow the log");
        for (unsigned attempt = 0; attempt < REOPEN_ATTEMPTS; attempt++) {
                int r;

                log_close(l);
                r = log_open(ctl, name, l, error);
                if (r < 0)
                        return r;
                if (l->newer >= 0 && fstat(l->newer, &now) >= 0 && (now.st_ino != before.st_ino || now.st_dev != before.st_dev))
                        return 0;
        }
        return error_set(error, ENOENT, NULL, "The log of %s is no longer written to", name);
}

static int follow(Ctl *ctl, const char *name, Log *l, bool raw, Error *error) {
        _cleanup_fd_ int inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        int wd, r;

        if (inotify < 0)
                return error_set_errno(error, errno, "Cannot follow the log");
        if (l->newer < 0)
                return error_set(error, ENOENT, NULL, "%s has no log yet: start it first", name);
        for (;;) {
                wd = watch_file(inotify, l->newer, error);
                if (wd < 0)
                        return wd;
                do {
                        r = print_more(l->newer, raw, error);
                        if (r != 0)
                                return r < 0 ? r : 0;
                        r = wait_change(inotify, wd, l->newer, error);
                        if (r < 0)
                                return r == -EPIPE && !error_is_set(error) ? 0 : r;
                } while (r == 0);

                r = print_more(l->newer, raw, error); /* what came before it was put aside */
                if (r != 0)
                        return r < 0 ? r : 0;
                (void) inotify_rm_watch(inotify, wd);
                r = reopen(ctl, name, l, error);
                if (r < 0)
                        return r;
        }
}

enum {
        CODE_RAW = 0x100,
        CODE_JOURNAL,
        CODE_SINCE,
        CODE_UNTIL,
};

static int print_console(Ctl *ctl, const char *name, size_t lines, bool following, bool raw, Error *error) {
        _cleanup_(log_close) Log l = LOG_INIT;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = log_open(ctl, name, &l, error);
        if (r >= 0)
                r = log_read(&l, lines, &text, &size, error);
        if (r < 0)
                return r;
        r = print(text, size, raw);
        if (r < 0)
                return write_failed(r, error);
        return following ? follow(ctl, name, &l, raw, error) : 0;
}

static int run_logs(Ctl *ctl, Options *o, Error *error) {
        bool raw = false, journal = false;
        uint64_t lines = SIZE_MAX;
        JournalView view = {};
        const char *value, *name;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                switch (code) {
                case 'f':
                        view.follow = true;
                        break;
                case 'n':
                        if (!streq(value, "all") && parse_uint_max(value, SIZE_MAX - 1, &lines) < 0)
                                return error_set(error, EINVAL, "Usage", "--lines=%.100s is not valid: give a number, or all", value);
                        view.lines = value;
                        break;
                case CODE_JOURNAL:
                        journal = true;
                        break;
                case CODE_SINCE:
                        view.since = value;
                        break;
                case CODE_UNTIL:
                        view.until = value;
                        break;
                default:
                        raw = true;
                }
        if (code < 0)
                return code;
        r = options_check_rest(o, 1, 1, "the name of a container", error);
        if (r < 0)
                return r;
        if (!journal && (view.since || view.until))
                return error_set(error, EINVAL, "Usage", "--since and --until need --journal: lines of the console carry no time");
        if (journal && raw)
                return error_set(error, EINVAL, "Usage", "--raw is for the console, not with --journal");
        name = options_rest(o)[0];
        if (ctl->host)
                return remote_run(ctl, isatty(STDOUT_FILENO), error);
        return journal ? journal_run(ctl, name, &view, error)
                       : print_console(ctl, name, lines, view.follow, raw || !isatty(STDOUT_FILENO), error);
}

static const Option options[] = {
        { "follow",  'f',          NULL,    "Go on with what is added"                                               },
        { "lines",   'n',          "LINES", "The last lines only (all)"                                              },
        { "raw",     CODE_RAW,     NULL,    "Do not take control characters away; as is done where output is no terminal" },
        { "journal", CODE_JOURNAL, NULL,    "Its journal instead of its console"                                     },
        { "since",   CODE_SINCE,   "TIME",  "Of the journal, what is not older: 09:30, yesterday, -1h"               },
        { "until",   CODE_UNTIL,   "TIME",  "Of the journal, what is not newer"                                      },
        {}
};

const Verb verb_logs = {
        .name = "logs",
        .usage = "NAME",
        .summary = "Show what a container wrote to its console, or its journal",
        .details = "The log is bounded: the oldest goes first. It stays when the container stops, and so\n"
                   "does a journal on the disk. journalctl shows that, see there; for more of its options,\n"
                   "journalctl -M NAME.",
        .options = options,
        .run = run_logs,
};
