/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "wire.h"

void wire_begin(WireWriter *w) {
        w->size = 0;
        w->overflow = false;
}

void wire_put(WireWriter *w, const char *key, const char *value) {
        size_t k = strlen(key), v = strlen(value);

        if (w->size + k + v + 2 > sizeof(w->data)) {
                w->overflow = true;
                return;
        }
        memcpy(w->data + w->size, key, k);
        w->size += k;
        w->data[w->size++] = '=';
        for (; *value; value++)
                w->data[w->size++] = (unsigned char) *value < ' ' || *value == 0x7f ? '?' : *value;
        w->data[w->size++] = '\n';
}

void wire_put_u64(WireWriter *w, const char *key, uint64_t value) {
        char text[21];

        snprintf(text, sizeof(text), "%llu", (unsigned long long) value);
        wire_put(w, key, text);
}

void wire_read_begin(WireReader *r, char *data, size_t size) {
        data[size] = 0;
        r->position = data;
        r->end = data + size;
}

int wire_read_next(WireReader *r, const char **ret_key, const char **ret_value) {
        char *line = r->position, *newline, *equal;

        if (line >= r->end)
                return 0;
        newline = memchr(line, '\n', (size_t) (r->end - line));
        if (!newline)
                newline = r->end;
        if (memchr(line, 0, (size_t) (newline - line)))
                return -EBADMSG;
        *newline = 0;
        r->position = newline + 1;

        equal = strchr(line, '=');
        if (!equal || equal == line)
                return -EBADMSG;
        *equal = 0;
        *ret_key = line;
        *ret_value = equal + 1;
        return 1;
}

static const char *const phases[_MONITOR_PHASE_MAX] = {
        [MONITOR_IDLE] = "idle",
        [MONITOR_CREATING] = "creating",
        [MONITOR_CREATED] = "created",
        [MONITOR_STARTING] = "starting",
        [MONITOR_RUNNING] = "running",
        [MONITOR_READY] = "ready",
        [MONITOR_STOPPING] = "stopping",
        [MONITOR_REBOOTING] = "rebooting",
};

static const char *const reasons[_EXIT_REASON_MAX] = {
        [EXIT_EXITED] = "exited",
        [EXIT_SIGNALED] = "signaled",
        [EXIT_REBOOT] = "reboot",
        [EXIT_POWEROFF] = "poweroff",
        [EXIT_KILLED] = "killed",
        [EXIT_MONITOR_LOST] = "monitor-lost",
        [EXIT_START_FAILED] = "start-failed",
};

static int table_lookup(const char *const *table, size_t n, const char *s) {
        for (size_t i = 0; s && i < n; i++)
                if (streq(table[i], s))
                        return (int) i;
        return -EINVAL;
}

const char *monitor_phase_to_string(MonitorPhase phase) {
        return phase >= 0 && phase < _MONITOR_PHASE_MAX ? phases[phase] : NULL;
}

MonitorPhase monitor_phase_from_string(const char *s) {
        return (MonitorPhase) table_lookup(phases, ELEMENTSOF(phases), s);
}

const char *exit_reason_to_string(ExitReason reason) {
        return reason >= 0 && reason < _EXIT_REASON_MAX ? reasons[reason] : NULL;
}

ExitReason exit_reason_from_string(const char *s) {
        return (ExitReason) table_lookup(reasons, ELEMENTSOF(reasons), s);
}
