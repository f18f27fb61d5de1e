/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory that lives as long as what it describes, and is freed in one go.
 */

#include "macro.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
        ArenaChunk *chunks;
        size_t used; /* of the first chunk */
} Arena;

/* Zeroed memory for n things of a size, or NULL. */
void *arena_alloc(Arena *arena, size_t n, size_t size);
char *arena_strdup(Arena *arena, const char *s);
char *arena_printf(Arena *arena, const char *format, ...) _printf_(2, 3);
void arena_clear(Arena *arena);

#define arena_new(arena, type, n) ((type *) arena_alloc(arena, (n), sizeof(type)))
