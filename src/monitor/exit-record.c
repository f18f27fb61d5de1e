/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "exit-record.h"
#include "file.h"

#define MESSAGE_MAX 2048

void exit_record_classify(int status, int signal, bool killed, ExitRecord *ret) {
        ret->code = signal > 0 ? signal : status;

        if (signal == 0)
                ret->reason = status == 0 ? EXIT_POWEROFF : EXIT_EXITED;
        else if (signal == SIGKILL && killed)
                ret->reason = EXIT_KILLED;
        else if (signal == SIGHUP)
                ret->reason = EXIT_REBOOT;
        else if (signal == SIGINT)
                ret->reason = EXIT_POWEROFF;
        else
                ret->reason = EXIT_SIGNALED;
}

uint64_t exit_record_now(void) {
        struct timespec ts;

        clock_gettime(CLOCK_REALTIME, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / NSEC_PER_USEC;
}

/* A JSON string's inside. Control characters become '?'; the rest is passed on,
 * and never cut between a backslash and what it stands before. */
static void json_escape(const char *text, char *ret, size_t size) {
        size_t out = 0;

        for (; *text && out + 2 < size; text++) {
                if (*text == '"' || *text == '\\')
                        ret[out++] = '\\';
                ret[out++] = (unsigned char) *text < ' ' || *text == 0x7f ? '?' : *text;
        }
        ret[out] = 0;
}

int exit_record_write(const ExitRecord *record, const char *path) {
        char message[MESSAGE_MAX], text[MESSAGE_MAX + 256];
        int n;

        json_escape(strempty(record->message), message, sizeof(message));
        n = snprintf(text, sizeof(text),
                     "{\"reason\": \"%s\", \"code\": %d, \"timestamp_usec\": %llu, \"message\": \"%s\"}\n",
                     exit_reason_to_string(record->reason), record->code, (unsigned long long) record->timestamp,
                     message);
        return file_write_atomic(AT_FDCWD, path, text, (size_t) n, 0644);
}
