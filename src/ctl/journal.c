/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "journal.h"
#include "object.h"
#include "strv.h"

/*
 * ctrd has linked the container's journal there when it was created. It is read where it
 * lies on the disk, as it is there whether or not the container runs, and reading it enters
 * nothing. The container made what is in it and may put links there: with the match for
 * its machine id these show no entry of the host or of another container.
 */
static int add_source(char ***argv, const char *name, const char *machine_id, bool runs, Error *error) {
        _cleanup_free_ char *directory = NULL;
        struct stat st;
        int r;

        if (asprintf(&directory, "/var/log/journal/%s", machine_id) < 0) {
                directory = NULL;
                return -ENOMEM;
        }
        if (!isempty(machine_id) && (stat(directory, &st) >= 0 ? S_ISDIR(st.st_mode) : errno == EACCES)) {
                r = strv_extendf(argv, "--directory=%s", directory);
                return r < 0 ? r : strv_extendf(argv, "_MACHINE_ID=%s", machine_id);
        }
        /* In memory only, or the host itself keeps none on its disk. */
        if (runs)
                return strv_extendf(argv, "--machine=%s", name);
        return error_set(error, ENOENT, NULL, "%s has no journal on the disk, and does not run: see ctrctl logs %s", name, name);
}

int journal_run(Ctl *ctl, const char *name, const JournalView *v, Error *error) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *path = NULL;
        _cleanup_strv_ char **argv = NULL;
        int r = bus_container_path(name, &path, error);

        if (r >= 0)
                r = object_read(ctl, path, BUS_CONTAINER, &o, error);
        if (r < 0)
                return r;
        r = strv_extend(&argv, "journalctl");
        if (r >= 0)
                r = strv_extend(&argv, "--no-pager");
        if (r >= 0 && v->follow)
                r = strv_extend(&argv, "--follow");
        if (r >= 0 && (v->lines || v->follow))
                r = strv_extendf(&argv, "--lines=%s", v->lines ?: "all");
        if (r >= 0 && v->since)
                r = strv_extendf(&argv, "--since=%s", v->since);
        if (r >= 0 && v->until)
                r = strv_extendf(&argv, "--until=%s", v->until);
        if (r >= 0)
                r = add_source(&argv, name, object_text(&o, "MachineID"), object_number(&o, "Leader") > 0, error);
        if (r < 0)
                return error_is_set(error) ? r : error_set_errno(error, r, "Cannot run journalctl");

        signal(SIGPIPE, SIG_DFL); /* that is inherited, and it does not expect it */
        execvp("journalctl", argv);
        return error_set_errno(error, errno, "Cannot run journalctl");
}
