/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "show.h"
#include "strv.h"
#include "table.h"

bool show_is_wanted(const Show *s, const char *name) {
        return strv_length(s->wanted) == 0 || strv_contains(s->wanted, name);
}

void show_value(const char *text) {
        for (; *text; text++)
                putchar((unsigned char) *text < ' ' || *text == 0x7f ? '?' : *text);
        putchar('\n');
}

/* One row with a column each: an object in JSON. */
int show_json(const Ctl *ctl, const Show *s, const Object *o, Error *error) {
        _cleanup_(table_freep) Table *t = NULL;
        _cleanup_free_ Column *columns = calloc(o->n + 1, sizeof(*columns));
        _cleanup_free_ const Property **shown = calloc(o->n + 1, sizeof(*shown));
        size_t n = 0;
        int r;

        if (!columns || !shown)
                return error_set_errno(error, ENOMEM, "Cannot print the properties");
        for (size_t i = 0; i < o->n; i++) {
                const Property *p = &o->properties[i];

                if (!show_is_wanted(s, p->name))
                        continue;
                columns[n].name = p->name;
                columns[n].kind = p->type == 'a' ? COLUMN_LIST : p->type == 'b' ? COLUMN_BOOLEAN
                                  : p->type && strchr("ynqiuxt", p->type)      ? COLUMN_NUMBER
                                                                               : COLUMN_TEXT;
                shown[n++] = p;
        }
        r = table_new(&t, ctl, columns, error);
        if (r < 0)
                return r;
        table_set_single(t);
        r = table_add_row(t);
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (columns[i].kind == COLUMN_LIST)
                        r = table_set_list(t, i, shown[i]->list);
                else
                        r = table_set(t, i, shown[i]->text);
        return r < 0 ? error_set_errno(error, r, "Cannot print the properties") : table_print(t, error);
}

int show_object(Ctl *ctl, const Show *s, const char *path, const char *interface, Error *error) {
        _cleanup_(object_clear) Object o = {};
        int r = object_read(ctl, path, interface, &o, error);

        if (r < 0)
                return r;
        STRV_FOREACH(w, s->wanted)
                if (!object_get(&o, *w))
                        return error_set(error, EINVAL, NULL, "%s has no property %.100s: see org.ctrd1(5)", s->what, *w);
        if (ctl->json)
                return show_json(ctl, s, &o, error);
        for (size_t i = 0; i < o.n; i++) {
                const Property *p = &o.properties[i];

                if (!show_is_wanted(s, p->name))
                        continue;
                if (!s->value_only)
                        printf("%s=", p->name);
                show_value(p->text);
        }
        return 0;
}
