/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "json-list.h"
#include "macro.h"
#include "strv.h"

json_t *json_strings(char *const *l) {
        json_t *a = json_array();

        STRV_FOREACH(s, l)
                if (json_array_append_new(a, json_string(*s)) < 0) {
                        json_decref(a);
                        return NULL;
                }
        return a;
}

json_t *json_words(const char *text) {
        _cleanup_strv_ char **l = NULL;

        return strv_split(text, " ", &l) < 0 ? NULL : json_strings(l);
}
