/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the word at the end of a half-written command line can be, by the table of
 * verbs: their usage says what their words are, their options what values they take.
 */

#include "ctl.h"

typedef enum CompletionKind {
        COMPLETION_NOTHING,
        COMPLETION_VERB,   /* the first word, or with a group the second */
        COMPLETION_OPTION, /* the name of an option */
        COMPLETION_WORD,   /* of what the usage of the verb calls so: "NAME", "KEY=VALUE" */
        COMPLETION_VALUE,  /* of the option */
} CompletionKind;

typedef struct Completion {
        CompletionKind kind;
        const Verb *verb;     /* NULL: none is there yet */
        const char *group;    /* the first word of a verb with two, or NULL */
        const Option *option; /* of a value */
        bool elsewhere;       /* on another host */
        const char *typed;    /* what is there of it */
        char prefix[64];      /* what is in front of it in the same word: "--state=" */
        char word[64];        /* what the usage calls it, without brackets and dots */
} Completion;

/* words: what stands behind "ctrctl"; the last one is being written, and may be "".
 * Nothing is kept of ret but pointers into the arguments. */
void completion_find(const Verb *const *table, char *const *words, Completion *ret);

/* Whether a candidate begins with what was typed. */
bool completion_matches(const Completion *c, const char *candidate);
