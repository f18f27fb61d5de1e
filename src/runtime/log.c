/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "json-text.h"
#include "log.h"

static int log_fd = -EBADF;
static bool log_json, log_debugging, log_to_file_alone;

int log_setup(const char *file, bool json, bool debug, bool streams_are_the_commands, Error *error) {
        log_to_file_alone = streams_are_the_commands;
        log_json = json;
        log_debugging = debug;
        if (!file)
                return 0;
        log_fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
        if (log_fd < 0)
                return error_set_errno(error, errno, "opening the log %s", file);
        return 0;
}

static void write_json(int fd, const char *level, const char *text) {
        struct timespec now;
        struct tm tm;
        char stamp[64];
        size_t n;

        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &tm);
        n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(stamp + n, sizeof(stamp) - n, ".%09ldZ", now.tv_nsec);

        json_t *object = json_pack("{s:s, s:s, s:s}", "level", level, "msg", text, "time", stamp);
        if (!object) /* the text is no UTF-8: a file name, mostly */
                object = json_pack("{s:s, s:s%, s:s}", "level", level, "msg", "(not UTF-8)", (size_t) 11, "time", stamp);
        char *line = json_text(object, JSON_COMPACT | JSON_ENSURE_ASCII);
        if (line)
                dprintf(fd, "%s\n", line);
        free(line);
        json_decref(object);
}

/* One line, whatever names and output of others are in it. */
static void write_line(int fd, const char *level, const char *text) {
        _cleanup_free_ char *line = strdup(text);

        for (char *p = line; p && *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = *p == '\n' || *p == '\t' ? ' ' : '?';
        dprintf(fd, "ctrrun: %s%s%s\n", level, *level ? ": " : "", line ?: "out of memory");
}

static void print(const char *level, const char *text) {
        int fd = log_fd >= 0 ? log_fd : STDERR_FILENO;

        if (log_json)
                write_json(fd, level, text);
        else
                write_line(fd, streq(level, "error") ? "" : level, text);
}

void log_error(const Error *error) {
        print("error", error_message(error));
        /* An engine shows the log; a person looks at the terminal. */
        if (log_fd >= 0 && !log_to_file_alone)
                write_line(STDERR_FILENO, "", error_message(error));
}

static void printv(const char *level, const char *format, va_list ap) {
        _cleanup_free_ char *text = NULL;

        if (vasprintf(&text, format, ap) < 0) {
                text = NULL;
                return;
        }
        print(level, text);
}

void log_warning(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        printv("warning", format, ap);
        va_end(ap);
}

void log_debug(const char *format, ...) {
        va_list ap;

        if (!log_debugging)
                return;
        va_start(ap, format);
        printv("debug", format, ap);
        va_end(ap);
}
