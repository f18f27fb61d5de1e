/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "finding.h"
#include "utf8.h"

static const char *const levels[_FINDING_LEVEL_MAX] = {
        [FINDING_OK] = "ok",
        [FINDING_HINT] = "hint",
        [FINDING_WARNING] = "warning",
        [FINDING_ERROR] = "error",
};

const char *finding_level_to_string(FindingLevel level) {
        return level >= 0 && level < _FINDING_LEVEL_MAX ? levels[level] : NULL;
}

FindingLevel finding_level_from_string(const char *s) {
        for (FindingLevel i = 0; i < _FINDING_LEVEL_MAX; i++)
                if (streq_ptr(levels[i], s))
                        return i;
        return _FINDING_LEVEL_INVALID;
}

static void finding_clear(Finding *f) {
        free(f->check);
        free(f->state);
        free(f->advice);
}

void finding_list_clear(FindingList *l) {
        for (size_t i = 0; i < l->n; i++)
                finding_clear(&l->items[i]);
        free(l->items);
        *l = (FindingList){};
}

void finding_add(FindingList *l, FindingLevel level, const char *check, const char *advice, const char *format, ...) {
        Finding f = { .level = level, .check = strdup(check), .advice = strdup(strempty(advice)) }, *items;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&f.state, format, ap) < 0)
                f.state = NULL;
        va_end(ap);
        items = f.check && f.state && f.advice ? reallocarray(l->items, l->n + 1, sizeof(*items)) : NULL;
        if (!items) {
                finding_clear(&f);
                return;
        }
        utf8_make_printable(f.state);
        utf8_make_printable(f.advice);
        l->items = items;
        items[l->n++] = f;
}
