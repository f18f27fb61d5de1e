/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages between ctrd and ctr-monitor: lines KEY=VALUE in one datagram, see
 * docs/architecture.md. The same form serves the plan file. No allocation: a
 * writer fills a buffer of fixed size, a reader walks over it.
 */

#include "macro.h"

#define WIRE_MAX 8192
#define WIRE_SESSIONS_MAX 64

typedef struct WireWriter {
        char data[WIRE_MAX];
        size_t size;
        bool overflow;
} WireWriter;

void wire_begin(WireWriter *w);
/* Appends a line. Characters below 0x20 and 0x7f in the value become '?': a
 * line can never become two. */
void wire_put(WireWriter *w, const char *key, const char *value);
void wire_put_u64(WireWriter *w, const char *key, uint64_t value);

/* Walks over the lines of a message, which it cuts up in place; data[size] must
 * be writable. Returns 1 with key and value, 0 at the end, -EBADMSG for a line
 * without '=', for a NUL inside and for an empty key. */
typedef struct WireReader {
        char *position;
        char *end;
} WireReader;

void wire_read_begin(WireReader *r, char *data, size_t size);
int wire_read_next(WireReader *r, const char **ret_key, const char **ret_value);

typedef enum MonitorPhase {
        MONITOR_IDLE,
        MONITOR_CREATING,
        MONITOR_CREATED,
        MONITOR_STARTING,
        MONITOR_RUNNING, /* init runs; READY is awaited, or is not expected and then READY follows at once */
        MONITOR_READY,
        MONITOR_STOPPING,
        MONITOR_REBOOTING,
        _MONITOR_PHASE_MAX,
        _MONITOR_PHASE_INVALID = -EINVAL,
} MonitorPhase;

const char *monitor_phase_to_string(MonitorPhase phase);
MonitorPhase monitor_phase_from_string(const char *s);

typedef enum ExitReason {
        EXIT_EXITED,
        EXIT_SIGNALED,
        EXIT_REBOOT,
        EXIT_POWEROFF,
        EXIT_KILLED,       /* by kill, or by force after a stop's timeout */
        EXIT_MONITOR_LOST,
        EXIT_START_FAILED,
        _EXIT_REASON_MAX,
        _EXIT_REASON_INVALID = -EINVAL,
} ExitReason;

const char *exit_reason_to_string(ExitReason reason);
ExitReason exit_reason_from_string(const char *s);
