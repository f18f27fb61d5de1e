/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Tables for people by libsmartcols, and with --json for programs by jansson.
 * Either is opened when the first table is printed: the verbs that must be quick
 * print none, and every library that is linked costs their start.
 */

#include "ctl.h"

typedef struct Table Table;

typedef enum ColumnKind {
        COLUMN_TEXT,
        COLUMN_NUMBER, /* to the right; a number in JSON */
        COLUMN_LIST,   /* an array in JSON */
        COLUMN_BOOLEAN,
} ColumnKind;

typedef struct Column {
        const char *name; /* JSON has it as it is, people see it in upper case */
        ColumnKind kind;
} Column;

/* columns: ends with {}, and must live as long. In JSON it is an array of an object
 * for each row. */
int table_new(Table **ret, const Ctl *ctl, const Column *columns, Error *error);
Table *table_free(Table *t);
DEFINE_CLEANUP(Table *, table_free)

/* One object instead of an array of them: the first row. JSON only. */
void table_set_single(Table *t);
/* That, on one line: for a stream of them. */
void table_set_line(Table *t);

int table_add_row(Table *t);
/* Fills a cell of the last row; NULL or "" leave it empty: a dash, or null. People
 * see '?' for control characters. */
int table_set(Table *t, size_t column, const char *text);
int table_set_number(Table *t, size_t column, uint64_t number);
int table_set_list(Table *t, size_t column, char *const *list);

int table_print(Table *t, Error *error);
