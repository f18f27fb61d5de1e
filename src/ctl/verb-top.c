/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What containers that run use, again and again. */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "ctl.h"
#include "format.h"
#include "parse.h"
#include "table.h"
#include "usage-list.h"

#define UNKNOWN USAGE_UNKNOWN

/* In the order of the columns, behind the name. */
typedef enum Figure {
        FIGURE_CPU,      /* microseconds of CPU in a second */
        FIGURE_MEMORY,   /* bytes */
        FIGURE_TASKS,
        FIGURE_READ,     /* bytes in a second */
        FIGURE_WRITE,
        FIGURE_PRESSURE, /* microseconds in a second in which something waited for memory */
        _FIGURE_MAX,
        FIGURE_NAME = _FIGURE_MAX, /* to sort by */
} Figure;

static const struct {
        const char *word;  /* of --sort= */
        const char *usage; /* of GetUsage() */
        bool is_rate;
} figures[_FIGURE_MAX] = {
        [FIGURE_CPU] = { "cpu", "CPUUsageUSec", true },      [FIGURE_MEMORY] = { "memory", "MemoryCurrent", false },
        [FIGURE_TASKS] = { "tasks", "TasksCurrent", false }, [FIGURE_READ] = { "read", "IOReadBytes", true },
        [FIGURE_WRITE] = { "write", "IOWriteBytes", true },  [FIGURE_PRESSURE] = { "pressure", "MemoryPressureUSec", true },
};

static const Column columns[] = {
        { "name" },
        { "cpu", COLUMN_NUMBER },
        { "memory", COLUMN_NUMBER },
        { "tasks", COLUMN_NUMBER },
        { "read", COLUMN_NUMBER },
        { "write", COLUMN_NUMBER },
        { "pressure", COLUMN_NUMBER },
        {}
};

typedef struct Sample {
        char *name;
        uint64_t when; /* microseconds */
        uint64_t values[_FIGURE_MAX];
} Sample;

typedef struct Samples {
        Sample *items;
        size_t n;
} Samples;

typedef struct Top {
        Samples before, now;
        Figure sort;
        uint64_t interval_usec;
        uint64_t count; /* 0: no end */
} Top;

static void samples_clear(Samples *s) {
        for (size_t i = 0; i < s->n; i++)
                free(s->items[i].name);
        free(s->items);
        *s = (Samples){};
}

static void top_clear(Top *top) {
        samples_clear(&top->before);
        samples_clear(&top->now);
}

static int take_samples(Ctl *ctl, Samples *ret, Error *error) {
        _cleanup_(usage_list_clear) UsageList usage = {};
        int r = usage_list_read(ctl, &usage, error);

        if (r < 0 || usage.n == 0)
                return r;
        ret->items = calloc(usage.n, sizeof(*ret->items));
        if (!ret->items)
                return -ENOMEM;
        for (; ret->n < usage.n; ret->n++) {
                Usage *u = &usage.items[ret->n];
                Sample *sample = &ret->items[ret->n];

                *sample = (Sample){ .name = TAKE_PTR(u->name), .when = u->when };
                for (size_t i = 0; i < _FIGURE_MAX; i++)
                        sample->values[i] = usage_get(u, figures[i].usage);
        }
        return 0;
}

/* What counts up becomes a rate; who was not there before, or was started anew, has none
 * yet. */
static void make_rates(Samples *now, const Samples *before) {
        for (size_t i = 0; i < now->n; i++) {
                Sample *s = &now->items[i];
                const Sample *old = NULL;

                for (size_t k = 0; k < before->n && !old; k++)
                        if (streq(before->items[k].name, s->name) && before->items[k].when < s->when)
                                old = &before->items[k];
                for (size_t k = 0; k < _FIGURE_MAX; k++) {
                        if (!figures[k].is_rate || s->values[k] == UNKNOWN)
                                continue;
                        if (old && old->values[k] <= s->values[k])
                                s->values[k] = (uint64_t) ((double) (s->values[k] - old->values[k]) * USEC_PER_SEC /
                                                           (double) (s->when - old->when));
                        else
                                s->values[k] = UNKNOWN;
                }
        }
}

/* The most first; what is not known last. */
static int compare(const void *a, const void *b, void *userdata) {
        const Sample *x = a, *y = b;
        Figure by = *(Figure *) userdata;

        if (by != FIGURE_NAME && x->values[by] != y->values[by]) {
                if (x->values[by] == UNKNOWN || y->values[by] == UNKNOWN)
                        return x->values[by] == UNKNOWN ? 1 : -1;
                return x->values[by] < y->values[by] ? 1 : -1;
        }
        return strcmp(x->name, y->name);
}

static int fill(const Ctl *ctl, Table *t, size_t column, Figure figure, uint64_t value) {
        char text[FORMAT_MAX];

        if (value == UNKNOWN)
                return table_set(t, column, NULL);
        if (ctl->json || figure == FIGURE_TASKS)
                return table_set_number(t, column, value);
        if (figure == FIGURE_CPU || figure == FIGURE_PRESSURE)
                snprintf(text, sizeof(text), "%.1f%%", (double) value * 100 / USEC_PER_SEC);
        else
                format_bytes(text, value);
        return table_set(t, column, text);
}

static int print(const Ctl *ctl, const Samples *samples, Error *error) {
        _cleanup_(table_freep) Table *t = NULL;
        int r = table_new(&t, ctl, columns, error);

        if (r < 0)
                return r;
        for (size_t i = 0; i < samples->n && r >= 0; i++) {
                r = table_add_row(t);
                if (r >= 0)
                        r = table_set(t, 0, samples->items[i].name);
                for (size_t k = 0; k < _FIGURE_MAX && r >= 0; k++)
                        r = fill(ctl, t, k + 1, (Figure) k, samples->items[i].values[k]);
        }
        return r < 0 ? error_set_errno(error, r, "Cannot make a table") : table_print(t, error);
}

/* Less long where nobody reads any more. */
static bool reader_has_left(uint64_t usec) {
        const struct timespec interval = { .tv_sec = (time_t) (usec / USEC_PER_SEC), .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000 };
        struct pollfd out = { .fd = STDOUT_FILENO };

        return ppoll(&out, 1, &interval, NULL) > 0;
}

static int top(Ctl *ctl, Top *top, Error *error) {
        bool screen = isatty(STDOUT_FILENO) && top->count != 1 && !ctl->json;
        int r = take_samples(ctl, &top->before, error);

        for (uint64_t i = 0; r >= 0 && (top->count == 0 || i < top->count); i++) {
                Samples kept = {};

                if (reader_has_left(top->interval_usec))
                        return 0;
                r = take_samples(ctl, &top->now, error);
                /* The next time wants what counts up as it was. */
                if (r >= 0 && i + 1 != top->count)
                        r = take_samples(ctl, &kept, error);
                if (r < 0) {
                        samples_clear(&kept);
                        return r;
                }
                make_rates(&top->now, &top->before);
                if (top->now.n > 0)
                        qsort_r(top->now.items, top->now.n, sizeof(Sample), compare, &top->sort);
                if (screen)
                        fputs("\033[H\033[J", stdout);
                r = print(ctl, &top->now, error);
                if (r >= 0 && fflush(stdout) != 0)
                        return 0; /* who read has left */
                samples_clear(&top->now);
                samples_clear(&top->before);
                top->before = kept;
        }
        return r;
}

static int parse_sort(const char *word, Figure *ret) {
        if (streq(word, "name")) {
                *ret = FIGURE_NAME;
                return 0;
        }
        for (size_t i = 0; i < _FIGURE_MAX; i++)
                if (streq(figures[i].word, word)) {
                        *ret = (Figure) i;
                        return 0;
                }
        return -EINVAL;
}

static int run_top(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(top_clear) Top t = { .interval_usec = 2 * USEC_PER_SEC, .sort = FIGURE_CPU };
        bool counted = false;
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                if (code == 'i') {
                        if (parse_usec(value, &t.interval_usec) < 0 || t.interval_usec < USEC_PER_SEC / 10 ||
                            t.interval_usec == USEC_INFINITY)
                                return error_set(error, EINVAL, "Usage", "--interval=%.100s is not valid: give a time of at least 100ms", value);
                } else if (code == 'c') {
                        counted = true;
                        if (parse_u64(value, &t.count) < 0 || t.count == 0)
                                return error_set(error, EINVAL, "Usage", "--count=%.100s is not valid: give a number", value);
                } else if (parse_sort(value, &t.sort) < 0)
                        return error_set(error, EINVAL, "Usage",
                                         "--sort=%.100s is not valid: say cpu, memory, tasks, read, write, pressure or name", value);
        if (code < 0)
                return code;
        r = options_check_rest(o, 0, 0, "nothing", error);
        if (r < 0)
                return r;
        /* A program wants one answer. */
        if (!counted && (ctl->json || !isatty(STDOUT_FILENO)))
                t.count = 1;
        return top(ctl, &t, error);
}

static const Option options[] = {
        { "sort",     's', "FIGURE", "cpu, memory, tasks, read, write, pressure or name (cpu)",
          "cpu memory tasks read write pressure name" },
        { "interval", 'i', "TIME",   "How long between two looks (2s)"                                          },
        { "count",    'c', "NUMBER", "End after so many tables (on a terminal none, else one)"                  },
        {}
};

const Verb verb_top = {
        .name = "top",
        .usage = "",
        .summary = "Show what containers that run use",
        .details = "CPU, what is read and written, and how long something waited for memory are of the\n"
                   "interval. With --json they are microseconds and bytes in a second.",
        .options = options,
        .run = run_top,
};
