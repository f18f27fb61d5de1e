/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A map from strings to pointers, in the order of insertion when walked over.
 * Keys are borrowed: they must live as long as their entry (they are part of
 * the value). Removing while walking is fine.
 */

#include "macro.h"

typedef struct MapEntry {
        const char *key; /* NULL: a removed entry */
        void *value;
} MapEntry;

typedef struct Map {
        MapEntry *entries; /* in order of insertion, with holes */
        size_t n_entries, n_room, n_used;
        uint32_t *buckets; /* index + 1 into entries; 0: empty, UINT32_MAX: removed */
        size_t n_buckets;  /* a power of two, or 0 */
} Map;

void map_clear(Map *map);
size_t map_size(const Map *map);
void *map_get(const Map *map, const char *key);
/* -EEXIST where the key is there already. */
int map_put(Map *map, const char *key, void *value);
/* Returns the value, NULL where there was none. */
void *map_remove(Map *map, const char *key);

/* Walks: *i begins at 0. Returns the next value, NULL at the end. */
void *map_next(const Map *map, size_t *i);

#define MAP_FOREACH(v, map) \
        for (size_t v##_i = 0; ((v) = map_next((map), &v##_i));)
