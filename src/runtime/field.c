/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>

#include "field.h"
#include "parse.h"

/* What stands before the digits of a number that was made a string: no writer
 * of JSON puts this character there. */
#define FIELD_BIG_NUMBER "\001"

/* Makes strings of the whole numbers past INT64_MAX. In: JSON that was well-formed
 * up to the first of them. */
static char *quote_big_numbers(const char *text, size_t size, size_t *ret_size) {
        const char *end = text + size;
        char *copy = malloc(size * 2 + 1), *o = copy;
        bool quoted = false;

        if (!copy)
                return NULL;
        for (const char *p = text; p < end;) {
                size_t n = 0;

                while (p + n < end && p[n] >= '0' && p[n] <= '9')
                        n++;
                if (quoted || n < 19 || (p > text && strchr("-.eE+", p[-1])) || (p + n < end && strchr(".eE", p[n]))) {
                        n = MAX(quoted ? 0 : n, (size_t) 1);
                        if (*p == '"')
                                quoted = !quoted;
                        else if (quoted && *p == '\\' && p + 1 < end)
                                n = 2;
                        o = mempcpy(o, p, n);
                } else
                        o += sprintf(o, "\"\\u0001%.*s\"", (int) n, p);
                p += n;
        }
        *ret_size = (size_t) (o - copy);
        return copy;
}

json_t *field_load(const char *text, size_t size, const char *what, Error *error) {
        json_error_t e;
        json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);

        if (!document && json_error_code(&e) == json_error_numeric_overflow) {
                size_t copy_size;
                _cleanup_free_ char *copy = quote_big_numbers(text, size, &copy_size);

                if (copy)
                        document = json_loadb(copy, copy_size, JSON_REJECT_DUPLICATES, &e);
        }
        if (!document)
                error_set(error, EINVAL, "InvalidConfig", "%s, line %d, column %d: %s", what, e.line, e.column, e.text);
        return document;
}

static const json_t *find(const json_t *object, const char *where) {
        const char *dot = strrchr(where, '.');
        const json_t *value = json_object_get(object, dot ? dot + 1 : where);

        return json_is_null(value) ? NULL : value;
}

static int wrong_type(const char *where, const char *type, Error *error) {
        return error_set(error, EINVAL, "InvalidConfig", "%s must be %s", where, type);
}

int field_missing(const char *where, Error *error) {
        return error_set(error, EINVAL, "InvalidConfig", "%s is missing", where);
}

int field_invalid(const char *where, const char *what, Error *error) {
        return error_set(error, EINVAL, "InvalidConfig", "%s: %s", where, what);
}

int field_string(const json_t *object, const char *where, const char **ret, Error *error) {
        const json_t *value = find(object, where);

        if (!value)
                return 0;
        if (!json_is_string(value))
                return wrong_type(where, "a string", error);
        /* A NUL inside would cut the string for the kernel only. */
        if (strlen(json_string_value(value)) != json_string_length(value))
                return wrong_type(where, "a string without NUL", error);
        *ret = json_string_value(value);
        return 0;
}

int field_bool(const json_t *object, const char *where, bool *ret, Error *error) {
        const json_t *value = find(object, where);

        if (!value)
                return 0;
        if (!json_is_boolean(value))
                return wrong_type(where, "true or false", error);
        *ret = json_is_true(value);
        return 0;
}

int field_i64(const json_t *object, const char *where, int64_t min, int64_t max, int64_t *ret, Error *error) {
        const json_t *value = find(object, where);

        if (!value)
                return 0;
        if (!json_is_integer(value))
                return wrong_type(where, "a whole number", error);

        json_int_t i = json_integer_value(value);
        if (i < min || i > max)
                return error_set(error, ERANGE, "InvalidConfig", "%s is out of range", where);
        *ret = i;
        return 0;
}

int field_u64(const json_t *object, const char *where, uint64_t max, uint64_t *ret, Error *error) {
        const json_t *value = find(object, where);

        if (!value)
                return 0;
        /* RLIM_INFINITY and its like do not fit jansson's signed number. */
        if (json_is_string(value) && json_string_value(value)[0] == FIELD_BIG_NUMBER[0]) {
                uint64_t v;
                int r = parse_u64(json_string_value(value) + 1, &v);

                /* A smaller one was not made by us: somebody wrote that string. */
                if (r == -EINVAL || (r >= 0 && v <= INT64_MAX))
                        return wrong_type(where, "a whole number", error);
                if (r < 0 || v > max)
                        return error_set(error, ERANGE, "InvalidConfig", "%s is out of range", where);
                *ret = v;
                return 0;
        }
        if (!json_is_integer(value))
                return wrong_type(where, "a whole number", error);

        json_int_t i = json_integer_value(value);
        if (i < 0 || (uint64_t) i > max)
                return error_set(error, ERANGE, "InvalidConfig", "%s is out of range", where);
        *ret = (uint64_t) i;
        return 0;
}

int field_u32(const json_t *object, const char *where, uint32_t *ret, Error *error) {
        uint64_t v = *ret;
        int r = field_u64(object, where, UINT32_MAX, &v, error);

        if (r >= 0)
                *ret = (uint32_t) v;
        return r;
}

int field_object(const json_t *object, const char *where, const json_t **ret, Error *error) {
        const json_t *value = find(object, where);

        if (value && !json_is_object(value))
                return wrong_type(where, "an object", error);
        *ret = value;
        return 0;
}

int field_array(const json_t *object, const char *where, const json_t **ret, Error *error) {
        const json_t *value = find(object, where);

        if (value && !json_is_array(value))
                return wrong_type(where, "a list", error);
        *ret = value;
        return 0;
}

int field_strv(const json_t *object, const char *where, Arena *arena, char *const **ret, Error *error) {
        const json_t *array = NULL;
        char **l;
        int r;

        r = field_array(object, where, &array, error);
        if (r < 0 || !array)
                return r;

        size_t n = json_array_size(array);
        l = arena_new(arena, char *, n + 1);
        if (!l)
                return error_set_errno(error, ENOMEM, "%s", where);
        for (size_t i = 0; i < n; i++) {
                const json_t *value = json_array_get(array, i);

                if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
                        return wrong_type(where, "a list of strings", error);
                l[i] = (char *) json_string_value(value);
        }
        *ret = l;
        return 0;
}
