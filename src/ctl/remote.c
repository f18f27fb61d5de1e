/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <unistd.h>

#include "remote.h"
#include "strv.h"

int remote_quote(char *const *words, char **ret) {
        size_t size = 1;
        char *line, *p;

        STRV_FOREACH(w, words) {
                size += 3; /* quotes and a blank */
                for (const char *c = *w; *c; c++)
                        size += *c == '\'' ? 4 : 1;
        }
        line = p = malloc(size);
        if (!line)
                return -ENOMEM;
        STRV_FOREACH(w, words) {
                if (p != line)
                        *p++ = ' ';
                *p++ = '\'';
                for (const char *c = *w; *c; c++) {
                        if (*c == '\'')
                                p = stpcpy(p, "'\\''");
                        else
                                *p++ = *c;
                }
                *p++ = '\'';
        }
        *p = 0;
        *ret = line;
        return 0;
}

int remote_run(Ctl *ctl, bool terminal, Error *error) {
        _cleanup_strv_ char **words = NULL;
        _cleanup_free_ char *line = NULL;
        int r;

        if (!ctl->host_in_front)
                return error_set(error, EINVAL, "Usage", "with this verb --host must stand before it");

        r = strv_extend(&words, "ctrctl");
        if (r >= 0 && ctl->quiet)
                r = strv_extend(&words, "--quiet");
        if (r >= 0 && ctl->json)
                r = strv_extend(&words, "--json");
        STRV_FOREACH(w, ctl->tail)
                if (r >= 0)
                        r = strv_extend(&words, *w);
        if (r >= 0)
                r = remote_quote(words, &line);
        if (r < 0)
                return error_set_errno(error, r, "Cannot run ssh");

        signal(SIGPIPE, SIG_DFL); /* that is inherited, and ssh does not expect it */
        execlp("ssh", "ssh", terminal ? "-t" : "-T", "--", ctl->host, line, (char *) NULL);
        return error_set_errno(error, errno, "Cannot run ssh");
}
