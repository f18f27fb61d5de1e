/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "bus.h"
#include "job-wait.h"
#include "object.h"
#include "progress.h"

#define STATUS_INTERRUPTED (STATUS_SIGNAL + SIGINT)

/* What is done before this says nothing: a start that takes a tenth of a second is
 * no long work, and lines about it would only fill logs. */
#define QUIET_USEC (500 * USEC_PER_MSEC)

/* Where there is no terminal, between two lines about the same work: what a guest says of
 * itself may change all the time. */
#define LINES_USEC (2 * USEC_PER_SEC)

/* systemd starts a ctrd anew that has died, and so does an upgrade; nobody is woken by us
 * whom somebody has stopped. */
#define AWAY_USEC (60 * USEC_PER_SEC)

typedef struct Work {
        JobWait *wait;
        sd_bus_slot *slot;
        char *name; /* NULL: the end of a job that nobody knew yet */
        char *call; /* the path that was called */
        char *path; /* the job's; NULL: no answer yet */
        sd_event_source *rest; /* a line was printed just now */
        bool unsaid;           /* and there is news */
        bool done;
        uint32_t percent;
        char *message;
        Error error;
} Work;

struct JobWait {
        Ctl *ctl;
        sd_bus *bus;
        sd_event *event;
        JobInterrupt interrupt;
        Work **work;
        size_t n_work;
        size_t n_pending;
        unsigned interrupted;
        bool talks; /* QUIET_USEC is over */
        sd_event_source *away; /* ctrd is, and for how long yet */
        Progress progress;
};

static Work *work_free(Work *k) {
        if (!k)
                return NULL;
        sd_bus_slot_unref(k->slot);
        sd_event_source_disable_unref(k->rest);
        error_clear(&k->error);
        free(k->name);
        free(k->call);
        free(k->path);
        free(k->message);
        free(k);
        return NULL;
}
DEFINE_CLEANUP(Work *, work_free)

static int work_new(JobWait *w, const char *name, const char *path, Work **ret) {
        _cleanup_(work_freep) Work *k = calloc(1, sizeof(*k));
        Work **list;

        if (!k || (name && !(k->name = strdup(name))) || (path && !(k->path = strdup(path))))
                return -ENOMEM;
        list = reallocarray(w->work, w->n_work + 1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        w->work = list;
        k->wait = w;
        *ret = w->work[w->n_work++] = TAKE_PTR(k);
        return 0;
}

static Work *find_job(JobWait *w, const char *path) {
        for (size_t i = 0; i < w->n_work; i++)
                if (streq_ptr(w->work[i]->path, path))
                        return w->work[i];
        return NULL;
}

/* Nothing is left to wait for: the loop ends. */
static void work_done(Work *k) {
        if (k->done)
                return;
        k->done = true;
        if (k->name && --k->wait->n_pending == 0)
                sd_event_exit(k->wait->event, 0);
}

/* As JobRemoved and the properties of a job have it. */
static void work_ended(Work *k, const char *result, const char *name, const char *message) {
        if (k->done)
                return;
        if (streq(result, "failed"))
                (void) bus_error(&k->error, -EIO, &SD_BUS_ERROR_MAKE_CONST(isempty(name) ? "org.ctrd1.Error.Failed" : name,
                                                                           isempty(message) ? "The job failed" : message), k->path);
        else if (streq(result, "canceled"))
                error_set(&k->error, ECANCELED, NULL, "%s", isempty(message) ? "The job was canceled" : message);
        work_done(k);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *path, *container, *result, *name, *message;
        JobWait *w = userdata;
        Work *k;

        if (sd_bus_message_read(m, "ossss", &path, &container, &result, &name, &message) < 0)
                return 0;
        k = find_job(w, path);
        /* An end may come before the answer that names the job is looked at. */
        if (!k && work_new(w, NULL, path, &k) < 0)
                return 0;
        work_ended(k, result, name, message);
        return 0;
}

static void cancel(const Work *k) {
        (void) sd_bus_call_method_async(k->wait->bus, NULL, BUS_NAME, k->path, BUS_JOB, "Cancel", NULL, NULL, "");
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const sd_bus_error *failure = sd_bus_message_get_error(m);
        Work *k = userdata, *early;
        const char *path;
        int r;

        if (failure) {
                (void) bus_error(&k->error, -sd_bus_message_get_errno(m), failure, k->call);
                work_done(k);
                return 0;
        }
        r = sd_bus_message_read(m, "o", &path);
        if (r < 0) {
                (void) bus_message_error(&k->error, r);
                work_done(k);
                return 0;
        }
        early = find_job(k->wait, path);
        k->path = strdup(path);
        if (k->wait->ctl->no_wait) {
                work_done(k);
        } else if (early) {
                error_move(&k->error, &early->error);
                work_done(k);
        } else if (k->wait->interrupted > 0)
                cancel(k); /* before it had a name */
        return 0;
}

static void show(Work *k);

static int on_rest_over(sd_event_source *s, uint64_t usec, void *userdata) {
        Work *k = userdata;

        k->rest = sd_event_source_disable_unref(k->rest);
        if (k->unsaid)
                show(k);
        return 0;
}

static void show(Work *k) {
        JobWait *w = k->wait;

        if (!w->talks || k->done || (k->percent == 0 && !k->message))
                return;
        k->unsaid = k->rest;
        if (k->rest)
                return;
        progress_show(&w->progress, k->name, k->percent, k->message);
        if (!w->progress.terminal)
                (void) sd_event_add_time_relative(w->event, &k->rest, CLOCK_MONOTONIC, LINES_USEC, 0, on_rest_over, k);
}

static int on_quiet_over(sd_event_source *s, uint64_t usec, void *userdata) {
        JobWait *w = userdata;

        w->talks = true;
        for (size_t i = 0; i < w->n_work; i++)
                if (w->work[i]->name)
                        show(w->work[i]);
        return 0;
}

static const char *text_of(const Object *o, const char *property) {
        const Property *p = object_get(o, property);

        return p ? p->text : NULL;
}

/* Two of them are shown. */
static void take_progress(Work *k, const Object *o) {
        const Property *progress = object_get(o, "Progress");
        const char *message = text_of(o, "Message");

        if (progress)
                k->percent = (uint32_t) progress->number;
        if (message) {
                free(k->message);
                k->message = strdup(message);
        }
        show(k);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        _cleanup_(object_clear) Object o = {};
        JobWait *w = userdata;
        Work *k = find_job(w, sd_bus_message_get_path(m));
        const char *interface;

        if (k && k->name && !k->done && sd_bus_message_read(m, "s", &interface) >= 0 && streq(interface, BUS_JOB) &&
            object_take_properties(&o, m) >= 0)
                take_progress(k, &o);
        return 0;
}

static int on_asked(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const sd_bus_error *failure = sd_bus_message_get_error(m);
        _cleanup_(object_clear) Object o = {};
        const char *state;
        Work *k = userdata;

        k->slot = sd_bus_slot_unref(k->slot);
        /* It went before it answered: the next ctrd is asked when it comes. */
        if (k->done || (failure && sd_bus_error_has_names(failure, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_NAME_HAS_NO_OWNER)))
                return 0;
        if (failure)
                (void) bus_error(&k->error, -sd_bus_message_get_errno(m), failure, k->path);
        else if (object_take_properties(&o, m) < 0 || !(state = text_of(&o, "State")))
                (void) bus_message_error(&k->error, -EBADMSG);
        else if (streq(state, "queued") || streq(state, "running")) {
                take_progress(k, &o);
                return 0;
        } else
                work_ended(k, state, text_of(&o, "ErrorName"), text_of(&o, "ErrorMessage"));
        work_done(k);
        return 0;
}

/* What it is at: of a ctrd that has come back, or of a job that somebody else has begun. */
static void ask(Work *k) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(k->wait->bus, &m, BUS_NAME, k->path, "org.freedesktop.DBus.Properties", "GetAll");

        k->slot = sd_bus_slot_unref(k->slot);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", BUS_JOB);
        if (r >= 0)
                r = sd_bus_call_async(k->wait->bus, &k->slot, m, on_asked, k, UINT64_MAX);
        if (r < 0) {
                (void) bus_message_error(&k->error, r);
                work_done(k);
        }
}

static int on_away(sd_event_source *s, uint64_t usec, void *userdata) {
        JobWait *w = userdata;

        for (size_t i = 0; i < w->n_work; i++)
                if (w->work[i]->name && !w->work[i]->done) {
                        error_set(&w->work[i]->error, ECONNRESET, NULL,
                                  "ctrd ended meanwhile and does not come back: see systemctl status ctrd.service");
                        work_done(w->work[i]);
                }
        return 0;
}

/* ctrd is gone, or is back: it knows the jobs of the one before it. */
static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *name, *before, *after;
        JobWait *w = userdata;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0)
                return 0;
        w->away = sd_event_source_disable_unref(w->away);
        if (isempty(after))
                (void) sd_event_add_time_relative(w->event, &w->away, CLOCK_MONOTONIC, AWAY_USEC, 0, on_away, w);
        for (size_t i = 0; i < w->n_work; i++)
                if (!isempty(after) && w->work[i]->name && w->work[i]->path && !w->work[i]->done)
                        ask(w->work[i]);
        return 0;
}

static void cancel_all(JobWait *w) {
        for (size_t i = 0; i < w->n_work; i++)
                if (w->work[i]->path && !w->work[i]->done)
                        cancel(w->work[i]);
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata) {
        JobWait *w = userdata;

        w->interrupted++;
        progress_hide(&w->progress);
        if (w->interrupt != JOB_INTERRUPT_DETACH && w->interrupted == 1 && info->ssi_signo == SIGINT) {
                if (!w->ctl->quiet)
                        fputs("Canceling; press Ctrl-C again to leave at once.\n", stderr);
                cancel_all(w);
                return 0;
        }
        if (!w->ctl->quiet && w->interrupt != JOB_INTERRUPT_END)
                fputs("No longer waiting; the job goes on, see ctrctl job list.\n", stderr);
        return sd_event_exit(w->event, STATUS_SIGNAL + (int) info->ssi_signo);
}

static int watch_jobs(JobWait *w) {
        int r;

        /* Asynchronous, as bus_match_owner() is. */
        r = sd_bus_add_match_async(w->bus, NULL,
                                   "type='signal',sender='" BUS_NAME "',path='" BUS_ROOT "',interface='" BUS_MANAGER "',member='JobRemoved'",
                                   on_job_removed, NULL, w);
        if (r >= 0)
                r = sd_bus_add_match_async(w->bus, NULL,
                                           "type='signal',sender='" BUS_NAME "',path_namespace='" BUS_ROOT "/job',"
                                           "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
                                           on_changed, NULL, w);
        if (r >= 0)
                r = bus_match_owner(w->bus, on_owner_changed, w);
        if (r >= 0)
                r = bus_exit_on_disconnect(w->bus, w->event);
        return r;
}

/* Ctrl-C and the like are events. */
static int watch_signals(JobWait *w) {
        static const int caught[] = { SIGINT, SIGTERM, SIGHUP };
        sigset_t set;
        int r = 0;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(caught); i++)
                sigaddset(&set, caught[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(caught); i++)
                r = sd_event_add_signal(w->event, NULL, caught[i], on_interrupt, w);
        return r;
}

int job_wait_new(JobWait **ret, Ctl *ctl, JobInterrupt interrupt, Error *error) {
        _cleanup_(job_wait_freep) JobWait *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return error_set_errno(error, ENOMEM, "Cannot wait for a job");
        w->ctl = ctl;
        w->interrupt = interrupt;
        progress_init(&w->progress, ctl->quiet);
        r = ctl_bus(ctl, &w->bus, error);
        if (r < 0)
                return r;
        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_bus_attach_event(w->bus, w->event, 0);
        if (r >= 0 && !ctl->no_wait) {
                r = watch_jobs(w);
                if (r >= 0)
                        r = watch_signals(w);
                if (r >= 0)
                        r = sd_event_add_time_relative(w->event, NULL, CLOCK_MONOTONIC, QUIET_USEC, 0, on_quiet_over, w);
        }
        if (r < 0)
                return error_set_errno(error, r, "Cannot wait for a job");
        *ret = TAKE_PTR(w);
        return 0;
}

JobWait *job_wait_free(JobWait *w) {
        if (!w)
                return NULL;
        progress_end(&w->progress);
        for (size_t i = 0; i < w->n_work; i++)
                work_free(w->work[i]);
        free(w->work);
        sd_event_source_disable_unref(w->away);
        ctl_bus_close(w->ctl); /* its matches point to us */
        sd_event_unref(w->event);
        free(w);
        return NULL;
}

int job_wait_call(JobWait *w, sd_bus_message *message, const char *name, Error *error) {
        Work *k;
        int r = work_new(w, name, NULL, &k);

        if (r < 0)
                return error_set_errno(error, r, "Cannot wait for a job");
        w->n_pending++;
        k->call = strdup(strempty(sd_bus_message_get_path(message)));
        r = sd_bus_call_async(w->bus, &k->slot, message, on_answer, k, UINT64_MAX);
        if (r < 0) {
                (void) bus_message_error(&k->error, r);
                work_done(k);
        }
        return 0;
}

int job_wait_for(JobWait *w, const char *path, const char *name, Error *error) {
        Work *k;
        int r = work_new(w, name, path, &k);

        if (r < 0)
                return error_set_errno(error, r, "Cannot wait for a job");
        w->n_pending++;
        ask(k);
        return 0;
}

void job_wait_failed(JobWait *w, const char *name, Error *e) {
        Work *k;

        if (work_new(w, name, NULL, &k) >= 0) {
                error_move(&k->error, e);
                k->done = true;
        }
}

/* Numbers of the jobs that were begun, in the order of the command line. */
static void print_numbers(const JobWait *w) {
        for (size_t i = 0; i < w->n_work; i++)
                if (w->work[i]->path) {
                        _cleanup_free_ char *number = NULL;

                        if (bus_path_name(w->work[i]->path, BUS_ROOT "/job", &number) >= 0)
                                puts(number);
                }
}

/* One failure is the result; several are printed, each with its name. */
static int report(JobWait *w, Error *error) {
        size_t n_named = 0;
        int status = EXIT_SUCCESS;

        progress_hide(&w->progress);
        for (size_t i = 0; i < w->n_work; i++)
                n_named += w->work[i]->name ? 1 : 0;
        for (size_t i = 0; i < w->n_work; i++) {
                Work *k = w->work[i];

                if (!k->name || !error_is_set(&k->error))
                        continue;
                if (n_named == 1)
                        return error_move(error, &k->error);
                fprintf(stderr, "ctrctl: %s: %s\n", k->name, error_message(&k->error));
                status = STATUS_FAILURE;
        }
        return status;
}

int job_wait_run(JobWait *w, Error *error) {
        int r;

        if (w->n_pending > 0) {
                r = sd_event_loop(w->event);
                if (r == -ECONNRESET)
                        return error_set(error, ECONNRESET, NULL, "The connection to the system bus broke; the job goes on, see ctrctl job list");
                if (r < 0)
                        return error_set_errno(error, r, "Cannot wait for a job");
                if (r > 0)
                        return r; /* interrupted */
        }
        if (w->ctl->no_wait)
                print_numbers(w);
        r = report(w, error);
        /* A job that was canceled because we were told to. */
        return r < 0 && w->interrupted > 0 && error->errnum == ECANCELED ? STATUS_INTERRUPTED : r;
}
