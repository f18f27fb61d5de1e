/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "number-set.h"

static int parse_number(const char **s, size_t *ret) {
        const char *p = *s;
        size_t v = 0;

        if (*p < '0' || *p > '9')
                return -EINVAL;
        for (; *p >= '0' && *p <= '9'; p++) {
                v = v * 10 + (size_t) (*p - '0');
                if (v >= NUMBER_SET_MAX)
                        return -ERANGE;
        }
        *s = p;
        *ret = v;
        return 0;
}

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t");
}

static void add_range(NumberSet *set, size_t first, size_t last) {
        for (size_t i = first; i <= last; i++)
                set->bits[i / NUMBER_SET_BITS] |= 1UL << (i % NUMBER_SET_BITS);
        set->n = MAX(set->n, last + 1);
}

int number_set_parse(const char *s, NumberSet *ret) {
        NumberSet set = {};

        for (;;) {
                size_t first, last;
                int r;

                s = skip_blanks(s);
                r = parse_number(&s, &first);
                if (r < 0)
                        return r;
                last = first;
                if (*s == '-') {
                        s++;
                        r = parse_number(&s, &last);
                        if (r < 0)
                                return r;
                        if (last < first)
                                return -EINVAL;
                }
                add_range(&set, first, last);
                s = skip_blanks(s);
                if (*s == 0)
                        break;
                if (*s++ != ',')
                        return -EINVAL;
        }
        *ret = set;
        return 0;
}

void number_set_fill(NumberSet *set) {
        memset(set->bits, 0xff, sizeof(set->bits));
        set->n = NUMBER_SET_MAX;
}
