/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the completions of all shells ask: the words that can stand where the cursor
 * is, each with what it means. They know nothing of verbs and options themselves. */

#include <stdio.h>

#include "bus.h"
#include "completion.h"
#include "ctl.h"
#include "object.h"
#include "parse.h"
#include "settings.h"
#include "state.h"
#include "strv.h"

/* A line that is no word: names of files too, which the shell knows best. */
#define FILES ":files"

static void offer(const Completion *c, const char *word, const char *help) {
        if (completion_matches(c, word))
                printf("%s%s\t%s\n", c->prefix, word, strempty(help));
}

static void offer_list(const Completion *c, const char *words) {
        _cleanup_strv_ char **list = NULL;

        if (strv_split(words, " ", &list) >= 0)
                STRV_FOREACH(word, list)
                        offer(c, *word, NULL);
}

static void offer_options(const Completion *c, const Option *table) {
        for (; table && table->name; table++) {
                char text[64];

                snprintf(text, sizeof(text), "--%s", table->name);
                offer(c, text, table->help);
        }
}

static void offer_verbs(const Completion *c) {
        const char *last = "";

        for (const Verb *const *v = verbs; *v; v++) {
                const char *second = strchr((*v)->name, ' '), *rest = c->group ? startswith((*v)->name, c->group) : NULL;
                char group[64];

                if (!(*v)->summary)
                        continue;
                if (c->group) {
                        if (rest && *rest == ' ')
                                offer(c, rest + 1, (*v)->summary);
                } else if (!second)
                        offer(c, (*v)->name, (*v)->summary);
                else {
                        snprintf(group, sizeof(group), "%.*s", (int) (second - (*v)->name), (*v)->name);
                        if (!startswith(last, group))
                                offer(c, group, "");
                        last = (*v)->name;
                }
        }
}

static void offer_states(const Completion *c) {
        for (ContainerState s = 0; s < _CONTAINER_STATE_MAX; s++)
                offer(c, container_state_to_string(s), NULL);
}

static void offer_signals(const Completion *c) {
        for (int sig = 1; sig < 32; sig++)
                if (signal_name(sig))
                        offer(c, signal_name(sig), NULL);
}

static void offer_keys(const Completion *c, const char *suffix) {
        for (size_t i = 0; i < settings_keys(); i++) {
                SettingInfo info = settings_key(i);
                char text[128];

                snprintf(text, sizeof(text), "%s%s", info.key, suffix);
                offer(c, text, info.summary);
        }
}

/* Objects of an interface, by a property, with another one as help; of those in one of
 * the states, where some are named. */
static void offer_objects(Ctl *ctl, const Completion *c, const char *interface, const char *name, const char *help, const char *suffix) {
        static const char *const known[] = { "Name", "State", NULL };
        _cleanup_(object_list_clear) ObjectList l = {};
        _cleanup_strv_ char **states = NULL;

        if (c->verb && c->verb->states && strv_split(c->verb->states, " ", &states) < 0)
                return;
        /* ssh may want to talk, and names of this host would be wrong. */
        if (c->elsewhere || (streq(interface, BUS_CONTAINER) ? object_list_read_containers(ctl, known, &l, NULL)
                                                             : object_list_read(ctl, interface, &l, NULL)) < 0)
                return;
        for (size_t i = 0; i < l.n; i++) {
                _cleanup_free_ char *id = NULL;
                char text[300];

                if (states && !strv_contains(states, object_text(&l.objects[i], "State")))
                        continue;
                if (!name && bus_path_name(l.objects[i].path, BUS_ROOT "/job", &id) < 0)
                        continue;
                snprintf(text, sizeof(text), "%s%s", name ? object_text(&l.objects[i], name) : id, suffix);
                offer(c, text, object_text(&l.objects[i], help));
        }
}

static void offer_profiles(Ctl *ctl, const Completion *c) {
        offer_objects(ctl, c, BUS_PROFILE, "Name", "File", "");
}

/* Of a value it is known what it can be where it is a name. */
static void offer_assignments(Ctl *ctl, const Completion *c) {
        const char *typed = startswith(c->typed, "Profile=");
        Completion value = *c;

        if (!strchr(c->typed, '='))
                offer_keys(c, "=");
        if (!typed)
                return;
        value.typed = typed;
        snprintf(value.prefix, sizeof(value.prefix), "%sProfile=", c->prefix);
        offer_profiles(ctl, &value);
}

static void offer_templates(Ctl *ctl, const Completion *c) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *name, *help;

        if (c->elsewhere || bus_method(ctl, BUS_ROOT, BUS_MANAGER, "ListTemplates", &m, NULL) < 0 || bus_call(ctl, m, &reply, NULL) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "(ssas)") < 0)
                return;
        while (sd_bus_message_enter_container(reply, 'r', "ssas") > 0) {
                if (sd_bus_message_read(reply, "ss", &name, &help) < 0 || sd_bus_message_skip(reply, "as") < 0 ||
                    sd_bus_message_exit_container(reply) < 0)
                        return;
                offer(c, name, help);
        }
}

/* One of the words that a usage or the value of an option may be, by what it is called
 * there. Names that are not in this list are somebody's free choice. */
static void offer_word(Ctl *ctl, const Completion *c, const char *word) {
        static const char *const files[] = { "DEVICE", "DST", "FILE", "PATH", "SOURCE", "SRC" };

        if (streq(word, "NAME"))
                offer_objects(ctl, c, BUS_CONTAINER, "Name", "State", "");
        else if (startswith(word, "NAME:"))
                offer_objects(ctl, c, BUS_CONTAINER, "Name", "State", ":");
        else if (streq(word, "TEMPLATE")) {
                offer_templates(ctl, c);
                offer_objects(ctl, c, BUS_IMAGE, "ID", "OSName", "");
        } else if (streq(word, "ID") || streq(word, "IMAGE"))
                offer_objects(ctl, c, BUS_IMAGE, "ID", "OSName", "");
        else if (streq(word, "JOB"))
                offer_objects(ctl, c, BUS_JOB, NULL, "Kind", "");
        else if (streq(word, "KEY"))
                offer_keys(c, "");
        else if (streq(word, "PROFILE"))
                offer_profiles(ctl, c);
        else if (streq(word, "KEY=VALUE"))
                offer_assignments(ctl, c);
        else if (streq(word, "SIGNAL"))
                offer_signals(c);
        else if (streq(word, "STATE"))
                offer_states(c);
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (streq(word, files[i]) || (startswith(word, files[i]) && word[strlen(files[i])] == ':'))
                        puts(FILES);
}

static void offer_words(Ctl *ctl, const Completion *c, const char *what) {
        _cleanup_strv_ char **words = NULL;

        if (strv_split(what, "|", &words) >= 0)
                STRV_FOREACH(word, words)
                        offer_word(ctl, c, *word);
}

/* Never asks for a password, never fails: what cannot be had is not offered. */
static int run_complete(Ctl *ctl, Options *o, Error *error) {
        Completion c;
        int r = options_finish(o, error);

        if (r < 0)
                return r;
        ctl->unattended = true;
        completion_find(verbs, options_rest(o), &c);
        switch (c.kind) {
        case COMPLETION_VERB:
                offer_verbs(&c);
                break;
        case COMPLETION_OPTION:
                offer_options(&c, c.verb ? c.verb->options : NULL);
                offer_options(&c, options_common);
                break;
        case COMPLETION_WORD:
                offer_words(ctl, &c, c.word);
                break;
        case COMPLETION_VALUE:
                if (c.option->values)
                        offer_list(&c, c.option->values);
                offer_words(ctl, &c, c.option->metavar);
                break;
        case COMPLETION_NOTHING:
                break;
        }
        return EXIT_SUCCESS;
}

const Verb verb_complete = {
        .name = "__complete",
        .usage = "-- WORD…",
        .run = run_complete,
};
