/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Variants of JSON that are JSON: bytes changed at random hardly ever get past
 * the parser of the syntax. One value or one key is changed, taken out, copied
 * from elsewhere, or becomes a word that the runtime knows. What is not JSON, and
 * some of what is, is left to libFuzzer's own mutations (or the driver's).
 */

#include <jansson.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size, uint8_t *ret,
                                 size_t max_size, unsigned seed);

static const char *const words[] = {
#include "words.inc"
};

/* Where a value stands. The document stands in an array of one. */
typedef struct Spot {
        json_t *parent;
        const char *key; /* NULL: an array's */
        size_t index;
        json_t *value;
} Spot;

static unsigned state;

static unsigned dice(size_t sides) {
        state = state * 1664525u + 1013904223u;
        return (unsigned) ((state >> 8) % (sides ?: 1));
}

/* Each of the values is chosen with the same chance. */
static void walk(json_t *parent, Spot *chosen, size_t *n) {
        const char *key;
        json_t *value;
        size_t i;

        if (json_is_object(parent))
                json_object_foreach(parent, key, value) {
                        if (dice(++*n) == 0)
                                *chosen = (Spot){ parent, key, 0, value };
                        walk(value, chosen, n);
                }
        else
                json_array_foreach(parent, i, value) {
                        if (dice(++*n) == 0)
                                *chosen = (Spot){ parent, NULL, i, value };
                        walk(value, chosen, n);
                }
}

static Spot pick(json_t *top) {
        Spot spot = {};
        size_t n = 0;

        walk(top, &spot, &n);
        return spot;
}

/* Takes value over. */
static void put(const Spot *spot, json_t *value) {
        if (spot->key)
                (void) json_object_set_new(spot->parent, spot->key, value);
        else
                (void) json_array_set_new(spot->parent, spot->index, value);
}

static json_t *new_number(json_int_t old) {
        static const json_int_t edges[] = {
                0, 1, -1, 2, 5, 6, 340, 1000, -1000, 0777, 01000, 4095, 4096, 65535, 65536, INT32_MAX, INT32_MIN, UINT32_MAX,
                (json_int_t) UINT32_MAX - 1, (json_int_t) UINT32_MAX + 1, INT64_MAX, INT64_MIN, 262144, 1000000000,
        };

        switch (dice(4)) {
        case 0:
                return json_integer((json_int_t) ((uint64_t) old + 1));
        case 1:
                return json_integer((json_int_t) ((uint64_t) old - 1));
        case 2:
                return json_integer((json_int_t) ((uint64_t) old ^ (UINT64_C(1) << dice(64))));
        default:
                return json_integer(edges[dice(ELEMENTSOF(edges))]);
        }
}

static json_t *new_string(const char *old) {
        char text[300];
        size_t n;

        if (dice(2) == 0)
                return json_string(words[dice(ELEMENTSOF(words))]);
        n = MIN(strlen(old), sizeof(text) - 1);
        memcpy(text, old, n);
        n = LLVMFuzzerMutate((uint8_t *) text, n, sizeof(text) - 1);
        return json_stringn(text, n) ?: json_string(""); /* no UTF-8 */
}

static json_t *new_value(void) {
        switch (dice(9)) {
        case 0:
                return json_null();
        case 1:
                return json_true();
        case 2:
                return json_false();
        case 3:
                return json_real(0.5);
        case 4:
                return json_array();
        case 5:
                return json_object();
        case 6:
                return new_number(0);
        default:
                return new_string("");
        }
}

static void change_object(json_t *object, json_t *top) {
        const char *key = words[dice(ELEMENTSOF(words))];
        size_t n = 0, nth = dice(json_object_size(object));
        Spot other = pick(top), old = {};

        if (dice(3) > 0) {
                (void) json_object_set_new(object, key, dice(2) ? json_deep_copy(other.value) : new_value());
                return;
        }
        /* A value under another name. */
        json_object_foreach(object, old.key, old.value)
                if (n++ == nth)
                        break;
        if (old.key && old.value) {
                json_object_set(object, key, old.value);
                json_object_del(object, old.key);
        }
}

static void change_array(json_t *array, json_t *top) {
        size_t n = json_array_size(array);
        Spot other = pick(top);

        switch (dice(4)) {
        case 0:
                (void) json_array_remove(array, dice(n));
                break;
        case 1: /* many of one */
                for (unsigned i = dice(dice(8) == 0 ? 400 : 4); n > 0 && i > 0; i--)
                        (void) json_array_append_new(array, json_deep_copy(json_array_get(array, dice(n))));
                break;
        case 2:
                (void) json_array_insert_new(array, dice(n + 1), json_deep_copy(other.value));
                break;
        default:
                (void) json_array_append_new(array, new_value());
        }
}

static void change(json_t *top) {
        Spot spot = pick(top);

        if (dice(12) == 0) {
                put(&spot, new_value());
                return;
        }
        if (dice(12) == 0) {
                Spot other = pick(top);

                put(&spot, json_deep_copy(other.value));
                return;
        }
        if (spot.key && dice(8) == 0) {
                json_object_del(spot.parent, spot.key);
                return;
        }
        if (json_is_object(spot.value))
                change_object(spot.value, top);
        else if (json_is_array(spot.value))
                change_array(spot.value, top);
        else if (json_is_integer(spot.value))
                put(&spot, new_number(json_integer_value(spot.value)));
        else if (json_is_string(spot.value))
                put(&spot, new_string(json_string_value(spot.value)));
        else
                put(&spot, new_value());
}

static json_t *load(const uint8_t *data, size_t size) {
        json_t *document = json_loadb((const char *) data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        return document ? json_pack("[o]", document) : NULL;
}

/* Frees top. 0 where it does not fit. */
static size_t store(json_t *top, uint8_t *data, size_t max_size) {
        size_t n = json_dumpb(json_array_get(top, 0), (char *) data, max_size, JSON_COMPACT | JSON_ENCODE_ANY);

        json_decref(top);
        return n <= max_size ? n : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
        _cleanup_free_ uint8_t *copy = NULL;
        json_t *top;
        size_t n;

        state = seed;
        top = dice(6) == 0 ? NULL : load(data, size);
        if (!top)
                return LLVMFuzzerMutate(data, size, max_size);
        for (unsigned i = 1 + dice(3); i > 0; i--)
                change(top);
        copy = malloc(max_size);
        promise(copy);
        n = store(top, copy, max_size);
        memcpy(data, copy, n);
        return n ?: size;
}

/* One value of the other's in place of one of this. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size, uint8_t *ret,
                                 size_t max_size, unsigned seed) {
        json_t *a = load(one, one_size), *b = load(other, other_size);
        size_t n = 0;

        state = seed;
        if (a && b) {
                Spot to = pick(a), from = pick(b);

                put(&to, json_deep_copy(from.value));
                n = store(json_incref(a), ret, max_size);
        }
        json_decref(a);
        json_decref(b);
        return n;
}
