/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "setting-text.h"

const SettingRow *setting_table_find(const SettingTable *table, const char *section, const char *key) {
        for (size_t i = 0; i < table->n; i++)
                if (streq(table->rows[i].key, key) && (!section || streq(table->rows[i].section, section)))
                        return &table->rows[i];
        return NULL;
}

static bool section_exists(const SettingTable *table, const char *section) {
        for (size_t i = 0; i < table->n; i++)
                if (streq(table->rows[i].section, section))
                        return true;
        return false;
}

/* The number of single-character edits between two keys, ignoring case: for the
 * hint when somebody misspells one. */
static size_t edit_distance(const char *a, const char *b) {
        size_t row[64], n = strlen(b);

        if (n >= ELEMENTSOF(row))
                return SIZE_MAX;
        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 1; *a; a++, i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        size_t same = diagonal + ((*a | 0x20) != (b[j - 1] | 0x20));

                        diagonal = row[j];
                        row[j] = MIN(row[j], row[j - 1]) + 1;
                        row[j] = MIN(row[j], same);
                }
        }
        return row[n];
}

int setting_table_refuse(const SettingTable *table, const char *section, const char *key, Error *error) {
        const SettingRow *elsewhere = setting_table_find(table, NULL, key), *nearest = NULL;
        size_t least = 4;

        if (elsewhere)
                return error_set(error, EINVAL, "InvalidSettings", "%s= belongs into section [%s], not [%s]", key,
                                 elsewhere->section, section);
        for (size_t i = 0; i < table->n; i++) {
                size_t d = edit_distance(key, table->rows[i].key);

                if (d < least) {
                        least = d;
                        nearest = &table->rows[i];
                }
        }
        if (nearest)
                return error_set(error, EINVAL, "InvalidSettings", "there is no setting %.64s=: did you mean %s=?", key,
                                 nearest->key);
        return error_set(error, EINVAL, "InvalidSettings", "there is no setting %.64s=: %s lists them all", key, table->page);
}

/* Cuts blanks off both ends, in place. */
char *setting_strip(char *s) {
        s += strspn(s, " \t\r");
        for (size_t n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]); n--)
                s[n - 1] = 0;
        return s;
}

typedef struct Reader {
        const SettingTable *table;
        const char *section; /* the last header; NULL before the first */
        SettingTake take;
        void *userdata;
} Reader;

/* One logical line. */
static int parse_line(Reader *reader, char *line, Error *error) {
        const SettingRow *row;
        const char *key;

        line = setting_strip(line);
        size_t n = strlen(line);

        if (n == 0 || *line == '#' || *line == ';')
                return 0;

        if (*line == '[') {
                if (line[n - 1] != ']')
                        return error_set(error, EINVAL, "InvalidSettings", "a section header must end with \"]\"");
                line[n - 1] = 0;
                reader->section = line + 1;
                return section_exists(reader->table, reader->section)
                               ? 0
                               : error_set(error, EINVAL, "InvalidSettings", "there is no section [%.64s]: %s lists them all",
                                           reader->section, reader->table->page);
        }

        char *equal = strchr(line, '=');
        if (!equal)
                return error_set(error, EINVAL, "InvalidSettings", "\"%.64s\" is no assignment: write KEY=VALUE", line);
        if (!reader->section)
                return error_set(error, EINVAL, "InvalidSettings", "an assignment stands before the first section header");
        *equal = 0;
        key = setting_strip(line);
        row = setting_table_find(reader->table, reader->section, key);
        return row ? reader->take(row, setting_strip(equal + 1), reader->userdata, error)
                   : setting_table_refuse(reader->table, reader->section, key, error);
}

static bool is_comment(const char *line) {
        line += strspn(line, " \t\r");
        return *line == '#' || *line == ';';
}

/* A line goes on with the next where its last backslash is not itself escaped. */
static bool is_continued(const char *line) {
        size_t n = strlen(line), k = 0;

        while (k < n && line[n - 1 - k] == '\\')
                k++;
        return k % 2 == 1;
}

/* Cuts the next logical line off *next: lines that end in a backslash are joined
 * with the one that follows, a blank between. Comments neither go on nor end what
 * they stand in: systemd.syntax(7). NULL at the end of the text. */
static char *next_line(char **next, size_t *number) {
        char *logical = NULL, *end = NULL;

        while (*next) {
                char *line = strsep(next, "\n");

                (*number)++;
                if (is_comment(line)) {
                        if (logical)
                                continue;
                        return line;
                }
                /* What was skipped between the pieces leaves a hole: close it. */
                if (!logical)
                        logical = end = line;
                else
                        memmove(end, line, strlen(line) + 1);
                if (!is_continued(end))
                        return logical;
                end += strlen(end);
                end[-1] = ' ';
        }
        return logical;
}

int setting_text_parse(const SettingTable *table, const char *text, const char *path, SettingTake take, SettingComplain complain,
                       void *userdata, Error *error) {
        _cleanup_free_ char *copy = strdup(text);
        Reader reader = { .table = table, .take = take, .userdata = userdata };
        size_t number = 0, first = 1;
        char *next = copy, *line;

        if (!copy)
                return -ENOMEM;

        for (; (line = next_line(&next, &number)); first = number + 1) {
                _cleanup_error_ Error cause = ERROR_INIT;
                int r = parse_line(&reader, line, &cause);

                if (r >= 0)
                        continue;
                error_prefix(&cause, "%s:%zu", path, first);
                if (complain && error_is_set(&cause))
                        complain(&cause, userdata);
                else
                        return error_is_set(&cause) ? error_move(error, &cause) : r;
        }
        return 0;
}
