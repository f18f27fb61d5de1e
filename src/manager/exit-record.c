/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "exit-record.h"
#include "file.h"
#include "json-text.h"
#include "paths.h"

void exit_record_clear(ExitRecord *record) {
        free(record->message);
        *record = EXIT_RECORD_NONE;
}

static void exit_record_path(const char *name, char path[static PATH_MAX]) {
        snprintf(path, PATH_MAX, PATH_CONTAINERS "/%s/exit.json", name);
}

int exit_record_load(const char *name, ExitRecord *ret) {
        const char *reason, *message = NULL;
        json_int_t code, timestamp;
        char path[PATH_MAX];
        json_t *j;
        int r = 0;

        exit_record_path(name, path);
        j = json_load_file(path, 0, NULL);
        if (!j)
                return errno == ENOENT ? -ENOENT : -EIO;

        if (json_unpack(j, "{s:s, s:I, s:I, s?s}", "reason", &reason, "code", &code, "timestamp_usec", &timestamp,
                        "message", &message) < 0 ||
            exit_reason_from_string(reason) < 0 || code < 0 || code > 255 || timestamp < 0)
                r = -EBADMSG;
        else
                *ret = (ExitRecord){
                        .reason = exit_reason_from_string(reason),
                        .code = (int) code,
                        .timestamp_usec = (uint64_t) timestamp,
                        .message = message && *message ? strdup(message) : NULL,
                };
        json_decref(j);
        return r;
}

int exit_record_load_since(const char *name, uint64_t begun_usec, ExitRecord *ret) {
        ExitRecord record = EXIT_RECORD_NONE;
        int r = exit_record_load(name, &record);

        if (r >= 0 && record.timestamp_usec < begun_usec)
                r = -ENOENT;
        if (r < 0)
                exit_record_clear(&record);
        else
                *ret = record;
        return r;
}

int exit_record_save(const char *name, const ExitRecord *record) {
        char path[PATH_MAX];
        json_t *j;
        char *text;
        int r;

        exit_record_path(name, path);
        j = json_pack("{s:s, s:i, s:I, s:s}", "reason", exit_reason_to_string(record->reason), "code", record->code,
                      "timestamp_usec", (json_int_t) record->timestamp_usec, "message", strempty(record->message));
        text = j ? json_text(j, 0) : NULL;
        json_decref(j);
        if (!text)
                return -ENOMEM;
        r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        free(text);
        return r;
}
