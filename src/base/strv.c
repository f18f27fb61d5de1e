/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "strv.h"

char **strv_free(char **l) {
        if (l)
                for (char **s = l; *s; s++)
                        free(*s);
        free(l);
        return NULL;
}

size_t strv_length(char *const *l) {
        size_t n = 0;

        if (l)
                while (l[n])
                        n++;
        return n;
}

bool strv_contains(char *const *l, const char *s) {
        STRV_FOREACH(i, l)
                if (streq(*i, s))
                        return true;
        return false;
}

bool strv_equal(char *const *a, char *const *b) {
        size_t n = strv_length(a);

        if (n != strv_length(b))
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

/* n: how many there are. */
static int append(char ***l, size_t n, char *s) {
        char **larger;

        if (!s)
                return -ENOMEM;
        larger = realloc(*l, (n + 2) * sizeof(char *));
        if (!larger) {
                free(s);
                return -ENOMEM;
        }
        larger[n] = s;
        larger[n + 1] = NULL;
        *l = larger;
        return 0;
}

int strv_consume(char ***l, char *s) {
        return append(l, strv_length(*l), s);
}

int strv_extend(char ***l, const char *s) {
        return strv_consume(l, strdup(s));
}

int strv_extendf(char ***l, const char *format, ...) {
        va_list ap;
        char *s;
        int r;

        va_start(ap, format);
        r = vasprintf(&s, format, ap);
        va_end(ap);
        return r < 0 ? -ENOMEM : strv_consume(l, s);
}

char **strv_copy(char *const *l) {
        _cleanup_strv_ char **copy = calloc(1, sizeof(char *));

        if (!copy)
                return NULL;
        STRV_FOREACH(s, l)
                if (strv_extend(&copy, *s) < 0)
                        return NULL;
        return TAKE_PTR(copy);
}

int strv_split_quoted(const char *s, char ***ret) {
        _cleanup_strv_ char **l = calloc(1, sizeof(char *));
        _cleanup_free_ char *word = malloc(strlen(s) + 1); /* each of them, in turn */

        if (!l || !word)
                return -ENOMEM;

        for (size_t n_words = 0;; n_words++) {
                s += strspn(s, " \t\n");
                if (!*s)
                        break;

                size_t n = 0;
                char quote = 0;
                int r;

                for (; *s; s++) {
                        if (*s == '\\') {
                                s++;
                                if (!*s)
                                        return -EINVAL;
                                word[n++] = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == 's' ? ' ' : *s;
                        } else if (quote) {
                                if (*s == quote)
                                        quote = 0;
                                else
                                        word[n++] = *s;
                        } else if (*s == '"' || *s == '\'')
                                quote = *s;
                        else if (strchr(" \t\n", *s))
                                break;
                        else
                                word[n++] = *s;
                }
                if (quote)
                        return -EINVAL;
                word[n] = 0;
                r = append(&l, n_words, strdup(word));
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(l);
        return 0;
}

int strv_split(const char *s, const char *separators, char ***ret) {
        _cleanup_strv_ char **l = calloc(1, sizeof(char *));

        if (!l)
                return -ENOMEM;
        for (size_t n_words = 0;; n_words++) {
                s += strspn(s, separators);
                size_t n = strcspn(s, separators);
                if (n == 0)
                        break;

                int r = append(&l, n_words, strndup(s, n));
                if (r < 0)
                        return r;
                s += n;
        }
        *ret = TAKE_PTR(l);
        return 0;
}

char *strv_join(char *const *l, const char *separator) {
        size_t n = 1;

        STRV_FOREACH(s, l)
                n += strlen(*s) + strlen(separator);

        char *text = malloc(n), *p = text;
        if (!text)
                return NULL;
        *p = 0;
        STRV_FOREACH(s, l) {
                if (s != l)
                        p = stpcpy(p, separator);
                p = stpcpy(p, *s);
        }
        return text;
}

static char *quote_word(const char *s) {
        if (*s && !s[strcspn(s, " \t\r\n\"'\\")])
                return strdup(s);

        char *q = malloc(2 * strlen(s) + 3), *p = q;
        if (!q)
                return NULL;
        *p++ = '"';
        for (; *s; s++) {
                if (*s == '"' || *s == '\\')
                        *p++ = '\\';
                if (*s == '\n') {
                        *p++ = '\\';
                        *p++ = 'n';
                } else
                        *p++ = *s;
        }
        *p++ = '"';
        *p = 0;
        return q;
}

char *strv_join_quoted(char *const *l) {
        _cleanup_strv_ char **quoted = NULL;

        STRV_FOREACH(s, l)
                if (strv_consume(&quoted, quote_word(*s)) < 0)
                        return NULL;
        return strv_join(quoted, " ");
}
