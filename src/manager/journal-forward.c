/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "clock.h"
#include "container.h"
#include "fd.h"
#include "journal-forward.h"
#include "manager.h"
#include "paths.h"
#include "unit-reader.h"

#define INTERVAL (30 * USEC_PER_SEC)
#define BURST 3

uint64_t journal_forward_take(JournalForward *forward, uint64_t now_usec) {
        uint64_t due = MAX(forward->next_usec, now_usec), earliest = due - MIN(due, (BURST - 1) * INTERVAL);

        if (earliest > now_usec)
                return earliest - now_usec;
        forward->next_usec = due + INTERVAL;
        return 0;
}

/* What is under way for an earlier boot. */
static void cancel(JournalForward *forward) {
        forward->request = unit_request_drop(forward->request);
        forward->timer = sd_event_source_disable_unref(forward->timer);
        forward->fd = fd_close(forward->fd);
}

void journal_forward_renew(JournalForward *forward) {
        forward->found = forward->begun = false;
        forward->since_usec = now_usec(CLOCK_REALTIME);
}

void journal_forward_drop(JournalForward *forward) {
        uint64_t next_usec = forward->next_usec;

        cancel(forward);
        fd_close(forward->session);
        *forward = JOURNAL_FORWARD_INIT;
        forward->next_usec = next_usec;
}

static void on_read(const Error *error, void *userdata) {
        Container *c = userdata;

        if (error_is_set(error))
                sd_journal_print(LOG_WARNING, "The journal of container %s is not forwarded: %s", c->name, error_message(error));
}

/* The guest's own journalctl reads its journal, confined as all of it is: nothing of the
 * host's opens a file that the guest could have made. */
static int read_journal(Container *c, Error *error) {
        _cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
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
        return container_exec(c, &request, streams, ELEMENTSOF(streams), -1, on_read, c, &c->forward.session, error);
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

static void log_failure(const Container *c, int r) {
        sd_journal_print(LOG_WARNING, "The journal of container %s is not forwarded: %s", c->name, strerror(-r));
}

/* One name for all boots, so that all have one allowance of the host's journal. */
static void unit_name(const Container *c, char ret[static UNIT_NAME_MAX]) {
        snprintf(ret, UNIT_NAME_MAX, "ctr-journal-%s.service", c->name);
}

static void start(Container *c) {
        char unit[UNIT_NAME_MAX], description[256];
        _cleanup_fd_ int input = -EBADF;
        char *argv[] = { (char *) PATH_JOURNAL, c->name, NULL };
        int pair[2], r;

        unit_name(c, unit);
        snprintf(description, sizeof(description), "Journal of container %s", c->name);
        r = pipe2(pair, O_CLOEXEC) < 0 ? -errno : 0;
        if (r >= 0) {
                input = pair[0];
                c->forward.fd = pair[1];
                r = unit_start_reader(c->manager->units, unit, description, argv, input, on_started, c, &c->forward.request);
        }
        if (r < 0) {
                c->forward.fd = fd_close(c->forward.fd);
                log_failure(c, r);
        }
}

static void on_gone(const Error *ignored, void *userdata) {
        Container *c = userdata;

        c->forward.request = NULL;
        start(c);
}

/* The guest's end of the former: its journalctl would see that nobody reads, what else it may
 * be would stay, and take one of its sessions. */
static void end_session(JournalForward *forward) {
        static const char kill[] = "signal 9";

        if (forward->session >= 0)
                (void) fd_send(forward->session, kill, strlen(kill), NULL, 0);
        forward->session = fd_close(forward->session);
}

static void replace(Container *c);

static int on_due(sd_event_source *source, uint64_t usec, void *userdata) {
        Container *c = userdata;

        c->forward.timer = sd_event_source_disable_unref(c->forward.timer);
        /* Nothing can be run in it: when it is thawed it is ready once more. */
        if (c->state == CONTAINER_FROZEN)
                c->forward.begun = false;
        else
                replace(c);
        return 0;
}

static void replace(Container *c) {
        uint64_t wait = journal_forward_take(&c->forward, now_usec(CLOCK_MONOTONIC));
        char unit[UNIT_NAME_MAX];
        int r;

        if (wait > 0)
                r = sd_event_add_time_relative(c->manager->event, &c->forward.timer, CLOCK_MONOTONIC, wait, 0, on_due, c);
        else {
                end_session(&c->forward);
                unit_name(c, unit);
                (void) unit_stop(c->manager->units, unit);
                r = unit_wait_gone(c->manager->units, unit, on_gone, c, &c->forward.request);
        }
        if (r < 0)
                log_failure(c, r);
}

void journal_forward_begin(Container *c) {
        if (c->forward.begun)
                return;
        c->forward.begun = true;
        if (!c->settings->forward_journal)
                return;
        cancel(&c->forward);
        /* What there is already is of this boot, and goes on. */
        if (c->forward.found)
                start(c);
        else
                replace(c);
}
