/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "file.h"
#include "manager.h"
#include "parse.h"
#include "paths.h"

#define FILE_MAX 4096

static void up_path(const Container *c, char ret[static PATH_MAX]) {
        snprintf(ret, PATH_MAX, PATH_CONTAINERS "/%s/up", c->name);
}

static int boot_id(char ret[static SD_ID128_STRING_MAX]) {
        sd_id128_t id;
        int r = sd_id128_get_boot(&id);

        if (r >= 0)
                sd_id128_to_string(id, ret);
        return r;
}

/* The file. */

static int write_up(const Container *c) {
        const Recovery *v = &c->recovery;
        char path[PATH_MAX], boot[SD_ID128_STRING_MAX];
        WireWriter w;
        int r;

        up_path(c, path);
        /* A start like any other: nothing is in it, and nothing is waited for until it is on
         * disk. What a power cut takes with it is the start of the last seconds. */
        if (v->restarts == 0 && v->due_usec == 0) {
                int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

                if (fd < 0)
                        return -errno;
                fd_close(fd);
                return 0;
        }
        r = boot_id(boot);
        if (r < 0)
                return r;
        wire_begin(&w);
        wire_put(&w, "BOOT_ID", boot);
        wire_put_u64(&w, "RESTARTS", v->restarts);
        wire_put_u64(&w, "LIMIT_BEGIN_USEC", v->limit.begin_usec);
        wire_put_u64(&w, "LIMIT_COUNT", v->limit.count);
        wire_put_u64(&w, "DUE_USEC", v->due_usec);
        return file_write_atomic(AT_FDCWD, path, w.data, w.size, 0600);
}

static void save(Container *c) {
        int r = write_up(c);

        c->recovery.up = true;
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot write down that container %s is to be up: %s", c->name, strerror(-r));
}

static void remove_up(Container *c) {
        char path[PATH_MAX];

        if (!c->recovery.up)
                return;
        up_path(c, path);
        if (unlink(path) < 0 && errno != ENOENT)
                sd_journal_print(LOG_WARNING, "Cannot remove %s: %m", path);
        c->recovery.up = false;
}

/* Of this boot, or 0 everywhere. */
static int parse_up(char *data, size_t size, Recovery *ret) {
        char boot[SD_ID128_STRING_MAX];
        const char *key, *value;
        Recovery v = {};
        const struct {
                const char *key;
                uint64_t *number;
        } numbers[] = {
                { "RESTARTS", &v.restarts },
                { "LIMIT_BEGIN_USEC", &v.limit.begin_usec },
                { "LIMIT_COUNT", &v.limit.count },
                { "DUE_USEC", &v.due_usec },
        };
        bool same = false;
        WireReader reader;
        int r = boot_id(boot);

        if (r < 0)
                return r;
        wire_read_begin(&reader, data, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                if (streq(key, "BOOT_ID"))
                        same = streq(value, boot);
                for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                        if (streq(key, numbers[i].key) && parse_u64(value, numbers[i].number) < 0)
                                return -EBADMSG;
        }
        if (r < 0)
                return r;
        *ret = same ? v : (Recovery){};
        return 0;
}

static uint64_t to_realtime(uint64_t due_usec) {
        return due_usec == 0 ? 0 : now_usec(CLOCK_REALTIME) + due_usec - now_usec(CLOCK_BOOTTIME);
}

void recovery_load(Container *c) {
        _cleanup_free_ char *data = NULL;
        char path[PATH_MAX];
        size_t size;
        int r;

        up_path(c, path);
        r = file_read(AT_FDCWD, path, FILE_MAX, &data, &size);
        if (r == -ENOENT)
                return;
        if (r >= 0)
                r = parse_up(data, size, &c->recovery);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Restarts of container %s are forgotten: cannot read %s: %s", c->name, path, strerror(-r));
        c->recovery.up = true;
        c->recovery.due_realtime_usec = to_realtime(c->recovery.due_usec);
}

/* The timer. */

void recovery_clear(Recovery *v) {
        v->timer = sd_event_source_disable_unref(v->timer);
}

static void set_due(Container *c, uint64_t due_usec) {
        Recovery *v = &c->recovery;

        v->timer = sd_event_source_disable_unref(v->timer);
        v->waits = false;
        if (due_usec == v->due_usec)
                return;
        v->due_usec = due_usec;
        v->due_realtime_usec = to_realtime(due_usec);
        container_changed(c, "NextStartAt", NULL);
}

static void start(Container *c);

static int on_due(sd_event_source *source, uint64_t usec, void *userdata) {
        start(userdata);
        return 0;
}

static void set_timer(Container *c) {
        Recovery *v = &c->recovery;
        int r;

        v->timer = sd_event_source_disable_unref(v->timer);
        r = sd_event_add_time(c->manager->event, &v->timer, CLOCK_BOOTTIME, v->due_usec, USEC_PER_MSEC, on_due, c);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Cannot start container %s again: %s", c->name, strerror(-r));
}

/* Restart=. */

static void set_restarts(Container *c, uint64_t restarts) {
        if (c->recovery.restarts == restarts)
                return;
        c->recovery.restarts = restarts;
        container_changed(c, "Restarts", NULL);
}

static void schedule(Container *c) {
        Recovery *v = &c->recovery;
        uint64_t now = now_usec(CLOCK_BOOTTIME), delay;

        if (!restart_limit_take(&v->limit, c->settings, now)) {
                sd_journal_print(LOG_WARNING, "Container %s was restarted StartLimitBurst=%llu times within StartLimitIntervalSec=: it stays down",
                                 c->name, (unsigned long long) c->settings->start_limit_burst);
                recovery_give_up(c);
                return;
        }
        set_restarts(c, v->restarts + 1);
        delay = restart_delay(c->settings, v->restarts);
        set_due(c, now + delay);
        save(c);
        set_timer(c);
        sd_journal_print(LOG_INFO, "Container %s is started again in %llu ms, restart %llu", c->name,
                         (unsigned long long) (delay / USEC_PER_MSEC), (unsigned long long) v->restarts);
}

static void start(Container *c) {
        _cleanup_error_ Error error = ERROR_INIT;
        int r;

        /* Somebody starts it already. */
        if (container_is_queued(c)) {
                set_due(c, 0);
                return;
        }
        /* It is cloned, or files are copied: that ends by itself, and is no failure of a start. */
        if (c->clones > 0 || c->job) {
                c->recovery.waits = true;
                return;
        }
        c->recovery.starts = true;
        r = container_start(c, NULL, &error);
        c->recovery.starts = false;
        if (r >= 0)
                return;
        sd_journal_print(LOG_WARNING, "Container %s could not be started again: %s", c->name,
                         error_is_set(&error) ? error_message(&error) : strerror(-r));
        set_due(c, 0);
        if (c->settings->restart == RESTART_NO)
                recovery_give_up(c);
        else
                schedule(c);
}

void recovery_look(Container *c) {
        if (!c->recovery.waits || c->clones > 0 || c->job)
                return;
        c->recovery.waits = false;
        set_timer(c);
}

void recovery_run_began(Container *c) {
        Recovery *v = &c->recovery;

        set_due(c, 0);
        if (!v->starts) {
                set_restarts(c, 0);
                v->limit = (RestartLimit){};
        }
        save(c);
}

void recovery_run_found(Container *c) {
        if (c->recovery.due_usec == 0 && c->recovery.up)
                return;
        set_due(c, 0);
        save(c);
}

void recovery_run_ended(Container *c, uint64_t ready_usec) {
        Recovery *v = &c->recovery;

        if (!v->up || unit_host_goes_down(c->manager->units))
                return;
        /* A ctrd before us was killed when it had seen to this end. */
        if (v->due_usec > 0) {
                set_timer(c);
                return;
        }
        if (!restart_is_wanted(c->settings->restart, c->exit.reason)) {
                recovery_give_up(c);
                return;
        }
        if (ready_usec > 0 && c->exit.timestamp_usec >= ready_usec &&
            c->exit.timestamp_usec - ready_usec >= c->settings->start_limit_interval_usec)
                set_restarts(c, 0);
        schedule(c);
}

void recovery_give_up(Container *c) {
        set_due(c, 0);
        remove_up(c);
}

void recovery_settings_changed(Container *c) {
        const Recovery *v = &c->recovery;

        if (v->due_usec > 0 && (v->restarts > 0 ? c->settings->restart == RESTART_NO : c->settings->autostart == AUTOSTART_NO))
                recovery_give_up(c);
}

/* When ctrd has come up. */

bool recovery_after_boot(Container *c) {
        Autostart a = c->settings->autostart;

        if (a == AUTOSTART_NO || (a == AUTOSTART_LAST && !c->recovery.up)) {
                recovery_give_up(c);
                return false;
        }
        if (c->settings->start_delay_usec == 0)
                return true;
        if (c->recovery.due_usec == 0) {
                set_due(c, now_usec(CLOCK_BOOTTIME) + c->settings->start_delay_usec);
                save(c);
        }
        set_timer(c);
        return false;
}

void recovery_after_death(Container *c) {
        if (!c->recovery.up || container_state_is_active(c->state) || c->ending)
                return;
        if (c->recovery.due_usec > 0)
                set_timer(c);
        else
                start(c); /* between the two halves of a restart */
}
