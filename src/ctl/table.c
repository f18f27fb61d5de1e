/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <dlfcn.h>
#include <inttypes.h>
#include <jansson.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>

#include "strv.h"
#include "table.h"

/* What is used of the libraries; the prototypes are their headers'. */
#define SMARTCOLS "libsmartcols.so.1"
#define SMARTCOLS_SYMBOLS(X)             \
        X(scols_new_table)               \
        X(scols_unref_table)             \
        X(scols_table_enable_noheadings) \
        X(scols_table_new_column)        \
        X(scols_table_new_line)          \
        X(scols_line_set_data)           \
        X(scols_print_table)

#define JANSSON "libjansson.so.4"
#define JANSSON_SYMBOLS(X)        \
        X(json_array)             \
        X(json_array_append_new)  \
        X(json_array_get)         \
        X(json_delete)            \
        X(json_dumpf)             \
        X(json_false)             \
        X(json_integer)           \
        X(json_null)              \
        X(json_object)            \
        X(json_object_set_new)    \
        X(json_string)            \
        X(json_true)

#define DECLARE(name) static __typeof__(&name) sym_##name;
SMARTCOLS_SYMBOLS(DECLARE)
JANSSON_SYMBOLS(DECLARE)

struct Table {
        const Column *columns;
        bool single, compact;
        struct libscols_table *scols; /* for people … */
        struct libscols_line *line;
        json_t *rows; /* … or programs */
        json_t *row;
};

static int resolve(const char *library, const char *package, const char *const *names, void **const *symbols, size_t n,
                   Error *error) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

        if (!handle)
                return error_set(error, ENOENT, NULL, "The output needs %s, which cannot be loaded: install %s", library, package);
        for (size_t i = 0; i < n; i++) {
                *symbols[i] = dlsym(handle, names[i]);
                if (!*symbols[i])
                        return error_set(error, ENOENT, NULL, "%s is too old: it has no %s", library, names[i]);
        }
        return 0;
}

#define NAME(name) #name,
#define SYMBOL(name) (void **) &sym_##name,

static int load_smartcols(Error *error) {
        static const char *const names[] = { SMARTCOLS_SYMBOLS(NAME) };
        static void **const symbols[] = { SMARTCOLS_SYMBOLS(SYMBOL) };

        return resolve(SMARTCOLS, "libsmartcols1", names, symbols, ELEMENTSOF(names), error);
}

static int load_jansson(Error *error) {
        static const char *const names[] = { JANSSON_SYMBOLS(NAME) };
        static void **const symbols[] = { JANSSON_SYMBOLS(SYMBOL) };

        return resolve(JANSSON, "libjansson4", names, symbols, ELEMENTSOF(names), error);
}

static int no_memory(Error *error) {
        return error_set_errno(error, ENOMEM, "Cannot make a table");
}

static int new_scols(Table *t, const Ctl *ctl, Error *error) {
        int r = load_smartcols(error);

        if (r < 0)
                return r;
        setlocale(LC_CTYPE, ""); /* how wide characters are */
        t->scols = sym_scols_new_table();
        if (!t->scols)
                return no_memory(error);
        sym_scols_table_enable_noheadings(t->scols, ctl->no_legend);
        for (const Column *c = t->columns; c->name; c++) {
                char heading[64];
                size_t i;

                for (i = 0; c->name[i] && i < sizeof(heading) - 1; i++)
                        heading[i] = (char) toupper((unsigned char) c->name[i]);
                heading[i] = 0;
                if (!sym_scols_table_new_column(t->scols, heading, 0, c->kind == COLUMN_NUMBER ? SCOLS_FL_RIGHT : 0))
                        return no_memory(error);
        }
        return 0;
}

static int new_rows(Table *t, Error *error) {
        int r = load_jansson(error);

        if (r < 0)
                return r;
        t->rows = sym_json_array();
        return t->rows ? 0 : no_memory(error);
}

int table_new(Table **ret, const Ctl *ctl, const Column *columns, Error *error) {
        _cleanup_(table_freep) Table *t = calloc(1, sizeof(*t));
        int r;

        if (!t)
                return no_memory(error);
        t->columns = columns;
        r = ctl->json ? new_rows(t, error) : new_scols(t, ctl, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        if (t->scols)
                sym_scols_unref_table(t->scols);
        if (t->rows)
                sym_json_delete(t->rows);
        free(t);
        return NULL;
}

void table_set_single(Table *t) {
        t->single = true;
}

void table_set_line(Table *t) {
        t->single = t->compact = true;
}

int table_add_row(Table *t) {
        if (t->rows) {
                t->row = sym_json_object();
                /* The array takes it, and frees it where it cannot. */
                return sym_json_array_append_new(t->rows, t->row) < 0 ? -ENOMEM : 0;
        }
        t->line = sym_scols_table_new_line(t->scols, NULL);
        return t->line ? 0 : -ENOMEM;
}

/* Text that is no UTF-8 cannot stand in JSON: what is not ASCII becomes '?'. */
static json_t *new_string(const char *text) {
        json_t *j = sym_json_string(text);
        char *copy;

        if (j)
                return j;
        copy = strdup(text);
        for (char *p = copy; p && *p; p++)
                if ((unsigned char) *p >= 0x80)
                        *p = '?';
        j = copy ? sym_json_string(copy) : NULL;
        free(copy);
        return j;
}

static int set_json(Table *t, size_t column, json_t *value) {
        return value && sym_json_object_set_new(t->row, t->columns[column].name, value) >= 0 ? 0 : -ENOMEM;
}

static int set_line(Table *t, size_t column, const char *text) {
        _cleanup_free_ char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        for (char *p = copy; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = '?';
        return sym_scols_line_set_data(t->line, column, copy);
}

int table_set(Table *t, size_t column, const char *text) {
        if (!t->rows)
                return set_line(t, column, isempty(text) ? "-" : text); /* columns stay columns */
        if (isempty(text))
                return set_json(t, column, sym_json_null());
        switch (t->columns[column].kind) {
        case COLUMN_NUMBER:
                return set_json(t, column, sym_json_integer(strtoll(text, NULL, 10)));
        case COLUMN_BOOLEAN:
                return set_json(t, column, streq(text, "yes") ? sym_json_true() : sym_json_false());
        default:
                return set_json(t, column, new_string(text));
        }
}

int table_set_number(Table *t, size_t column, uint64_t number) {
        char text[24];

        if (t->rows)
                /* Jansson has no unsigned ones; UINT64_MAX stands for "no limit". */
                return set_json(t, column, number > INT64_MAX ? sym_json_null() : sym_json_integer((json_int_t) number));
        snprintf(text, sizeof(text), "%" PRIu64, number);
        return set_line(t, column, text);
}

int table_set_list(Table *t, size_t column, char *const *list) {
        _cleanup_free_ char *text = NULL;
        json_t *array;

        if (!t->rows) {
                text = list ? strv_join(list, ", ") : NULL;
                return table_set(t, column, text);
        }
        array = sym_json_array();
        STRV_FOREACH(s, list)
                if (!array || sym_json_array_append_new(array, new_string(*s)) < 0) {
                        if (array)
                                sym_json_delete(array);
                        return -ENOMEM;
                }
        return set_json(t, column, array);
}

int table_print(Table *t, Error *error) {
        const json_t *what;
        int r;

        if (!t->rows) {
                r = sym_scols_print_table(t->scols);
                return r < 0 ? error_set_errno(error, r, "Cannot print the table") : 0;
        }
        what = t->single ? sym_json_array_get(t->rows, 0) : t->rows;
        if (!what || sym_json_dumpf(what, stdout, t->compact ? JSON_COMPACT : JSON_INDENT(2)) < 0)
                return error_set(error, EIO, NULL, "Cannot write the output");
        putchar('\n');
        return 0;
}
