/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>

#include "arena.h"

#define CHUNK_SIZE ((size_t) 8192)
#define ALIGNMENT ((size_t) 16)

struct ArenaChunk {
        ArenaChunk *next;
        size_t size;
        char data[] __attribute__((aligned(16)));
};

void *arena_alloc(Arena *arena, size_t n, size_t size) {
        size_t bytes;

        if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
                return NULL;
        bytes = MAX((bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1), ALIGNMENT);

        if (!arena->chunks || arena->chunks->size - arena->used < bytes) {
                size_t room = MAX(bytes, CHUNK_SIZE - sizeof(ArenaChunk));
                ArenaChunk *chunk = calloc(1, sizeof(*chunk) + room);

                if (!chunk)
                        return NULL;
                chunk->size = room;
                chunk->next = arena->chunks;
                arena->chunks = chunk;
                arena->used = 0;
        }

        void *p = arena->chunks->data + arena->used;
        arena->used += bytes;
        return p;
}

char *arena_strdup(Arena *arena, const char *s) {
        size_t n = strlen(s) + 1;
        char *p = arena_alloc(arena, n, 1);

        return p ? memcpy(p, s, n) : NULL;
}

char *arena_printf(Arena *arena, const char *format, ...) {
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(NULL, 0, format, ap);
        va_end(ap);
        if (n < 0)
                return NULL;

        char *p = arena_alloc(arena, (size_t) n + 1, 1);
        if (!p)
                return NULL;
        va_start(ap, format);
        (void) vsnprintf(p, (size_t) n + 1, format, ap);
        va_end(ap);
        return p;
}

void arena_clear(Arena *arena) {
        for (ArenaChunk *chunk = arena->chunks; chunk;) {
                ArenaChunk *next = chunk->next;

                free(chunk);
                chunk = next;
        }
        *arena = (Arena){};
}
