/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How the last run of a container ended: exit.json. ctr-monitor writes it; where
 * it could not (it was killed, or a start failed before it), ctrd does.
 */

#include "error.h"
#include "wire.h"

typedef struct ExitRecord {
        ExitReason reason; /* _EXIT_REASON_INVALID: never run */
        int code;          /* exit status or signal number */
        uint64_t timestamp_usec;
        char *message; /* for start-failed: the cause */
} ExitRecord;

#define EXIT_RECORD_NONE ((ExitRecord){ .reason = _EXIT_REASON_INVALID })

void exit_record_clear(ExitRecord *record);
/* -ENOENT where there is none. */
int exit_record_load(const char *name, ExitRecord *ret);
/* That of a run that began then: -ENOENT too where it is of an older one. */
int exit_record_load_since(const char *name, uint64_t begun_usec, ExitRecord *ret);
int exit_record_save(const char *name, const ExitRecord *record);
