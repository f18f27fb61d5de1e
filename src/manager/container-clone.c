/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A container that is made of another. It comes into being like any other, and before it
 * does its files are copied, by a service of its own. The other must not run: of what is in
 * the memory of its processes nothing would be in the copy, nor of a change that is half
 * written; and it must not be started meanwhile.
 */

#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>

#include "creation.h"
#include "fd.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "settings-request.h"
#include "strv.h"
#include "unit-worker.h"

void clone_request_clear(CloneRequest *request) {
        free(request->name);
        settings_edit_clear(&request->edit);
        settings_free(request->settings);
        *request = (CloneRequest){};
}

/* What no two have: it is taken out where the other has it, and then may be given anew. */
static int reset_identity(const Container *source, char ***assignments) {
        _cleanup_(settings_freep) Settings *now = NULL;
        const Settings *s = source->settings;
        int r = 0;

        if (settings_files_load(source->name, NULL, &now, NULL) >= 0)
                s = now;
        if (s->machine_id)
                r = strv_extend(assignments, "MachineID=");
        if (r >= 0 && s->mac_address)
                r = strv_extend(assignments, "MACAddress=");
        if (r >= 0 && s->uid_base != UINT32_MAX)
                r = strv_extend(assignments, "UIDBase=");
        if (r >= 0 && streq_ptr(s->hostname, source->name))
                r = strv_extend(assignments, "Hostname=");
        return r;
}

int clone_request_make(const Container *source, const char *name, char *const *assignments, CloneRequest *ret, Error *error) {
        _cleanup_(clone_request_clear) CloneRequest request = {};
        _cleanup_strv_ char **all = NULL, **keys = NULL;
        int r;

        r = name_check(name, error);
        if (r >= 0)
                r = container_check_vacant(source->manager, name, error);
        if (r >= 0)
                r = settings_check_assignments(assignments, &keys, error);
        if (r >= 0)
                r = reset_identity(source, &all);
        STRV_FOREACH(a, assignments)
                r = r < 0 ? r : strv_extend(&all, *a);
        if (r >= 0)
                r = settings_edit_copy(source->name, name, all, &request.edit, error);
        if (r >= 0)
                r = settings_files_load(name, &request.edit, &request.settings, error);
        if (r < 0)
                return r;
        request.name = strdup(name);
        if (!request.name)
                return -ENOMEM;
        *ret = request;
        request = (CloneRequest){};
        return 0;
}

static void on_output_line(const char *line, void *userdata) {
        Creation *creation = userdata;
        const char *v = line ? startswith(line, "PROGRESS=") : NULL;
        uint64_t percent;

        if (v && parse_uint_max(v, 100, &percent) >= 0)
                job_progress(creation->job, (unsigned) percent, NULL);
}

static void on_log_line(const char *line, void *userdata) {
        Creation *creation = userdata;
        char *copy = isempty(line) ? NULL : strdup(line);

        if (copy) {
                free(creation->last_line);
                creation->last_line = copy;
        }
}

static void unit_name(const char *name, char ret[static UNIT_NAME_MAX]) {
        snprintf(ret, UNIT_NAME_MAX, "ctr-clone-%s.service", name);
}

static int commit(Creation *creation, Error *error) {
        const char *id = creation->source->identity.image;
        const Image *image = map_get(&creation->manager->images, id);

        if (!image) {
                creation_discard_directory(creation);
                return error_set(error, ENOENT, "NoSuchImage", "image %s of container %s is missing", id, creation->source->name);
        }
        return creation_commit(creation, image, error);
}

static void finish(Creation *creation) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        if (creation->canceled || creation->failed) {
                creation_discard_directory(creation);
                r = creation->canceled ? error_set(&error, ECANCELED, "Canceled", "the cloning of %s was canceled", creation->source->name)
                                       : error_set(&error, EIO, NULL, "the files of %s cannot be copied: %s", creation->source->name,
                                                   strempty(creation->last_line));
        } else
                r = commit(creation, &error);
        if (r < 0)
                error_set_errno(&error, r, "cannot clone %s", creation->source->name);
        else
                sd_journal_print(LOG_INFO, "Container %s cloned from %s", creation->name, creation->source->name);
        creation_finish(creation, &error);
}

static void on_gone(const Error *ignored, void *userdata) {
        Creation *creation = userdata;

        creation->copy = NULL;
        finish(creation);
}

static void on_copied(const Error *failure, void *userdata) {
        Creation *creation = userdata;
        char unit[UNIT_NAME_MAX];

        creation->copy = NULL;
        /* All of its words. */
        line_reader_drain(creation->output);
        line_reader_drain(creation->log);
        creation->failed = failure;
        if (failure && !creation->last_line)
                creation->last_line = strdup(error_message(failure));
        /* A start that is canceled has its result before its process has ended. */
        unit_name(creation->name, unit);
        if ((!creation->canceled && !failure) ||
            unit_wait_gone(creation->manager->units, unit, on_gone, creation, &creation->copy) < 0)
                finish(creation);
}

/* Where it copies already finish() ends it: when nobody writes to its directory any more. */
static void on_cancel(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;
        char unit[UNIT_NAME_MAX];

        if (!creation->copy) {
                creation_discard_directory(creation);
                error_set(&error, ECANCELED, "Canceled", "the cloning of %s was canceled before its turn", creation->source->name);
                creation_finish(creation, &error);
                return;
        }
        creation->canceled = true;
        unit_name(creation->name, unit);
        (void) unit_stop(creation->manager->units, unit);
}

static int copy_files(Creation *creation, Error *error) {
        _cleanup_fd_ int output = -EBADF, log = -EBADF;
        const Container *source = creation->source;
        char from[PATH_MAX], to[PATH_MAX], unit[UNIT_NAME_MAX], description[256];
        int r;

        snprintf(from, sizeof(from), PATH_CONTAINERS "/%s", source->name);
        snprintf(to, sizeof(to), PATH_CONTAINERS "/.new-%s", creation->name);
        unit_name(creation->name, unit);
        snprintf(description, sizeof(description), "Copy of Container %s to %s", source->name, creation->name);
        r = line_reader_new_pipe(creation->manager->event, on_output_line, creation, &creation->output, &output);
        if (r >= 0)
                r = line_reader_new_pipe(creation->manager->event, on_log_line, creation, &creation->log, &log);
        if (r >= 0)
                r = unit_start_worker(creation->manager->units,
                                      &(UnitWorker){
                                              .kind = UNIT_WORKER_COPY,
                                              .unit = unit,
                                              .description = description,
                                              .argv = (char *[]){ (char *) PATH_COPY, from, to, source->name, creation->name,
                                                                  source->identity.machine_id, creation->machine_id, NULL },
                                              .writable = to,
                                              .output = output,
                                              .log = log,
                                      },
                                      on_copied, creation, &creation->copy);
        return r < 0 ? error_set_errno(error, r, "cannot run " PATH_COPY) : 0;
}

static void on_turn(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;
        Creation *creation = userdata;

        if (copy_files(creation, &error) >= 0) {
                job_progress(job, 0, "Copying");
                return;
        }
        creation_discard_directory(creation);
        creation_finish(creation, &error);
}

static int check(const Container *c, Error *error) {
        if (container_state_is_active(c->state) || c->ending)
                return error_set(error, EBUSY, "Running", "container %s is %s: stop it first, for a copy of what runs is not whole",
                                 c->name, container_state_to_string(c->state));
        if (c->job || c->change)
                return error_set(error, EBUSY, "Busy", "container %s is busy: try again when that has ended", c->name);
        /* It may be among them. */
        if (c->manager->boot)
                return error_set(error, EBUSY, "Busy", "containers are being started, as the host was booted: clone %s afterwards", c->name);
        return container_check_files(c, error);
}

int container_clone(Container *source, CloneRequest *request, Job *job, Error *error) {
        Image *image = map_get(&source->manager->images, source->identity.image);
        Creation *creation;
        int r = check(source, error);

        if (r < 0)
                return r;
        if (!image)
                return error_set(error, ENOENT, "NoSuchImage", "image %s of container %s is missing", source->identity.image, source->name);
        r = creation_new(source->manager, request->name, job, &creation, error);
        if (r < 0)
                return r;
        creation->source = source;
        source->clones++;
        creation->settings = TAKE_PTR(request->settings);
        creation->may_be_privileged = settings_is_privileged(creation->settings);
        creation->edit = request->edit;
        request->edit = (SettingsEdit){};

        r = creation_choose_machine_id(creation, image);
        if (r >= 0)
                r = creation_make_directory(creation, error);
        if (r >= 0) {
                r = job_take_turn(job, source->manager->clone_queue, on_turn);
                if (r > 0)
                        r = copy_files(creation, error);
                if (r < 0)
                        creation_discard_directory(creation);
        }
        if (r < 0) {
                creation_free(creation);
                return r;
        }
        if (creation->copy)
                job_progress(job, 0, "Copying");
        job->cancel = on_cancel;
        job->userdata = creation;
        return 0;
}
