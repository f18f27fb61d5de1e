/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "credential.h"
#include "fd.h"
#include "launch.h"
#include "live.h"
#include "manager.h"
#include "refit.h"
#include "strv.h"
#include "unit-devices.h"

typedef enum StepKind {
        STEP_MOUNT,
        STEP_UNMOUNT,
        STEP_CREDENTIAL_WRITE,
        STEP_CREDENTIAL_REMOVE,
        STEP_SCOPE, /* what systemd lets it use of devices */
        STEP_RULES, /* what its own control group does */
        _STEP_KIND_MAX,
} StepKind;

/* What undoes it. For the last two the devices are those of before. */
static const StepKind inverse[_STEP_KIND_MAX] = {
        [STEP_MOUNT] = STEP_UNMOUNT,
        [STEP_UNMOUNT] = STEP_MOUNT,
        [STEP_CREDENTIAL_WRITE] = STEP_CREDENTIAL_REMOVE,
        [STEP_CREDENTIAL_REMOVE] = STEP_CREDENTIAL_WRITE,
        [STEP_SCOPE] = STEP_SCOPE,
        [STEP_RULES] = STEP_RULES,
};

typedef struct Step {
        StepKind kind;
        Attachment attachment;
} Step;

struct Refit {
        Container *container;
        Settings *before, *after;
        Step *steps;
        size_t n_steps, at; /* at: how many are done */
        bool repair;
        bool undoing;
        Error error; /* why */
        sd_bus_slot *slot;
        bool asked; /* the monitor */
        RefitDone done;
        void *userdata;
};

Refit *refit_free(Refit *refit) {
        if (!refit)
                return NULL;
        if (refit->asked && refit->container->link)
                monitor_link_forget(refit->container->link, refit);
        sd_bus_slot_unref(refit->slot);
        for (size_t i = 0; i < refit->n_steps; i++)
                attachment_clear(&refit->steps[i].attachment);
        free(refit->steps);
        settings_free(refit->before);
        settings_free(refit->after);
        error_clear(&refit->error);
        free(refit);
        return NULL;
}
DEFINE_CLEANUP(Refit *, refit_free)

/* Which steps there are. */

static int add_step(Refit *refit, StepKind kind, AttachmentKind of, const char *value) {
        Step *grown = reallocarray(refit->steps, refit->n_steps + 1, sizeof(Step));
        Step *step;
        int r;

        if (!grown)
                return -ENOMEM;
        refit->steps = grown;
        step = grown + refit->n_steps;
        *step = (Step){ .kind = kind };
        r = value ? attachment_parse(of, value, &step->attachment) : 0;
        if (r >= 0)
                refit->n_steps++;
        return r;
}

/* Of a value that only one of both has, the last first: what lies in another goes before it. */
static int add_removals(Refit *refit, AttachmentKind of) {
        const StepKind kind = of == ATTACHMENT_CREDENTIAL ? STEP_CREDENTIAL_REMOVE : STEP_UNMOUNT;
        char *const *before = attachment_list(refit->before, of), *const *after = attachment_list(refit->after, of);
        int r = 0;

        /* Of what is to come, some may be there. */
        for (size_t i = refit->repair ? strv_length(after) : 0; i-- > 0 && r >= 0;)
                if (!strv_contains(before, after[i]))
                        r = add_step(refit, kind, of, after[i]);
        for (size_t i = strv_length(before); i-- > 0 && r >= 0;)
                if (!strv_contains(after, before[i]))
                        r = add_step(refit, kind, of, before[i]);
        return r;
}

static int add_additions(Refit *refit, AttachmentKind of) {
        char *const *before = attachment_list(refit->before, of);

        STRV_FOREACH(v, attachment_list(refit->after, of)) {
                int r = strv_contains(before, *v)
                                ? 0
                                : add_step(refit, of == ATTACHMENT_CREDENTIAL ? STEP_CREDENTIAL_WRITE : STEP_MOUNT, of, *v);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int list_steps(Refit *refit) {
        int r = 0;

        for (AttachmentKind i = _ATTACHMENT_KIND_MAX; i-- > 0 && r >= 0;)
                r = add_removals(refit, i);
        if (r >= 0 && !strv_equal(refit->before->device, refit->after->device)) {
                r = add_step(refit, STEP_SCOPE, ATTACHMENT_DEVICE, NULL);
                if (r >= 0)
                        r = add_step(refit, STEP_RULES, ATTACHMENT_DEVICE, NULL);
        }
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX && r >= 0; i++)
                r = add_additions(refit, i);
        return r;
}

/* What lies in a mount would go with it, and be hidden by one that comes: a value of which
 * both have says that it shall be there. */
static int check_nesting(const Refit *refit, Error *error) {
        for (size_t i = 0; i < refit->n_steps; i++) {
                const Step *step = refit->steps + i;

                for (AttachmentKind of = 0; of < ATTACHMENT_CREDENTIAL && (step->kind == STEP_MOUNT || step->kind == STEP_UNMOUNT); of++)
                        STRV_FOREACH(v, attachment_list(refit->before, of)) {
                                Attachment a;
                                bool below;
                                int r;

                                if (!strv_contains(attachment_list(refit->after, of), *v))
                                        continue;
                                r = attachment_parse(of, *v, &a);
                                if (r < 0)
                                        return r;
                                below = attachment_is_below(step->attachment.target, a.target);
                                attachment_clear(&a);
                                if (below)
                                        return error_set(error, EBUSY, "Busy", "%s=%s lies below %s: detach that first",
                                                         attachment_kind_to_string(of), *v, step->attachment.target);
                        }
        }
        return 0;
}

/* One step. */

static void refit_go_on(Refit *refit);
static void step_done(Refit *refit, const Error *error);

static void on_monitor_reply(const Error *error, void *userdata) {
        Refit *refit = userdata;

        refit->asked = false;
        step_done(refit, error && error_is_set(error) ? error : NULL);
        refit_go_on(refit);
}

static int ask_monitor(Refit *refit, const WireWriter *w) {
        Container *c = refit->container;
        int r = c->link ? monitor_link_send(c->link, w, NULL, 0, on_monitor_reply, refit) : -ESRCH;

        if (r >= 0)
                refit->asked = true;
        return r;
}

/* The words of src/mount/main.c. */
static const char *type_of(const Attachment *a) {
        switch (a->kind) {
        case ATTACHMENT_TMPFS:
                return "tmpfs";
        case ATTACHMENT_DEVICE:
                return "device";
        default:
                return a->recursive ? "rbind" : "bind";
        }
}

/* With blanks between them, and the label that all has that the container sees. */
static int tmpfs_options(const Container *c, const Attachment *a, char **ret) {
        int r = c->selinux.mount ? asprintf(ret, "%s context=%s", a->options ?: ATTACHMENT_TMPFS_DEFAULT, c->selinux.mount)
                                 : asprintf(ret, "%s", a->options ?: ATTACHMENT_TMPFS_DEFAULT);

        if (r < 0)
                return -ENOMEM;
        for (char *p = *ret; *p && !startswith(p, " context="); p++)
                if (*p == ',')
                        *p = ' ';
        return 0;
}

static int step_mount(Refit *refit, const Attachment *a, bool mount) {
        _cleanup_free_ char *options = NULL;
        WireWriter w;

        if (a->kind == ATTACHMENT_TMPFS && tmpfs_options(refit->container, a, &options) < 0)
                return -ENOMEM;
        wire_begin(&w);
        wire_put(&w, "COMMAND", mount ? "mount" : "unmount");
        wire_put(&w, "TYPE", type_of(a));
        wire_put(&w, "SOURCE", strempty(a->source));
        wire_put(&w, "TARGET", a->target);
        if (mount)
                wire_put(&w, "OPTIONS", a->kind == ATTACHMENT_TMPFS ? options : a->kind == ATTACHMENT_BIND_READ_ONLY ? "ro" : "rw");
        return ask_monitor(refit, &w);
}

static int step_credential(Refit *refit, const Attachment *a, bool write, Error *error) {
        const Container *c = refit->container;
        _cleanup_fd_ int dir = -EBADF;
        char run[PATH_MAX / 2], path[PATH_MAX];
        int r;

        launch_dir(c->name, run, sizeof(run));
        snprintf(path, sizeof(path), "%s/host/credentials", run);
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (dir < 0)
                return error_set_errno(error, errno, "cannot open the credentials of %s", c->name);
        r = write ? credential_write(dir, a->target, a->source, c->identity.uid_base, c->selinux.mount, error)
                  : credential_remove(dir, a->target);
        return r < 0 ? error_set_errno(error, r, "cannot remove the credential %s", a->target) : 0;
}

static int on_scope_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *e = sd_bus_message_get_error(m);
        _cleanup_error_ Error error = ERROR_INIT;
        Refit *refit = userdata;

        refit->slot = sd_bus_slot_unref(refit->slot);
        if (e)
                error_set(&error, sd_bus_error_get_errno(e), NULL, "systemd refused the devices of container %s: %s",
                          refit->container->name, e->message);
        step_done(refit, e ? &error : NULL);
        refit_go_on(refit);
        return 0;
}

static int step_rules(Refit *refit, const Settings *from, const Settings *to, Error *error) {
        int r = live_write_rules(refit->container, from->device, to->device, error);
        WireWriter w;

        if (r < 0)
                return r;
        wire_begin(&w);
        wire_put(&w, "COMMAND", "update");
        return ask_monitor(refit, &w);
}

/* 0: done; 1: its end is told later. */
static int begin_step(Refit *refit, const Step *step, Error *error) {
        const Settings *from = refit->undoing ? refit->after : refit->before, *to = refit->undoing ? refit->before : refit->after;
        StepKind kind = refit->undoing ? inverse[step->kind] : step->kind;
        int r;

        switch (kind) {
        case STEP_MOUNT:
        case STEP_UNMOUNT:
                r = step_mount(refit, &step->attachment, kind == STEP_MOUNT);
                break;
        case STEP_CREDENTIAL_WRITE:
        case STEP_CREDENTIAL_REMOVE:
                return step_credential(refit, &step->attachment, kind == STEP_CREDENTIAL_WRITE, error);
        case STEP_SCOPE:
                r = unit_set_devices(refit->container->manager->bus, refit->container->name, to->device, on_scope_reply, refit,
                                     &refit->slot);
                break;
        default:
                r = step_rules(refit, from, to, error);
        }
        return r < 0 ? r : 1;
}

/* Its sentence begins with what could not be done. */
static void fail(Refit *refit, const Step *step, const Error *cause) {
        const char *key = step->attachment.target ? attachment_kind_to_string(step->attachment.kind) : "Device";

        refit->undoing = true;
        error_set(&refit->error, cause->errnum, cause->name, "%s=: %s", key, error_message(cause));
}

static void step_done(Refit *refit, const Error *error) {
        const Step *step;

        step = refit->steps + refit->at;
        /* Root inside may have taken it off before us. */
        if (error && error->errnum == ENOENT && (step->kind == STEP_UNMOUNT || step->kind == STEP_CREDENTIAL_REMOVE) && !refit->undoing)
                error = NULL;
        if (error && (refit->undoing || refit->repair)) {
                /* Where the run has ended there is nothing to undo. */
                if (error->errnum != ESRCH)
                        sd_journal_print(LOG_WARNING, "A change of container %s cannot be %s: %s", refit->container->name,
                                         refit->undoing ? "undone" : "finished", error_message(error));
                error = NULL;
        }
        if (refit->undoing)
                return;
        if (error)
                fail(refit, step, error);
        else
                refit->at++;
}

static void refit_end(Refit *refit) {
        _cleanup_error_ Error error = ERROR_INIT;
        RefitDone done = refit->done;
        void *userdata = refit->userdata;
        bool failed = refit->undoing;

        if (failed)
                live_abandon(refit->container);
        error_move(&error, &refit->error);
        refit_free(refit);
        done(failed ? &error : NULL, userdata);
}

/* Until a step takes its time, or there is none left. */
static void refit_go_on(Refit *refit) {
        for (;;) {
                _cleanup_error_ Error error = ERROR_INIT;
                const Step *step;
                int r;

                if (!refit->undoing && refit->at == refit->n_steps) {
                        if (live_commit(refit->container, refit->before, refit->after, &refit->error) >= 0)
                                break;
                        refit->undoing = true;
                }
                if (refit->undoing && refit->at == 0)
                        break;
                step = refit->undoing ? refit->steps + --refit->at : refit->steps + refit->at;
                r = begin_step(refit, step, &error);
                if (r > 0)
                        return;
                if (r < 0)
                        error_set_errno(&error, r, "cannot talk to the monitor of %s", refit->container->name);
                step_done(refit, r < 0 ? &error : NULL);
        }
        refit_end(refit);
}

static Settings *copy_of(const Settings *settings) {
        Settings *copy = settings_new();

        if (copy && attachment_copy_all(copy, settings) < 0)
                copy = settings_free(copy);
        return copy;
}

int refit_begin(Container *c, const Settings *before, const Settings *after, bool repair, RefitDone done, void *userdata, Refit **ret,
                Error *error) {
        _cleanup_(refit_freep) Refit *refit = calloc(1, sizeof(*refit));
        int r;

        if (!refit)
                return -ENOMEM;
        *refit = (Refit){ .container = c, .before = copy_of(before), .after = copy_of(after), .repair = repair, .done = done, .userdata = userdata };
        r = refit->before && refit->after ? list_steps(refit) : -ENOMEM;
        if (r >= 0 && refit->n_steps == 0 && !repair)
                return 0;
        if (r >= 0 && !repair)
                r = check_nesting(refit, error);
        if (r >= 0)
                r = live_begin(c, after, error);
        if (r < 0)
                return r;
        *ret = refit;
        refit_go_on(TAKE_PTR(refit));
        return 1;
}
