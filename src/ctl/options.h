/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Options of a verb as a table, from which both the parser and --help come.
 * Those common to all verbs are understood everywhere.
 */

#include "error.h"
#include "macro.h"

typedef struct Ctl Ctl;
typedef struct Verb Verb;
typedef struct Options Options;

typedef struct Option {
        const char *name;    /* the long one */
        int code;            /* the short letter, or 0x100 and above where there is none */
        const char *metavar; /* NULL: takes no value */
        const char *help;
        const char *values; /* what it can be, with blanks between, where the metavar does not say so; or NULL */
} Option;

#define OPTION_CODES 0x100

/* Those of all verbs; ends with a row without a name. */
extern const Option options_common[];

/* verb: NULL for what stands before the verb, where parsing stops at the first
 * word. argv[0] is skipped. */
int options_new(Options **ret, Ctl *ctl, const Verb *verb, int argc, char **argv);
Options *options_free(Options *o);
DEFINE_CLEANUP(Options *, options_free)

/* Stop at the first word that is no option; for commands with options of their
 * own. Before the first call of options_next(). */
void options_stop_at_word(Options *o);

/* The next option of the verb: its code, with its value; 0 at the end; a
 * negative errno with the error ("Usage") set; -ECANCELED without an error:
 * help was asked for and printed. Common options go into ctl. */
int options_next(Options *o, const char **ret_value, Error *error);

/* For verbs without options of their own: goes over the common ones. */
int options_finish(Options *o, Error *error);

/* With options_stop_at_word(): takes the word that stopped it, so that parsing
 * goes on behind it. NULL where there is none. */
const char *options_take_word(Options *o);

/* Whether "--" ended the options. */
bool options_ended(const Options *o);

/* What is left, a list that ends with NULL; at the end. */
char **options_rest(Options *o);

/* The words left must be between min and max, else a sentence about "what". */
int options_check_rest(Options *o, size_t min, size_t max, const char *what, Error *error);

/* Prints the help of a verb, or of all. */
void options_help(const Verb *verb);
