/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "container.h"
#include "fd.h"
#include "journal-forward.h"
#include "manager.h"
#include "paths.h"
#include "unit-reader.h"

void journal_forward_drop(JournalForward *forward) {
        unit_request_drop(forward->request);
        fd_close(forward->fd);
        *forward = JOURNAL_FORWARD_INIT;
}

static void on_read(const Error *error, void *userdata) {
        Container *c = userdata;

        if (error_is_set(error))
                sd_journal_print(LOG_WARNING, "The journal of container %s is not forwarded: %s", c->name, error_message(error));
}

/* The guest's own journalctl reads its journal, confined as all of it is: nothing of the
 * host's opens a file that the guest could have made. */
static int read_journal(Container *c, Error *error) {
        _cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC), session = -EBADF;
        const int streams[] = { null, c->forward.fd, null };
        char since[64];
        char *argv[] = { (char *) "journalctl", (char *) "--quiet", (char *) "--boot", (char *) "--no-tail", (char *) "--follow",
                         (char *) "--output=export", (char *) "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_PID,_SYSTEMD_UNIT",
                         c->forward.since_usec > 0 ? since : NULL, NULL };
        const ExecRequest request = { .argv = argv };

        if (null < 0)
                return -errno;
        snprintf(since, sizeof(since), "--since=@%llu.%06llu", (unsigned long long) (c->forward.since_usec / USEC_PER_SEC),
                 (unsigned long long) (c->forward.since_usec % USEC_PER_SEC));
        return container_exec(c, &request, streams, ELEMENTSOF(streams), -1, on_read, c, &session, error);
}

static void on_started(const Error *error, void *userdata) {
        _cleanup_error_ Error failure = ERROR_INIT;
        Container *c = userdata;
        int r;

        c->forward.request = NULL;
        /* That it is there already is no failure: ctrd was away meanwhile. */
        if (!error_is_set(error)) {
                r = read_journal(c, &failure);
                if (r < 0) {
                        error_set_errno(&failure, r, "its journal cannot be read");
                        on_read(&failure, c);
                }
        } else if (error->errnum != EEXIST)
                on_read(error, c);
        c->forward.fd = fd_close(c->forward.fd);
}

void journal_forward_begin(Container *c) {
        char unit[UNIT_NAME_MAX], description[256];
        _cleanup_fd_ int input = -EBADF;
        char *argv[] = { (char *) PATH_JOURNAL, c->name, NULL };
        int pair[2], r;

        if (!c->settings->forward_journal || c->forward.request)
                return;
        /* A name for each boot of the guest, the same for a ctrd that comes later. */
        snprintf(unit, sizeof(unit), "ctr-journal-%s-%llx.service", c->name, (unsigned long long) c->ready_usec);
        snprintf(description, sizeof(description), "Journal of container %s", c->name);
        r = pipe2(pair, O_CLOEXEC) < 0 ? -errno : 0;
        if (r >= 0) {
                input = pair[0];
                c->forward.fd = pair[1];
                r = unit_start_reader(c->manager->units, unit, description, argv, input, on_started, c, &c->forward.request);
        }
        if (r < 0) {
                c->forward.fd = fd_close(c->forward.fd);
                sd_journal_print(LOG_WARNING, "The journal of container %s is not forwarded: %s", c->name, strerror(-r));
        }
}
