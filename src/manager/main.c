/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>

#include "bus.h"
#include "clock.h"
#include "fd.h"
#include "file.h"
#include "introspect.h"
#include "paths.h"
#include "reload.h"
#include "view.h"

static int help(void) {
        printf("ctrd [OPTIONS…]\n"
               "\n"
               "Manages system containers, as %s on the system bus. systemd starts it:\n"
               "see ctrd.service. To work with containers, use ctrctl.\n"
               "\n"
               "     --introspect     print the XML of all interfaces\n"
               "  -h --help           show this help\n"
               "     --version        show the version\n",
               BUS_NAME);
        return EXIT_SUCCESS;
}

/* The bus went: dbus-daemon was stopped or restarted. Containers go on with their
 * monitors; systemd starts us anew, and what runs is taken up again. */
static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        sd_journal_print(LOG_NOTICE, "The system bus has gone");
        return sd_event_exit(userdata, EXIT_FAILURE);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        manager_reload(userdata);
        return 0;
}

/* All is known before anybody can ask: a monitor answers at once. One that hangs
 * keeps nobody waiting for ever. */
#define SETTLE_USEC (5 * USEC_PER_SEC)

static int settle(sd_event *event, Manager *manager) {
        uint64_t deadline = now_usec(CLOCK_MONOTONIC) + SETTLE_USEC, now;

        while (!manager_is_settled(manager) && (now = now_usec(CLOCK_MONOTONIC)) < deadline) {
                int r = sd_event_run(event, deadline - now);

                if (r < 0)
                        return r;
                if (sd_event_get_state(event) == SD_EVENT_FINISHED)
                        return -ECANCELED;
        }
        return 0;
}

/* One ctrd at a time, and known before anything is touched: what is half done here
 * may be another's work, which a start would undo. The kernel lets go of the lock
 * with this process, however it ends. */
static int lock_alone(int *ret_fd) {
        int r;

        r = file_mkdir_parents(PATH_RUN, 0711);
        if (r < 0)
                return r;
        *ret_fd = open(PATH_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
        if (*ret_fd < 0)
                return -errno;
        return flock(*ret_fd, LOCK_EX | LOCK_NB) < 0 ? (errno == EWOULDBLOCK ? -EEXIST : -errno) : 0;
}

static int run(void) {
        _cleanup_fd_ int lock = -EBADF;
        _cleanup_(manager_freep) Manager *manager = NULL;
        sd_event *event = NULL;
        sd_bus *bus = NULL;
        sigset_t set;
        int r;

        /* sd-event waits for children by this; and a reload that is asked for too early
         * waits. */
        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);

        /* Nothing that is made here is for others to read unless it says so. */
        umask(0022);

        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r < 0) {
                fprintf(stderr, "ctrd: cannot reach the system bus: %s\n", strerror(-r));
                goto finish;
        }

        r = lock_alone(&lock);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                        "Disconnected", on_disconnected, event);
        if (r >= 0)
                r = manager_new(event, bus, &bus_observer, &manager);
        if (r >= 0)
                r = bus_register(bus, &manager);
        if (r >= 0)
                r = manager_load(manager);
        if (r >= 0)
                r = settle(event, manager);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGHUP | SD_EVENT_SIGNAL_PROCMASK, on_hangup, manager);
        if (r >= 0)
                r = sd_bus_request_name(bus, BUS_NAME, 0);
        if (r < 0) {
                fprintf(stderr, "ctrd: %s\n",
                        r == -EEXIST ? "another ctrd runs already: stop it first" : strerror(-r));
                goto finish;
        }

        (void) sd_event_set_watchdog(event, true);
        (void) sd_notify(false, "READY=1");
        manager_begin(manager);
        manager_status_changed(manager);
        r = view_begin(manager);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot watch for lxcfs: %s", strerror(-r));
        r = sd_event_loop(event);
        (void) sd_notify(false, "STOPPING=1");
        if (r < 0)
                fprintf(stderr, "ctrd: %s\n", strerror(-r));

finish:
        manager = manager_free(manager);
        sd_bus_flush_close_unref(bus);
        sd_event_unref(event);
        return r < 0 ? EXIT_FAILURE : r;
}

int main(int argc, char *argv[]) {
        enum { ARG_VERSION = 256, ARG_INTROSPECT };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                { "introspect", no_argument, NULL, ARG_INTROSPECT },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        return help();
                case ARG_VERSION:
                        printf("ctrd %s\n", CTRD_VERSION);
                        return EXIT_SUCCESS;
                case ARG_INTROSPECT:
                        return introspect() < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
                default:
                        fprintf(stderr, "ctrd: see ctrd --help\n");
                        return 2;
                }
        if (optind < argc) {
                fprintf(stderr, "ctrd: takes no arguments: see ctrd --help\n");
                return 2;
        }
        return run();
}
