/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "capture.h"
#include "manager.h"
#include "strv.h"
#include "template-query.h"

#define CALLERS_MAX 256

typedef struct Caller {
        TemplateAnswer answer;
        void *userdata;
} Caller;

typedef struct Entry {
        TemplateQuery *query;
        Capture *capture;
        char *name;
} Entry;

struct TemplateQuery {
        Manager *manager;
        Caller callers[CALLERS_MAX];
        size_t n_callers;
        Entry *entries;
        TemplateInfo *infos;
        size_t n, n_waiting;
};

/* Answers all who wait, and is gone. */
static void query_finish(TemplateQuery *query, bool good) {
        query->manager->templates = NULL;
        for (size_t i = 0; i < query->n_callers; i++)
                query->callers[i].answer(good ? query->infos : NULL, good ? query->n : 0, query->callers[i].userdata);
        for (size_t i = 0; i < query->n; i++) {
                capture_free(query->entries[i].capture);
                template_info_clear(&query->infos[i]);
                free(query->entries[i].name);
        }
        free(query->entries);
        free(query->infos);
        free(query);
}

TemplateQuery *template_query_free(TemplateQuery *query) {
        if (query)
                query_finish(query, false);
        return NULL;
}

static void on_described(const char *text, void *userdata) {
        Entry *entry = userdata;
        TemplateQuery *query = entry->query;

        entry->capture = NULL;
        if (text)
                (void) template_parse_description(entry->name, text, &query->infos[entry - query->entries]);
        if (--query->n_waiting == 0)
                query_finish(query, true);
}

static void query_ask(TemplateQuery *query, const char *name) {
        Entry *entry = &query->entries[query->n];
        _cleanup_free_ char *program = NULL, *copy = NULL;

        if (template_find(name, &program, NULL) < 0 || !(copy = strdup(name)))
                return;
        if (capture_start(query->manager->event, (char *[]){ program, (char *) "describe", NULL }, TEMPLATE_DESCRIBE_USEC,
                          on_described, entry, &entry->capture) < 0)
                return;
        entry->query = query;
        entry->name = TAKE_PTR(copy);
        query->n++;
        query->n_waiting++;
}

static int query_begin(Manager *manager, TemplateQuery **ret) {
        _cleanup_strv_ char **names = NULL;
        TemplateQuery *query;
        int r;

        r = template_list(&names);
        if (r < 0)
                return r;
        query = calloc(1, sizeof(*query));
        if (!query)
                return -ENOMEM;
        query->manager = manager;
        query->entries = calloc(strv_length(names) + 1, sizeof(Entry));
        query->infos = calloc(strv_length(names) + 1, sizeof(TemplateInfo));
        if (!query->entries || !query->infos) {
                query_finish(query, false);
                return -ENOMEM;
        }
        STRV_FOREACH(name, names)
                query_ask(query, *name);
        *ret = query;
        return 0;
}

int template_query_join(Manager *manager, TemplateAnswer answer, void *userdata, Error *error) {
        TemplateQuery *query = manager->templates;
        int r;

        if (!query) {
                r = query_begin(manager, &query);
                if (r < 0)
                        return error_set_errno(error, r, "cannot ask the templates");
                manager->templates = query;
        }
        if (query->n_callers >= CALLERS_MAX)
                return error_set(error, EBUSY, "LimitsExceeded", "too many ask for the templates at once: try again later");
        query->callers[query->n_callers++] = (Caller){ answer, userdata };
        if (query->n_waiting == 0)
                query_finish(query, true);
        return 0;
}
