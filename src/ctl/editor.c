/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "editor.h"
#include "fd.h"
#include "file.h"
#include "process.h"

#define TEXT_MAX (1024 * 1024)

/* The variable is a command line, as git-var(1) has it. */
#define COMMAND \
        "if [ -n \"${VISUAL:-$EDITOR}\" ]; then eval \"${VISUAL:-$EDITOR} \\\"\\$1\\\"\"; exit; fi; " \
        "for e in editor nano vi; do command -v $e >/dev/null && exec $e \"$1\"; done; exit 127"

static int write_file(const char *text, const char *name, char **ret, Error *error) {
        const char *directory = getenv("TMPDIR");
        _cleanup_free_ char *path = NULL;
        _cleanup_fd_ int fd = -EBADF;
        int r;

        if (asprintf(&path, "%s/ctrctl-XXXXXX-%s", directory && *directory == '/' ? directory : "/tmp", name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        fd = mkostemps(path, (int) strlen(name) + 1, O_CLOEXEC); /* mode 0600: there may be secrets */
        r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
        if (r < 0)
                return error_set_errno(error, r, "Cannot write %s", path);
        *ret = TAKE_PTR(path);
        return 0;
}

/* Ctrl-C is the editor's meanwhile. */
static int run(const char *path, Error *error) {
        const char *const argv[] = { "sh", "-c", COMMAND, "ctrctl", path, NULL };
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        _cleanup_fd_ int pidfd = -EBADF;
        int status = 0, sig = 0, r;
        pid_t pid;

        (void) sigaction(SIGINT, &ignore, &before);
        r = process_spawn(&(ProcessSpawn){ .path = "/bin/sh", .argv = (char *const *) argv,
                                           .stdio = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO } },
                          &pid, &pidfd);
        if (r >= 0)
                r = process_wait(pidfd, &status, &sig);
        (void) sigaction(SIGINT, &before, NULL);
        if (r < 0)
                return error_set_errno(error, r, "Cannot run an editor");
        if (status == 127 && sig == 0)
                return error_set(error, ENOENT, NULL, "There is no editor: set EDITOR=, or install nano");
        if (status != 0 || sig != 0)
                return error_set(error, EIO, NULL, "The editor ended with %s %d, and nothing was changed",
                                 sig > 0 ? "signal" : "status", sig > 0 ? sig : status);
        return 0;
}

static int edit_text(const char *text, const char *name, char **ret_text, char **ret_path, Error *error) {
        _cleanup_free_ char *path = NULL, *edited = NULL;
        size_t size;
        int r = write_file(text, name, &path, error);

        if (r < 0)
                return r;
        r = run(path, error);
        if (r >= 0) {
                r = file_read(AT_FDCWD, path, TEXT_MAX, &edited, &size);
                if (r >= 0 && strlen(edited) != size)
                        r = -EINVAL;
                if (r < 0)
                        error_set_errno(error, r, "Cannot read %s", path);
        }
        if (r < 0) {
                (void) unlink(path);
                return r;
        }
        *ret_text = TAKE_PTR(edited);
        *ret_path = TAKE_PTR(path);
        return 0;
}

int editor_run(Ctl *ctl, const char *name, const char *text, EditorSave save, void *userdata, Error *error) {
        _cleanup_free_ char *file = NULL, *after = NULL, *suffix = NULL;
        int r;

        if (asprintf(&suffix, "%s.conf", name) < 0) {
                suffix = NULL;
                return -ENOMEM;
        }
        r = edit_text(text, suffix, &after, &file, error);
        if (r < 0)
                return r;
        if (!streq(text, after)) {
                _cleanup_error_ Error cause = ERROR_INIT;

                r = save(ctl, after, userdata, &cause);
                if (r < 0)
                        return error_set(error, -r, cause.name, "%s; your text is kept in %s", error_message(&cause), file);
        } else if (!ctl->quiet)
                fprintf(stderr, "Nothing was changed.\n");
        (void) unlink(file);
        return 0;
}
