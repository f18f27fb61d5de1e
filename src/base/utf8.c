/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "utf8.h"

size_t utf8_length(const char *text, size_t n) {
        const unsigned char *s = (const unsigned char *) text;
        size_t length;

        if (n == 0)
                return 0;
        length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
        if (length == 0 || length > n)
                return 0;
        for (size_t i = 1; i < length; i++)
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
            (s[0] == 0xf4 && s[1] > 0x8f))
                return 0;
        return length;
}

/* The same, 0 for control characters too. */
static size_t printable_length(const char *s, size_t n) {
        size_t length = utf8_length(s, n);
        unsigned char first = (unsigned char) s[0];

        if (length == 1 && (first < ' ' || first == 0x7f))
                return 0;
        if (length == 2 && first == 0xc2 && (unsigned char) s[1] < 0xa0)
                return 0;
        return length;
}

bool utf8_is_valid(const char *s) {
        size_t n = strlen(s), length;

        for (; n > 0; s += length, n -= length) {
                length = utf8_length(s, n);
                if (length == 0)
                        return false;
        }
        return true;
}

bool utf8_is_printable(const char *s) {
        size_t n = strlen(s), length;

        for (; n > 0; s += length, n -= length) {
                length = printable_length(s, n);
                if (length == 0)
                        return false;
        }
        return true;
}

void utf8_make_printable(char *s) {
        size_t n = strlen(s), length;

        for (; n > 0; s += length, n -= length) {
                length = printable_length(s, n);
                if (length == 0) {
                        *s = *s == '\n' || *s == '\t' ? ' ' : '?';
                        length = 1;
                }
        }
}
