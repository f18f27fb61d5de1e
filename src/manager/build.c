/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "build.h"
#include "capture.h"
#include "clock.h"
#include "fd.h"
#include "file.h"
#include "lines.h"
#include "manager.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "strv.h"
#include "unit-worker.h"

#define MEASURE_USEC (60 * USEC_PER_SEC)
#define BUILDING_PREFIX ".build-" /* no image id begins with a dot */

struct BuildWaiter {
        Build *build;
        BuildWaiter *next;
        Job *job;
        BuildDone done;
        void *userdata;
};

struct Build {
        Manager *manager;
        BuildWaiter *waiters;
        char *key; /* template/variant as asked for: what others join by */
        char *template, *variant;
        char *program;
        char *id;  /* of the image */
        char *dir; /* where it is made */
        char unit[UNIT_NAME_MAX];

        Capture *capture; /* the template's description, later du(1) */
        UnitRequest *worker;
        LineReader *output, *log;
        char *last_line; /* of the template's standard error */
        unsigned progress;
        char *status;
        Image *facts; /* what the template said of its result */
        bool ended;
        uid_t uid;    /* who asked for it first */
        Turn *turn;   /* among the templates at work */
        bool network; /* what it is to have then */
        Error error;
};

Build *build_free(Build *build) {
        if (!build)
                return NULL;

        if (build->key)
                map_remove(&build->manager->builds, build->key);
        turn_free(build->turn);
        while (build->waiters) {
                BuildWaiter *w = build->waiters;

                build->waiters = w->next;
                free(w);
        }
        capture_free(build->capture);
        if (build->worker) {
                unit_request_drop(build->worker);
                if (!build->manager->ends)
                        (void) unit_stop(build->manager->units, build->unit);
        }
        line_reader_free(build->output);
        line_reader_free(build->log);
        /* The target may still be written to for an instant: it is moved aside
         * first, and what is created in it meanwhile is removed with it. When ctrd ends it
         * stays: systemd does not heed a stop whose sender has left the bus, and the next
         * ctrd knows by it what to stop, see build_clean(). */
        if (build->dir && !build->manager->ends)
                (void) manager_discard(build->manager, build->dir);
        free(build->key);
        free(build->template);
        free(build->variant);
        free(build->program);
        free(build->id);
        free(build->dir);
        free(build->last_line);
        free(build->status);
        image_free(build->facts);
        error_clear(&build->error);
        free(build);
        return NULL;
}

BuildWaiter *build_waiter_drop(BuildWaiter *waiter) {
        if (!waiter)
                return NULL;

        Build *build = waiter->build;
        for (BuildWaiter **p = &build->waiters; *p; p = &(*p)->next)
                if (*p == waiter) {
                        *p = waiter->next;
                        break;
                }
        free(waiter);
        if (!build->waiters)
                build_free(build);
        return NULL;
}

/* Tells all who wait, and is gone. */
static void build_finish(Build *build, Image *image, const Error *cause) {
        _cleanup_error_ Error error = ERROR_INIT;
        BuildWaiter *waiters = build->waiters;

        if (!image)
                error_set(&error, cause->errnum, cause->name, "%s", error_message(cause));
        build->waiters = NULL;
        build_free(build);

        while (waiters) {
                BuildWaiter *w = waiters;

                waiters = w->next;
                w->done(image, image ? NULL : &error, w->userdata);
                free(w);
        }
}

static void build_show(Build *build) {
        bool queued = turn_is_waiting(build->turn);

        for (BuildWaiter *w = build->waiters; w; w = w->next) {
                job_set_queued(w->job, queued);
                job_progress(w->job, build->progress, queued ? "Waiting for other templates" : build->status);
        }
}

static void build_fail(Build *build, int errnum, const char *name, const char *format, ...) _printf_(4, 5);
static void build_fail(Build *build, int errnum, const char *name, const char *format, ...) {
        _cleanup_error_ Error error = ERROR_INIT;
        char text[1024];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        error_set(&error, errnum, name, "%s", text);
        build_finish(build, NULL, &error);
}

/* The template's standard output: progress and facts. */
static void on_output_line(const char *line, void *userdata) {
        Build *build = userdata;
        const char *v;
        uint64_t n;

        if (!line)
                return; /* the end */
        if ((v = startswith(line, "PROGRESS=")) && parse_uint_max(v, 100, &n) >= 0)
                build->progress = MAX(build->progress, (unsigned) n);
        else if ((v = startswith(line, "STATUS="))) {
                free(build->status);
                build->status = strdup(v);
        } else if ((v = startswith(line, "META_OS_NAME="))) {
                free(build->facts->os_name);
                build->facts->os_name = strdup(v);
        } else if ((v = startswith(line, "META_")))
                (void) image_add_fact(build->facts, v);
        else
                return;
        build_show(build);
}

static void on_log_line(const char *line, void *userdata) {
        Build *build = userdata;

        if (isempty(line))
                return;
        sd_journal_print(LOG_INFO, "template %s/%s: %s", build->template, build->variant, line);
        free(build->last_line);
        build->last_line = strdup(line);
}

/* Renames the result into place. The name may have been taken by nobody else:
 * builds of one image join. */
static int build_commit(Build *build, Image **ret, Error *error) {
        char target[PATH_MAX];
        Image *image;
        int r;

        snprintf(target, sizeof(target), "%s/rootfs", build->dir);
        if (access(target, F_OK) < 0)
                return error_set(error, ENOENT, "TemplateFailed", "template %s ended well but made no rootfs",
                                 build->template);

        build->facts->template = strdup(build->template);
        build->facts->variant = strdup(build->variant);
        build->facts->created_usec = now_usec(CLOCK_REALTIME);
        if (!build->facts->os_name)
                build->facts->os_name = strdup("");
        if (!build->facts->template || !build->facts->variant || !build->facts->os_name)
                return -ENOMEM;

        r = image_write(build->dir, build->facts, error);
        if (r < 0)
                return r;
        snprintf(target, sizeof(target), PATH_IMAGES "/%s", build->id);
        if (rename(build->dir, target) < 0)
                return error_set_errno(error, errno, "cannot put the image in its place at %s", target);
        free(build->dir);
        build->dir = NULL;
        build->turn = turn_free(build->turn);

        r = image_load(build->id, &image, error);
        if (r < 0)
                return r;
        r = map_put(&build->manager->images, image->id, image);
        if (r < 0) {
                image_free(image);
                return r;
        }
        build->manager->observer->image_added(build->manager, image);
        *ret = image;
        return 0;
}

/* What du(1) printed: bytes, a tab, the path. */
static void on_measured(const char *text, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Build *build = userdata;
        Image *image = NULL;
        int r;

        build->capture = NULL;
        if (text)
                build->facts->size = strtoull(text, NULL, 10);
        r = build_commit(build, &image, &error);
        if (r < 0 && !error_is_set(&error))
                error_set_errno(&error, r, "cannot keep the image of %s/%s", build->template, build->variant);
        build_finish(build, image, &error);
}

static void on_worker_done(const Error *failure, void *userdata) {
        Build *build = userdata;
        char rootfs[PATH_MAX];
        int r;

        build->worker = NULL;

        /* All of its words: the pipe has no writer any more. */
        line_reader_drain(build->output);
        line_reader_drain(build->log);

        if (failure) {
                build_fail(build, EIO, "TemplateFailed", "template %s/%s failed: %s", build->template, build->variant,
                           build->last_line ?: error_message(failure));
                return;
        }
        snprintf(rootfs, sizeof(rootfs), "%s/rootfs", build->dir);
        r = capture_start(build->manager->event,
                          (char *[]){ (char *) "/usr/bin/du", (char *) "-sx", (char *) "--block-size=1", rootfs, NULL },
                          MEASURE_USEC, on_measured, build, &build->capture);
        if (r < 0)
                on_measured(NULL, build);
}

static int build_run(Build *build, bool network, Error *error) {
        _cleanup_fd_ int output = -EBADF, log = -EBADF;
        _cleanup_strv_ char **environment = NULL;
        char description[256];
        int r;

        if (asprintf(&build->dir, PATH_IMAGES "/" BUILDING_PREFIX "%s", build->id) < 0) {
                build->dir = NULL;
                return -ENOMEM;
        }
        (void) manager_discard(build->manager, build->dir);
        if (mkdir(build->dir, 0755) < 0)
                return error_set_errno(error, errno, "cannot make %s", build->dir);

        r = line_reader_new_pipe(build->manager->event, on_output_line, build, &build->output, &output);
        if (r >= 0)
                r = line_reader_new_pipe(build->manager->event, on_log_line, build, &build->log, &log);
        if (r >= 0)
                r = strv_extendf(&environment, "CTRD_TARGET=%s", build->dir);
        if (r >= 0)
                r = strv_extendf(&environment, "CTRD_VARIANT=%s", build->variant);
        if (r < 0)
                return r;

        snprintf(description, sizeof(description), "Image %s for ctrd", build->id);
        return unit_start_worker(build->manager->units,
                                 &(UnitWorker){
                                         .kind = UNIT_WORKER_TEMPLATE,
                                         .unit = build->unit,
                                         .description = description,
                                         .argv = (char *[]){ build->program, (char *) "build", NULL },
                                         .environment = environment,
                                         .writable = build->dir,
                                         .network = network,
                                         .output = output,
                                         .log = log,
                                 },
                                 on_worker_done, build, &build->worker);
}

static void build_begin(Build *build) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r = build_run(build, build->network, &error);

        if (r < 0) {
                if (!error_is_set(&error))
                        error_set_errno(&error, r, "cannot run template %s", build->template);
                build_finish(build, NULL, &error);
        }
}

static void on_turn(void *userdata) {
        Build *build = userdata;

        free(build->status);
        build->status = strdup("Creating");
        build_show(build);
        build_begin(build);
}

/* Another build of the same image, which was asked for by another name: the default
 * variant has two. */
static Build *build_twin(const Build *build) {
        Build *other;

        MAP_FOREACH(other, &build->manager->builds)
                if (other != build && streq_ptr(other->id, build->id))
                        return other;
        return NULL;
}

/* Those who wait for one wait for the other from here on. */
static void build_join(Build *build, Build *other) {
        BuildWaiter **end = &other->waiters;

        for (BuildWaiter *w = build->waiters; w; w = w->next)
                w->build = other;
        while (*end)
                end = &(*end)->next;
        *end = TAKE_PTR(build->waiters);
        build_free(build);
        build_show(other);
}

static void on_described(const char *text, void *userdata) {
        _cleanup_(template_info_clear) TemplateInfo info = {};
        Build *build = userdata, *twin;
        Image *image;

        build->capture = NULL;
        if (!text || template_parse_description(build->template, text, &info) < 0) {
                build_fail(build, EIO, "TemplateFailed", "template %s does not describe itself: see templates/README.md",
                           build->template);
                return;
        }
        if (!build->variant)
                build->variant = strdup(info.default_variant);
        build->id = build->variant ? template_image_id(build->template, build->variant) : NULL;
        if (!build->id) {
                build_fail(build, ENOMEM, NULL, "out of memory");
                return;
        }
        image = map_get(&build->manager->images, build->id);
        if (image) {
                build_finish(build, image, NULL);
                return;
        }
        twin = build_twin(build);
        if (twin) {
                build_join(build, twin);
                return;
        }

        snprintf(build->unit, sizeof(build->unit), "ctr-template-%.80s.service", build->id);
        build->network = info.network;
        if (queue_join(build->manager->build_queue, build->uid, on_turn, build, &build->turn) < 0)
                build_fail(build, ENOMEM, NULL, "out of memory");
        else if (turn_is_waiting(build->turn))
                build_show(build);
        else
                build_begin(build);
}

static int build_new(Manager *manager, uid_t uid, const char *template, const char *variant, const char *key, Build **ret,
                     Error *error) {
        Build *build = calloc(1, sizeof(*build));
        int r;

        if (!build)
                return -ENOMEM;
        build->manager = manager;
        build->uid = uid;
        build->template = strdup(template);
        build->variant = variant ? strdup(variant) : NULL;
        build->facts = calloc(1, sizeof(Image));
        r = build->template && (!variant || build->variant) && build->facts ? 0 : -ENOMEM;
        if (r >= 0)
                r = template_find(template, &build->program, error);
        if (r >= 0)
                r = capture_start(manager->event, (char *[]){ build->program, (char *) "describe", NULL },
                                  TEMPLATE_DESCRIBE_USEC, on_described, build, &build->capture);
        if (r >= 0) {
                char *copy = strdup(key);

                r = copy ? map_put(&manager->builds, copy, build) : -ENOMEM;
                if (r >= 0)
                        build->key = copy;
                else
                        free(copy);
        }
        if (r < 0) {
                build_free(build);
                return r;
        }
        *ret = build;
        return 0;
}

int build_image(Manager *manager, const char *template, const char *variant, Job *job, BuildDone done, void *userdata,
                BuildWaiter **ret, Error *error) {
        char key[PATH_MAX];
        BuildWaiter *waiter;
        Build *build;
        int r;

        snprintf(key, sizeof(key), "%s/%s", template, strempty(variant));
        build = map_get(&manager->builds, key);
        if (!build) {
                r = build_new(manager, job->uid, template, variant, key, &build, error);
                if (r < 0)
                        return r;
        }

        waiter = calloc(1, sizeof(*waiter));
        if (!waiter) {
                if (!build->waiters)
                        build_free(build);
                return -ENOMEM;
        }
        *waiter = (BuildWaiter){ build, build->waiters, job, done, userdata };
        build->waiters = waiter;
        *ret = waiter;
        if (turn_is_waiting(build->turn))
                build_show(build);
        return 0;
}

void build_clean(Manager *manager) {
        char path[PATH_MAX];
        DIR *dir = opendir(PATH_IMAGES);

        if (!dir)
                return;
        for (struct dirent *de; (de = readdir(dir));) {
                const char *id = startswith(de->d_name, BUILDING_PREFIX);
                char unit[UNIT_NAME_MAX];

                if (!id)
                        continue;
                snprintf(unit, sizeof(unit), "ctr-template-%.80s.service", id);
                (void) unit_stop(manager->units, unit);
                snprintf(path, sizeof(path), PATH_IMAGES "/%s", de->d_name);
                (void) manager_discard(manager, path);
        }
        closedir(dir);
}
