/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <unistd.h>

#include "progress.h"
#include "terminal.h"

#define BAR 20
#define COLUMNS_DEFAULT 80

/* Appends s, cut to room columns, each byte outside printable ASCII as '?'; UTF-8
 * sequences pass whole and count as one column. */
static size_t append(char *line, size_t size, const char *s, unsigned *room) {
        for (; *s && *room > 0 && size + 4 < PROGRESS_LINE_MAX; (*room)--) {
                unsigned char c = (unsigned char) *s;
                size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
                bool good = n == 1 ? c >= ' ' && c != 0x7f : n > 0;

                for (size_t i = 1; good && i < n; i++)
                        good = ((unsigned char) s[i] & 0xc0) == 0x80;
                /* U+0080 to U+009F are controls too. */
                if (good && c == 0xc2 && (unsigned char) s[1] < 0xa0)
                        good = false;
                if (!good) {
                        line[size++] = '?';
                        s++;
                        continue;
                }
                memcpy(line + size, s, n);
                size += n;
                s += n;
        }
        line[size] = 0;
        return size;
}

void progress_format(char line[static PROGRESS_LINE_MAX], unsigned columns, const char *name, unsigned percent,
                     const char *message) {
        /* The last column stays free, or some terminals go to the next line. */
        unsigned room = (columns ?: COLUMNS_DEFAULT) - 1;
        char part[BAR + 16];
        size_t size = 0;

        percent = MIN(percent, 100u);
        line[0] = 0;
        size = append(line, size, name, &room);
        if (room > BAR + 10) {
                char bar[BAR + 1] = {};

                for (unsigned i = 0; i < BAR; i++)
                        bar[i] = i < percent * BAR / 100 ? '#' : '.';
                snprintf(part, sizeof(part), " [%s] %3u%%", bar, percent);
        } else
                snprintf(part, sizeof(part), " %3u%%", percent);
        size = append(line, size, part, &room);
        if (!isempty(message) && room > 4) {
                size = append(line, size, " ", &room);
                append(line, size, message, &room);
        }
}

void progress_init(Progress *p, bool quiet) {
        *p = (Progress){ .quiet = quiet, .terminal = isatty(STDERR_FILENO) };
}

void progress_show(Progress *p, const char *name, unsigned percent, const char *message) {
        char line[PROGRESS_LINE_MAX];
        unsigned columns, rows;

        if (p->quiet)
                return;
        if (p->terminal) {
                terminal_size(STDERR_FILENO, &columns, &rows);
                progress_format(line, columns, name, percent, message);
                fprintf(stderr, "\r\033[K%s", line);
                p->drawn = true;
                return;
        }

        /* Elsewhere percents are noise: only what is being done, once each. */
        if (isempty(message))
                return;
        unsigned room = PROGRESS_LINE_MAX - 8;
        size_t size = append(line, 0, name, &room);
        size = append(line, size, ": ", &room);
        append(line, size, message, &room);
        if (streq_ptr(p->said, line))
                return;
        free(p->said);
        p->said = strdup(line);
        fprintf(stderr, "%s\n", line);
}

void progress_hide(Progress *p) {
        if (p->drawn)
                fputs("\r\033[K", stderr);
        p->drawn = false;
}

void progress_end(Progress *p) {
        progress_hide(p);
        free(p->said);
        p->said = NULL;
}
