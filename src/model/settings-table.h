/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one table of settings, for settings.c alone. */

#include "settings.h"

typedef struct SettingRow SettingRow;

struct SettingRow {
        const char *section;
        const char *key;
        size_t offset; /* into Settings */
        /* Parses a whole, non-empty value into the field. Lists append. */
        int (*parse)(const SettingRow *row, void *field, const char *value, Error *error);
        /* Appends each assignment's text; nothing for an unset field. */
        int (*format)(const SettingRow *row, const void *field, char ***values);
        void (*reset)(const SettingRow *row, void *field); /* back to the default */
        bool is_list;
        SettingTrust trust; /* TRUST_ADMIN unless the row says otherwise */
        bool secret; /* the value is never shown in an error */
        uint64_t initial;   /* default of numbers, enums and booleans */
        uint64_t minimum, maximum; /* maximum 0: infinity */
        const char *(*word)(int value); /* of enums, by number from 0; NULL past the last */
        const char *expected; /* for errors: "what would be right" */
        const char *summary;
};

extern const SettingRow settings_table[];
extern const size_t settings_table_size;
