/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "parse.h"
#include "setting-row.h"
#include "strv.h"

/* A failed start tells every user of the bus why: what may hold a password is not
 * in it. */
int setting_refuse(const SettingRow *row, const char *value, Error *error) {
        if (row->secret)
                return error_set(error, EINVAL, "InvalidSettings", "%s= is not valid: %s", row->key, row->expected);
        return error_set(error, EINVAL, "InvalidSettings", "%s=%.200s is not valid: %s", row->key, value, row->expected);
}

int setting_parse_boolean(const SettingRow *row, void *field, const char *value, Error *error) {
        int r = parse_bool(value);

        if (r < 0)
                return setting_refuse(row, value, error);
        *(bool *) field = r;
        return 0;
}

void setting_reset_boolean(const SettingRow *row, void *field) {
        *(bool *) field = row->initial;
}

int setting_format_boolean(const SettingRow *row, const void *field, char ***values) {
        bool b = *(const bool *) field;

        return b == (bool) row->initial ? 0 : strv_extend(values, b ? "yes" : "no");
}

void setting_reset_number(const SettingRow *row, void *field) {
        *(uint64_t *) field = row->initial;
}

static int parse_range(const SettingRow *row, void *field, const char *value, int (*parse)(const char *, uint64_t *),
                       Error *error) {
        uint64_t v;

        if (parse(value, &v) < 0 || v < row->minimum || (row->maximum && v > row->maximum))
                return setting_refuse(row, value, error);
        *(uint64_t *) field = v;
        return 0;
}

int setting_parse_time(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_range(row, field, value, parse_usec, error);
}

int setting_parse_bytes(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_range(row, field, value, parse_size, error);
}

static int number_or_infinity(const char *value, uint64_t *ret) {
        if (streq(value, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        return parse_uint_max(value, UINT64_MAX - 1, ret);
}

int setting_parse_number(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_range(row, field, value, number_or_infinity, error);
}

static int percent(const char *value, uint64_t *ret) {
        size_t n = strlen(value);
        char digits[16];
        uint64_t v;
        int r;

        if (n < 2 || n > sizeof(digits) || value[n - 1] != '%')
                return -EINVAL;
        memcpy(digits, value, n - 1);
        digits[n - 1] = 0;
        r = parse_uint_max(digits, 1000000, &v);
        if (r < 0)
                return r;
        *ret = v * 10000;
        return 0;
}

int setting_parse_percent(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_range(row, field, value, percent, error);
}

static int format_number_with(const SettingRow *row, const void *field, char ***values, const char *unit, uint64_t divisor) {
        uint64_t v = *(const uint64_t *) field;

        if (v == row->initial)
                return 0;
        if (v == UINT64_MAX)
                return strv_extend(values, "infinity");
        return strv_extendf(values, "%llu%s", (unsigned long long) (v / divisor), unit);
}

int setting_format_number(const SettingRow *row, const void *field, char ***values) {
        return format_number_with(row, field, values, "", 1);
}

int setting_format_time(const SettingRow *row, const void *field, char ***values) {
        uint64_t v = *(const uint64_t *) field;

        return v % USEC_PER_SEC == 0 ? format_number_with(row, field, values, "s", USEC_PER_SEC)
                                     : format_number_with(row, field, values, "us", 1);
}

int setting_format_percent(const SettingRow *row, const void *field, char ***values) {
        return format_number_with(row, field, values, "%", 10000);
}
