/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sets of small numbers, as the kernel has them of processors and memory nodes:
 * a bit each, in long words; and as text, "0-3,7" (cpuset(7), "List format").
 */

#include "macro.h"

#define NUMBER_SET_MAX 8192 /* CONFIG_NR_CPUS of the largest kernels; nodes are at most 1024 */
#define NUMBER_SET_BITS (8 * sizeof(unsigned long))

typedef struct NumberSet {
        unsigned long bits[NUMBER_SET_MAX / NUMBER_SET_BITS];
        size_t n; /* the highest number and one; 0: empty */
} NumberSet;

/* Reads a list of numbers and ranges, blanks allowed around commas. -EINVAL where
 * it has no such form or is empty, -ERANGE past NUMBER_SET_MAX. */
int number_set_parse(const char *s, NumberSet *ret);

/* All numbers there can be. */
void number_set_fill(NumberSet *set);

static inline bool number_set_has(const NumberSet *set, size_t i) {
        return i < set->n && (set->bits[i / NUMBER_SET_BITS] >> (i % NUMBER_SET_BITS) & 1);
}

/* Bytes of the words that the kernel has to be told of. */
static inline size_t number_set_size(const NumberSet *set) {
        return (set->n + NUMBER_SET_BITS - 1) / NUMBER_SET_BITS * sizeof(unsigned long);
}
