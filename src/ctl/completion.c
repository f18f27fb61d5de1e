/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "completion.h"

static const Option *find_long(const Option *table, const char *name, size_t n) {
        for (; table && table->name; table++)
                if (strlen(table->name) == n && strncmp(table->name, name, n) == 0)
                        return table;
        return NULL;
}

static const Option *find_short(const Option *table, char letter) {
        for (; table && table->name; table++)
                if (table->code == letter)
                        return table;
        return NULL;
}

/* The option that a word such as "--lines" or "-qn" ends with, where its value is the
 * next word; else NULL. */
static const Option *waits_for_value(const Verb *verb, const char *word) {
        const Option *own = verb ? verb->options : NULL;
        const Option *o = NULL;

        if (startswith(word, "--")) {
                o = find_long(own, word + 2, strlen(word + 2)) ?: find_long(options_common, word + 2, strlen(word + 2));
                return o && o->metavar ? o : NULL;
        }
        for (const char *p = word + 1; *p; p++) {
                o = find_short(own, *p) ?: find_short(options_common, *p);
                if (!o)
                        return NULL;
                if (o->metavar)
                        return p[1] ? NULL : o; /* else the value is behind it */
        }
        return NULL;
}

static bool names_host(const char *word) {
        return startswith(word, "--host") || startswith(word, "-H");
}

static const Verb *find_verb(const Verb *const *table, const char *group, const char *word) {
        for (; *table; table++) {
                const char *second = group ? startswith((*table)->name, group) : NULL;

                if (group ? second && *second == ' ' && streq(second + 1, word) : streq((*table)->name, word))
                        return *table;
        }
        return NULL;
}

static bool is_group(const Verb *const *table, const char *word) {
        for (; *table; table++) {
                const char *rest = startswith((*table)->name, word);

                if (rest && *rest == ' ')
                        return true;
        }
        return false;
}

/* The n-th word of a usage, where brackets and dots are not looked at and what is
 * about options is left out. The last one stands for all that follow if it has dots. */
static bool usage_word(const char *usage, size_t n, char *ret, size_t size) {
        bool many = false;

        *ret = 0;
        while (*(usage += strspn(usage, " "))) {
                size_t end = strcspn(usage, " "), k = 0;
                char word[64];

                if (end >= sizeof(word) || end >= size)
                        break;
                many = false;
                for (size_t i = 0; i < end; i++)
                        if (strncmp(usage + i, "…", strlen("…")) == 0) {
                                many = true;
                                i += strlen("…") - 1;
                        } else if (!strchr("[]", usage[i]))
                                word[k++] = usage[i];
                word[k] = 0;
                usage += end;
                if (k == 0 || word[0] == '-' || streq(word, "OPTIONS"))
                        continue;
                snprintf(ret, size, "%s", word);
                if (n-- == 0)
                        return true;
        }
        if (!many)
                *ret = 0;
        return many;
}

/* "--state=run": what is being written is a value. */
static bool is_value_of_word(Completion *c, const char *word) {
        const char *equals = strchr(word, '=');
        size_t n;

        if (!startswith(word, "--") || !equals)
                return false;
        n = (size_t) (equals - word) - 2;
        c->option = find_long(c->verb ? c->verb->options : NULL, word + 2, n) ?: find_long(options_common, word + 2, n);
        c->kind = c->option && c->option->metavar ? COMPLETION_VALUE : COMPLETION_NOTHING;
        c->typed = equals + 1;
        snprintf(c->prefix, sizeof(c->prefix), "%.*s", (int) (n + 3), word);
        return true;
}

void completion_find(const Verb *const *table, char *const *words, Completion *ret) {
        const Option *waiting = NULL;
        bool options_over = false;
        Completion c = {};
        size_t n = 0; /* words of the verb so far */

        if (!words[0]) {
                *ret = c;
                return;
        }
        for (; words[1]; words++) {
                const char *word = words[0];

                if (waiting)
                        waiting = NULL;
                else if (!options_over && streq(word, "--"))
                        options_over = true;
                else if (!options_over && word[0] == '-' && word[1]) {
                        waiting = waits_for_value(c.verb, word);
                        c.elsewhere = c.elsewhere || names_host(word);
                } else if (c.verb)
                        n++;
                else {
                        c.verb = find_verb(table, c.group, word);
                        if (!c.verb && !c.group && is_group(table, word))
                                c.group = word;
                        else if (!c.verb) { /* there is no such verb */
                                *ret = (Completion){};
                                return;
                        }
                }
        }

        const char *usage = c.verb ? c.verb->words ?: c.verb->usage : "";

        c.typed = words[0];
        if (waiting) {
                c.kind = COMPLETION_VALUE;
                c.option = waiting;
        } else if (usage_word(usage, n, c.word, sizeof(c.word)) && streq(c.word, "COMMAND") && n > 1)
                c.kind = COMPLETION_NOTHING; /* a command's own words, options too */
        else if (!options_over && is_value_of_word(&c, words[0]))
                ;
        else if (!options_over && words[0][0] == '-')
                c.kind = COMPLETION_OPTION;
        else if (!c.verb)
                c.kind = COMPLETION_VERB;
        else
                c.kind = *c.word ? COMPLETION_WORD : COMPLETION_NOTHING;
        *ret = c;
}

bool completion_matches(const Completion *c, const char *candidate) {
        return startswith(candidate, c->typed);
}
