/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "map.h"

#define REMOVED UINT32_MAX

static size_t hash(const char *key) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (; *key; key++)
                h = (h ^ (uint8_t) *key) * UINT64_C(0x100000001b3);
        return (size_t) (h ^ (h >> 32));
}

void map_clear(Map *map) {
        free(map->entries);
        free(map->buckets);
        *map = (Map){};
}

size_t map_size(const Map *map) {
        return map->n_used;
}

/* The bucket that holds the key, or NULL. */
static uint32_t *find(const Map *map, const char *key) {
        if (map->n_buckets == 0)
                return NULL;
        for (size_t i = hash(key);; i++) {
                uint32_t *b = &map->buckets[i & (map->n_buckets - 1)];

                if (*b == 0)
                        return NULL;
                if (*b != REMOVED && streq(map->entries[*b - 1].key, key))
                        return b;
        }
}

void *map_get(const Map *map, const char *key) {
        uint32_t *b = find(map, key);

        return b ? map->entries[*b - 1].value : NULL;
}

static void insert_bucket(Map *map, uint32_t index) {
        for (size_t i = hash(map->entries[index].key);; i++) {
                uint32_t *b = &map->buckets[i & (map->n_buckets - 1)];

                if (*b == 0 || *b == REMOVED) {
                        *b = index + 1;
                        return;
                }
        }
}

/* Room for one more: closes the holes and builds the buckets anew, twice as
 * many as entries at least, so that an empty one is always found soon. */
static int grow(Map *map) {
        size_t room = MAX(map->n_used * 2, (size_t) 16), n = 0;
        MapEntry *entries = calloc(room, sizeof(MapEntry));
        uint32_t *buckets = calloc(room * 4, sizeof(uint32_t));

        if (!entries || !buckets) {
                free(entries);
                free(buckets);
                return -ENOMEM;
        }
        for (size_t i = 0; i < map->n_entries; i++)
                if (map->entries[i].key)
                        entries[n++] = map->entries[i];

        size_t buckets_wanted = 16;
        while (buckets_wanted < room * 2)
                buckets_wanted *= 2;

        free(map->entries);
        free(map->buckets);
        map->entries = entries;
        map->n_entries = n;
        map->n_room = room;
        map->buckets = buckets;
        map->n_buckets = buckets_wanted;
        for (size_t i = 0; i < n; i++)
                insert_bucket(map, (uint32_t) i);
        return 0;
}

int map_put(Map *map, const char *key, void *value) {
        int r;

        if (map_get(map, key))
                return -EEXIST;
        if (map->n_entries >= map->n_room) {
                r = grow(map);
                if (r < 0)
                        return r;
        }
        map->entries[map->n_entries] = (MapEntry){ key, value };
        insert_bucket(map, (uint32_t) map->n_entries++);
        map->n_used++;
        return 0;
}

void *map_remove(Map *map, const char *key) {
        uint32_t *b = find(map, key);

        if (!b)
                return NULL;

        MapEntry *e = &map->entries[*b - 1];
        void *value = e->value;

        *e = (MapEntry){};
        *b = REMOVED;
        map->n_used--;
        return value;
}

void *map_next(const Map *map, size_t *i) {
        while (*i < map->n_entries) {
                MapEntry *e = &map->entries[(*i)++];

                if (e->key)
                        return e->value;
        }
        return NULL;
}
