/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The text of a file of settings, as systemd.syntax(7) has it: sections, assignments,
 * comments, lines that go on. What may stand in it is a table's.
 */

#include "setting-row.h"

typedef struct SettingTable {
        const SettingRow *rows;
        size_t n;
        const char *page; /* of the manual, that lists them all */
} SettingTable;

/* section: NULL for any; keys are unique over all sections. NULL: there is none. */
const SettingRow *setting_table_find(const SettingTable *table, const char *section, const char *key);

/* The error for a key that there is not, with the one that may be meant. */
int setting_table_refuse(const SettingTable *table, const char *section, const char *key, Error *error);

/* An assignment; value may be empty: back to the default. */
typedef int (*SettingTake)(const SettingRow *row, const char *value, void *userdata, Error *error);

/* What is wrong in one line. */
typedef void (*SettingComplain)(const Error *error, void *userdata);

/* Goes through the text. Errors name path, which is only shown, and line. complain: takes
 * them, and the line is as if it were not there; NULL: the first ends it. */
int setting_text_parse(const SettingTable *table, const char *text, const char *path, SettingTake take, SettingComplain complain,
                       void *userdata, Error *error);

/* Cuts blanks off both ends, in place. */
char *setting_strip(char *s);
