/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One row of a table of settings, and the kinds of values that tables share. */

#include "error.h"
#include "macro.h"

typedef struct SettingRow SettingRow;

/* Who wrote a fragment. A key that asks for more than the writer has is an
 * error; a row that says nothing is for administrators alone. */
typedef enum SettingTrust {
        TRUST_ADMIN, /* files below /etc, authorised callers of the bus */
        TRUST_PROFILE, /* a profile, by administrators too: not what a container alone can be */
        TRUST_IMAGE, /* a fragment that came with an image: harmless keys only (CVE-2026-40226) */
} SettingTrust;

struct SettingRow {
        const char *section;
        const char *key;
        size_t offset, size; /* of the field in the struct that the table is of */
        /* Parses a whole, non-empty value into the field. Lists append. */
        int (*parse)(const SettingRow *row, void *field, const char *value, Error *error);
        /* Appends each assignment's text; nothing for an unset field. */
        int (*format)(const SettingRow *row, const void *field, char ***values);
        void (*reset)(const SettingRow *row, void *field); /* back to the default */
        bool is_list;
        SettingTrust trust; /* TRUST_ADMIN unless the row says otherwise */
        bool owners; /* an owner of the container may set it: it asks for nothing that root inside has not got */
        bool of_one; /* one container's, so in no profile */
        bool secret; /* the value is never shown in an error */
        uint64_t initial;   /* default of numbers, enums and booleans */
        uint64_t minimum, maximum; /* maximum 0: infinity */
        const char *(*word)(int value); /* of enums, by number from 0; NULL past the last */
        const char *expected; /* for errors: "what would be right" */
        const char *summary;
};

/* The error for a value that the row does not take. */
int setting_refuse(const SettingRow *row, const char *value, Error *error);

/* bool */
int setting_parse_boolean(const SettingRow *row, void *field, const char *value, Error *error);
int setting_format_boolean(const SettingRow *row, const void *field, char ***values);
void setting_reset_boolean(const SettingRow *row, void *field);

/* uint64_t: numbers, microseconds, bytes, and percent in millionths; UINT64_MAX is
 * "infinity". */
int setting_parse_number(const SettingRow *row, void *field, const char *value, Error *error);
int setting_parse_time(const SettingRow *row, void *field, const char *value, Error *error);
int setting_parse_bytes(const SettingRow *row, void *field, const char *value, Error *error);
int setting_parse_percent(const SettingRow *row, void *field, const char *value, Error *error);
int setting_format_number(const SettingRow *row, const void *field, char ***values);
int setting_format_time(const SettingRow *row, const void *field, char ***values);
int setting_format_percent(const SettingRow *row, const void *field, char ***values);
void setting_reset_number(const SettingRow *row, void *field);

#define SETTING_BOOLEAN \
        .parse = setting_parse_boolean, .format = setting_format_boolean, .reset = setting_reset_boolean, .expected = "say yes or no"
#define SETTING_NUMBER .parse = setting_parse_number, .format = setting_format_number, .reset = setting_reset_number
#define SETTING_TIME .parse = setting_parse_time, .format = setting_format_time, .reset = setting_reset_number
#define SETTING_BYTES .parse = setting_parse_bytes, .format = setting_format_number, .reset = setting_reset_number
#define SETTING_PERCENT .parse = setting_parse_percent, .format = setting_format_percent, .reset = setting_reset_number
