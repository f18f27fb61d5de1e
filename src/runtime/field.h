/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Fields of JSON objects, with the type they must have.
 *
 * Each takes the object and where the field stands ("process.user.uid"): what
 * follows the last dot is its key, the whole is for the error. A field that is
 * absent or null leaves *ret untouched; one of the wrong type is an error.
 * Strings are borrowed: they live as long as the document.
 */

#include <jansson.h>

#include "arena.h"
#include "error.h"
#include "macro.h"

/* Parses a document; numbers up to UINT64_MAX keep their value. what: the name
 * of the file, for the error. */
json_t *field_load(const char *text, size_t size, const char *what, Error *error);

int field_string(const json_t *object, const char *where, const char **ret, Error *error);
int field_bool(const json_t *object, const char *where, bool *ret, Error *error);
int field_u64(const json_t *object, const char *where, uint64_t max, uint64_t *ret, Error *error);
int field_u32(const json_t *object, const char *where, uint32_t *ret, Error *error);
int field_i64(const json_t *object, const char *where, int64_t min, int64_t max, int64_t *ret, Error *error);

/* An object or array, NULL where absent. */
int field_object(const json_t *object, const char *where, const json_t **ret, Error *error);
int field_array(const json_t *object, const char *where, const json_t **ret, Error *error);

/* A list of strings, NULL-terminated, from the arena; untouched where absent. */
int field_strv(const json_t *object, const char *where, Arena *arena, char *const **ret, Error *error);

int field_missing(const char *where, Error *error);
int field_invalid(const char *where, const char *what, Error *error);
