/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "error.h"
#include "utf8.h"

static int error_setv(Error *error, int errnum, const char *name, bool with_errno, const char *format, va_list ap) {
        if (errnum < 0)
                errnum = -errnum;
        if (errnum == 0)
                errnum = EIO; /* an error without a number is still one */
        if (!error || error->errnum != 0)
                return -errnum;

        error->errnum = errnum;
        error->name = name;

        _cleanup_free_ char *text = NULL;
        if (vasprintf(&text, format, ap) < 0)
                return -errnum; /* error_message() falls back to the errno */
        utf8_make_printable(text);

        if (!with_errno)
                error->message = TAKE_PTR(text);
        else if (asprintf(&error->message, "%s: %s", text, strerror(errnum)) < 0)
                error->message = TAKE_PTR(text);

        return -errnum;
}

int error_set(Error *error, int errnum, const char *name, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = error_setv(error, errnum, name, false, format, ap);
        va_end(ap);
        return r;
}

int error_set_errno(Error *error, int errnum, const char *format, ...) {
        va_list ap;
        int r;

        va_start(ap, format);
        r = error_setv(error, errnum, NULL, true, format, ap);
        va_end(ap);
        return r;
}

int error_prefix(Error *error, const char *format, ...) {
        _cleanup_free_ char *prefix = NULL;
        char *text;
        va_list ap;
        int r;

        if (!error_is_set(error))
                return 0;

        va_start(ap, format);
        r = vasprintf(&prefix, format, ap);
        va_end(ap);
        if (r < 0) {
                prefix = NULL;
                return -error->errnum;
        }

        utf8_make_printable(prefix);
        if (asprintf(&text, "%s: %s", prefix, error_message(error)) >= 0) {
                free(error->message);
                error->message = text;
        }
        return -error->errnum;
}

const char *error_message(const Error *error) {
        if (error && error->message)
                return error->message;
        return strerror(error ? error->errnum : 0);
}

bool error_is_set(const Error *error) {
        return error && error->errnum != 0;
}

bool error_has_name(const Error *error, const char *name) {
        return error_is_set(error) && error->name && streq(error->name, name);
}

void error_clear(Error *error) {
        if (!error)
                return;
        free(error->message);
        *error = ERROR_INIT;
}

int error_move(Error *to, Error *from) {
        int errnum = from->errnum;

        if (to && to != from) {
                error_clear(to);
                *to = *from;
                *from = ERROR_INIT;
        } else if (!to)
                error_clear(from);
        return -errnum;
}
