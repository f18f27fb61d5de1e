/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "format.h"
#include "parse.h"

const char *format_bytes(char buffer[static FORMAT_MAX], uint64_t bytes) {
        static const char units[] = "BKMGTPE";
        unsigned unit = 0;
        double v = (double) bytes;

        if (bytes == UINT64_MAX)
                return "infinity";
        for (; v >= 1024 && units[unit + 1]; unit++)
                v /= 1024;
        snprintf(buffer, FORMAT_MAX, unit > 0 && v < 100 ? "%.1f%c" : "%.0f%c", v, units[unit]);
        return buffer;
}

const char *format_timespan(char buffer[static FORMAT_MAX], uint64_t usec) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "d",   24 * 3600 * USEC_PER_SEC },
                { "h",   3600 * USEC_PER_SEC      },
                { "min", 60 * USEC_PER_SEC        },
                { "s",   USEC_PER_SEC             },
                { "ms",  USEC_PER_MSEC            },
                { "us",  1                        },
        };
        size_t i = 0, n;

        while (i + 1 < ELEMENTSOF(units) && usec < units[i].usec)
                i++;
        n = (size_t) snprintf(buffer, FORMAT_MAX, "%" PRIu64 "%s", usec / units[i].usec, units[i].name);
        usec %= units[i].usec;
        /* Below a second the second unit says nothing that anybody needs. */
        if (i < 3 && usec >= units[i + 1].usec)
                snprintf(buffer + n, FORMAT_MAX - n, " %" PRIu64 "%s", usec / units[i + 1].usec, units[i + 1].name);
        return buffer;
}

const char *format_timestamp(char buffer[static FORMAT_MAX], uint64_t realtime_usec) {
        time_t t = (time_t) (realtime_usec / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&t, &tm) || strftime(buffer, FORMAT_MAX, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                return "?";
        return buffer;
}

const char *format_ago(char buffer[static FORMAT_MAX], uint64_t realtime_usec, uint64_t now) {
        if (now < realtime_usec)
                return "in the future";
        format_timespan(buffer, now - realtime_usec);
        strncat(buffer, " ago", FORMAT_MAX - strlen(buffer) - 1);
        return buffer;
}

const char *format_end(char buffer[static FORMAT_MAX], const char *reason, int status) {
        if (streq(reason, "exited"))
                snprintf(buffer, FORMAT_MAX, "%s with status %d", reason, status);
        else if (streq(reason, "signaled") || streq(reason, "killed"))
                snprintf(buffer, FORMAT_MAX, "%s by %s", reason, signal_name(status) ?: "a signal");
        else
                snprintf(buffer, FORMAT_MAX, "%s", reason);
        return buffer;
}

/* How long the escape sequence at the beginning of text is. */
static size_t escape_size(const char *text, size_t size) {
        size_t i = 1;

        if (size < 2)
                return size;
        switch (text[i++]) {
        case '[': /* CSI: parameters, then one letter or the like */
                while (i < size && (text[i] < 0x40 || text[i] > 0x7e) && (unsigned char) text[i] >= ' ')
                        i++;
                return i < size && text[i] >= 0x40 ? i + 1 : i;
        case ']': /* OSC, DCS, SOS, PM, APC: to BEL or ESC \ or the end of the line */
        case 'P':
        case 'X':
        case '^':
        case '_':
                for (; i < size && text[i] != '\n'; i++) {
                        if (text[i] == '\a')
                                return i + 1;
                        if (text[i] == 0x1b)
                                return i + 1 < size && text[i + 1] == '\\' ? i + 2 : i;
                }
                return i;
        default: /* intermediates, then one more */
                i--;
                while (i < size && text[i] >= ' ' && text[i] <= '/')
                        i++;
                return i < size && text[i] > ' ' ? i + 1 : i;
        }
}

size_t format_plain(char *text, size_t size) {
        size_t to = 0;

        for (size_t i = 0; i < size;) {
                unsigned char c = (unsigned char) text[i];

                if (c == 0x1b) {
                        i += escape_size(text + i, size - i);
                        continue;
                }
                /* C1 controls in UTF-8: U+0080 to U+009F. */
                if (c == 0xc2 && i + 1 < size && (unsigned char) text[i + 1] >= 0x80 && (unsigned char) text[i + 1] < 0xa0) {
                        i += 2;
                        continue;
                }
                if ((c >= ' ' && c != 0x7f) || c == '\n' || c == '\t')
                        text[to++] = text[i];
                i++;
        }
        return to;
}

size_t format_tail(const char *text, size_t size, size_t lines) {
        size_t at = size;

        if (lines == 0)
                return size;
        if (at > 0 && text[at - 1] == '\n')
                at--; /* ends the last line, and begins none */
        for (; at > 0; at--)
                if (text[at - 1] == '\n' && --lines == 0)
                        return at;
        return 0;
}
