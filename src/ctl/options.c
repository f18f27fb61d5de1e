/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <stdio.h>

#include "ctl.h"
#include "options.h"

#define OPTIONS_MAX 32

enum {
        CODE_HELP = 'h',
        CODE_VERSION = 0xf00,
        CODE_JSON,
        CODE_NO_LEGEND,
        CODE_NO_WAIT,
        CODE_HOST = 'H',
        CODE_QUIET = 'q',
};

const Option options_common[] = {
        { "help",      CODE_HELP,      NULL,        "Show this help"                                             },
        { "version",   CODE_VERSION,   NULL,        "Show the version"                                           },
        { "host",      CODE_HOST,      "USER@HOST", "Work on another host, over ssh"                             },
        { "json",      CODE_JSON,      NULL,        "Listings as JSON"                                           },
        { "no-legend", CODE_NO_LEGEND, NULL,        "Listings without the line of column names"                  },
        { "no-wait",   CODE_NO_WAIT,   NULL,        "Do not wait for jobs: print the number of the job and end"  },
        { "quiet",     CODE_QUIET,     NULL,        "No progress, no hints; errors only"                         },
        {}
};

struct Options {
        Ctl *ctl;
        const Verb *verb;
        int argc;
        char **argv;
        struct option longs[OPTIONS_MAX + 1];
        char shorts[2 * OPTIONS_MAX + 3];
        bool begun;
};

static void add_options(Options *o, const Option *table, size_t *n) {
        for (; table && table->name && *n < OPTIONS_MAX; table++) {
                size_t end = strlen(o->shorts);

                o->longs[(*n)++] = (struct option){
                        .name = table->name,
                        .has_arg = table->metavar ? required_argument : no_argument,
                        .val = table->code,
                };
                if (table->code < OPTION_CODES) {
                        o->shorts[end++] = (char) table->code;
                        if (table->metavar)
                                o->shorts[end] = ':';
                }
        }
}

int options_new(Options **ret, Ctl *ctl, const Verb *verb, int argc, char **argv) {
        Options *o = calloc(1, sizeof(*o));
        size_t n = 0;

        if (!o)
                return -ENOMEM;
        o->ctl = ctl;
        o->verb = verb;
        o->argc = argc;
        o->argv = argv;
        strcpy(o->shorts, verb ? ":" : "+:");
        add_options(o, verb ? verb->options : NULL, &n);
        add_options(o, options_common, &n);
        *ret = o;
        return 0;
}

Options *options_free(Options *o) {
        free(o);
        return NULL;
}

void options_stop_at_word(Options *o) {
        if (o->shorts[0] != '+') {
                memmove(o->shorts + 1, o->shorts, strlen(o->shorts) + 1);
                o->shorts[0] = '+';
        }
}

/* getopt_long() tells apart with optopt what was wrong: 0 for a long option that
 * is unknown or ambiguous, its code where it takes no value, a letter else. */
static int bad_option(const Options *o, int code, Error *error) {
        const char *word = o->argv[optind - 1];
        size_t n = strcspn(word, "=");
        bool is_long = startswith(word, "--"), begins = false;

        if (code == ':')
                return is_long ? error_set(error, EINVAL, "Usage", "the option %.100s needs a value", word)
                               : error_set(error, EINVAL, "Usage", "the option -%c needs a value", optopt);
        if (!is_long || (optopt > 0 && optopt < OPTION_CODES && word[n] != '='))
                return error_set(error, EINVAL, "Usage", "there is no option -%c", optopt);
        if (optopt > 0)
                return error_set(error, EINVAL, "Usage", "the option %.*s takes no value", (int) MIN(n, (size_t) 100), word);
        for (const struct option *l = o->longs; l->name; l++)
                begins = begins || strncmp(l->name, word + 2, n - 2) == 0;
        return error_set(error, EINVAL, "Usage", begins ? "%.*s is short for more than one option" : "there is no option %.*s",
                         (int) MIN(n, (size_t) 100), word);
}

int options_next(Options *o, const char **ret_value, Error *error) {
        if (!o->begun) {
                optind = 0; /* GNU: begin anew */
                opterr = 0;
                o->begun = true;
        }
        for (;;) {
                int code = getopt_long(o->argc, o->argv, o->shorts, o->longs, NULL);

                switch (code) {
                case -1:
                        return 0;
                case '?':
                case ':':
                        return bad_option(o, code, error);
                case CODE_HELP:
                        options_help(o->verb);
                        return -ECANCELED;
                case CODE_VERSION:
                        puts("ctrctl " CTRD_VERSION);
                        return -ECANCELED;
                case CODE_HOST:
                        o->ctl->host = optarg;
                        o->ctl->host_in_front = !o->verb;
                        break;
                case CODE_JSON:
                        o->ctl->json = true;
                        break;
                case CODE_NO_LEGEND:
                        o->ctl->no_legend = true;
                        break;
                case CODE_NO_WAIT:
                        o->ctl->no_wait = true;
                        break;
                case CODE_QUIET:
                        o->ctl->quiet = true;
                        break;
                default:
                        *ret_value = optarg;
                        return code;
                }
        }
}

int options_finish(Options *o, Error *error) {
        const char *value;

        return options_next(o, &value, error);
}

const char *options_take_word(Options *o) {
        return optind < o->argc ? o->argv[optind++] : NULL;
}

bool options_ended(const Options *o) {
        return optind > 1 && optind <= o->argc && streq(o->argv[optind - 1], "--");
}

char **options_rest(Options *o) {
        return o->argv + optind;
}

int options_check_rest(Options *o, size_t min, size_t max, const char *what, Error *error) {
        size_t n = (size_t) (o->argc - optind);

        if (n < min)
                return error_set(error, EINVAL, "Usage", "%s is missing", what);
        if (n > max)
                return error_set(error, EINVAL, "Usage", "%.100s is one word too many", o->argv[optind + (int) max]);
        return 0;
}

static void print_options(const Option *table) {
        for (; table && table->name; table++) {
                char text[64];

                snprintf(text, sizeof(text), "--%s%s%s", table->name, table->metavar ? "=" : "", strempty(table->metavar));
                if (table->code < OPTION_CODES)
                        printf("  -%c %-24s %s\n", table->code, text, table->help);
                else
                        printf("     %-24s %s\n", text, table->help);
        }
}

void options_help(const Verb *verb) {
        if (verb) {
                printf("ctrctl %s%s%s\n", verb->name, *verb->usage ? " " : "", verb->usage);
                if (verb->summary)
                        printf("\n%s.\n", verb->summary);
                if (verb->details)
                        printf("\n%s\n", verb->details);
                if (verb->options) {
                        puts("\nOptions:");
                        print_options(verb->options);
                }
        } else {
                puts("ctrctl [OPTIONS] VERB …\n\nManage system containers.\n\nVerbs:");
                for (const Verb *const *v = verbs; *v; v++) {
                        char text[64];

                        if (!(*v)->summary)
                                continue;
                        snprintf(text, sizeof(text), "%s %s", (*v)->name, (*v)->usage);
                        if (strlen(text) <= 36)
                                printf("  %-36s %s\n", text, (*v)->summary);
                        else
                                printf("  %s %s\n  %36s %s\n", (*v)->name, (*v)->usage, "", (*v)->summary);
                }
        }
        puts("\nCommon options:");
        print_options(options_common);
        puts(verb ? "\nSee ctrctl(1)." : "\nctrctl VERB --help says more about each. See ctrctl(1).");
}
