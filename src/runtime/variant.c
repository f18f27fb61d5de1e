/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "parse.h"
#include "text.h"
#include "variant.h"

#define VALUES_MAX 1024

static const struct {
        const char *word;
        char type;
        unsigned bits;
        bool is_signed;
} types[] = {
        { "boolean", 'b', 0, false }, { "byte", 'y', 8, false },    { "int16", 'n', 16, true },
        { "uint16", 'q', 16, false }, { "int32", 'i', 32, true },   { "uint32", 'u', 32, false },
        { "int64", 'x', 64, true },   { "uint64", 't', 64, false }, { "double", 'd', 0, false },
        { "string", 's', 0, false },  { "objectpath", 'o', 0, false }, { "signature", 'g', 0, false },
};

static const char *blanks(const char *p) {
        return p + strspn(p, " \t\n\r");
}

static bool is_text(char type) {
        return type == 's' || type == 'o' || type == 'g';
}

/* The word before a value, or the signature after '@'. Type 0: neither. */
static int parse_type(const char **p, char *ret_type, bool *ret_list) {
        size_t n = strcspn(*p, " \t\n\r");

        *ret_type = 0;
        *ret_list = false;
        if (**p == '@') {
                const char *s = *p + 1;

                if (*s == 'a') {
                        *ret_list = true;
                        s++;
                }
                if (!*s || !strchr(VARIANT_NUMBERS "sog", *s) || s + 1 != *p + n)
                        return -EINVAL;
                *ret_type = *s;
                *p = blanks(*p + n);
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (strlen(types[i].word) == n && strncmp(*p, types[i].word, n) == 0 && (*p)[n]) {
                        *ret_type = types[i].type;
                        *p = blanks(*p + n);
                        return 0;
                }
        return 0;
}

static int parse_text(Arena *arena, const char **p, char **ret) {
        static const char codes[] = "abfnrtv\\'\"", values[] = "\a\b\f\n\r\t\v\\'\"";
        char quote = **p, *s, *o;
        const char *c;

        s = o = arena_alloc(arena, strlen(*p), 1);
        if (!s)
                return -ENOMEM;
        for (c = *p + 1; *c != quote; c++) {
                const char *code;

                if (!*c)
                        return -EINVAL;
                if (*c != '\\') {
                        *o++ = *c;
                        continue;
                }
                code = *++c ? strchr(codes, *c) : NULL;
                if (!code)
                        return -EINVAL;
                *o++ = values[code - codes];
        }
        *p = c + 1;
        *ret = s;
        return 0;
}

static int parse_integer(const char *word, unsigned bits, bool is_signed, uint64_t *ret) {
        bool negative = word[0] == '-';
        uint64_t v, max = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        char *end;

        word += negative || word[0] == '+';
        if (word[0] < '0' || word[0] > '9' || (negative && !is_signed))
                return -EINVAL;
        errno = 0;
        v = strtoull(word, &end, 0); /* decimal, 0x…, 0… as GVariant has them */
        if (*end)
                return -EINVAL;
        if (is_signed)
                max = max / 2 + negative;
        if (errno != 0 || v > max)
                return -ERANGE;
        *ret = negative ? -v : v;
        return 0;
}

static int parse_number(const char **p, char type, uint64_t *ret) {
        size_t n = strcspn(*p, " \t\n\r,]");
        char word[64], *end;
        double d;

        if (n == 0 || n >= sizeof(word))
                return -EINVAL;
        memcpy(word, *p, n);
        word[n] = 0;
        *p += n;
        if (type == 'b') {
                *ret = streq(word, "true");
                return *ret || streq(word, "false") ? 0 : -EINVAL;
        }
        if (type == 'd') {
                errno = 0;
                d = strtod(word, &end);
                memcpy(ret, &d, sizeof(*ret));
                return *end || errno != 0 ? -EINVAL : 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (types[i].type == type)
                        return parse_integer(word, types[i].bits, types[i].is_signed, ret);
        return -EINVAL;
}

/* What a value is that says nothing of its type. */
static char guess(const char *p) {
        size_t n = strcspn(p, " \t\n\r,]");

        if (*p == '\'' || *p == '"')
                return 's';
        if (startswith(p, "true") || startswith(p, "false"))
                return 'b';
        return memchr(p, '.', n) ? 'd' : 'i';
}

static int add(Arena *arena, const char **p, Variant *v) {
        if (is_text(v->type)) {
                if (**p != '\'' && **p != '"')
                        return -EINVAL;
                return parse_text(arena, p, v->strings + v->n++);
        }
        return parse_number(p, v->type, v->numbers + v->n++);
}

static int parse_list(Arena *arena, const char **p, Variant *v) {
        const char *q = *p + 1;
        int r;

        v->is_list = true;
        for (q = blanks(q); *q != ']'; q = blanks(q)) {
                if (v->n > 0) {
                        if (*q != ',')
                                return -EINVAL;
                        q = blanks(q + 1);
                }
                if (v->n >= VALUES_MAX)
                        return -EINVAL;
                /* The first says what all are. */
                if (v->n == 0 && v->type == 0) {
                        bool list;

                        if ((r = parse_type(&q, &v->type, &list)) < 0 || list)
                                return -EINVAL;
                        if (v->type == 0)
                                v->type = guess(q);
                }
                r = add(arena, &q, v);
                if (r < 0)
                        return r;
        }
        *p = q + 1;
        return v->type != 0 ? 0 : -EINVAL;
}

int variant_parse(Arena *arena, const char *text, Variant *ret) {
        /* As many values as there can be: one takes a character and a comma. */
        size_t max = MIN(strlen(text) / 2 + 2, (size_t) VALUES_MAX);
        const char *p = blanks(text);
        Variant v = {};
        bool list;
        int r;

        v.numbers = arena_new(arena, uint64_t, max);
        v.strings = arena_new(arena, char *, max);
        if (!v.numbers || !v.strings)
                return -ENOMEM;
        r = parse_type(&p, &v.type, &list);
        if (r < 0 || !*p || (list && *p != '['))
                return -EINVAL;
        if (*p == '[' && (list || v.type == 0))
                r = parse_list(arena, &p, &v);
        else {
                if (v.type == 0)
                        v.type = guess(p);
                r = add(arena, &p, &v);
        }
        if (r < 0)
                return r;
        if (*blanks(p))
                return -EINVAL;
        *ret = v;
        return 0;
}

static size_t width(char type) {
        return strchr("xtd", type) ? 8 : strchr("nq", type) ? 2 : type == 'y' ? 1 : 4;
}

static void put_number(DBusWriter *w, char type, uint64_t value) {
        uint16_t v16 = (uint16_t) value;
        uint8_t v8 = (uint8_t) value;

        switch (width(type)) {
        case 8:
                dbus_put_u64(w, value);
                break;
        case 4:
                dbus_put_u32(w, (uint32_t) value);
                break;
        case 2:
                if (w->size & 1)
                        dbus_put_bytes(w, "", 1);
                dbus_put_bytes(w, &v16, sizeof(v16));
                break;
        default:
                dbus_put_bytes(w, &v8, sizeof(v8));
        }
}

void variant_put(DBusWriter *w, const Variant *v) {
        const char signature[] = { v->is_list ? 'a' : v->type, v->is_list ? v->type : 0, 0 };
        DBusArray array = {};

        dbus_put_signature(w, signature);
        if (v->is_list)
                array = dbus_begin_array(w, v->type == 'g' ? 1 : is_text(v->type) ? 4 : width(v->type));
        for (size_t i = 0; i < v->n; i++)
                if (v->type == 'g')
                        dbus_put_signature(w, v->strings[i]);
                else if (is_text(v->type))
                        dbus_put_string(w, v->strings[i]);
                else
                        put_number(w, v->type, v->numbers[i]);
        if (v->is_list)
                dbus_end_array(w, array);
}

char *variant_format(const Variant *v) {
        char *out = NULL;
        Text text = {};

        text_put(&text, "%s%c ", v->is_list ? "a" : "", v->type);
        for (size_t i = 0; i < v->n; i++) {
                double d = 0;

                text_put(&text, "%s", i > 0 ? "," : "");
                if (is_text(v->type))
                        text_put(&text, "'%s'", v->strings[i]);
                else if (v->type == 'd')
                        text_put(&text, "%g", *(double *) memcpy(&d, v->numbers + i, sizeof(d)));
                else if (strchr("nix", v->type))
                        text_put(&text, "%" PRIi64, (int64_t) v->numbers[i]);
                else
                        text_put(&text, "%" PRIu64, v->numbers[i]);
        }
        return text_take(&text, &out) < 0 ? NULL : out;
}
