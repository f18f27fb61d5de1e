/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdlib.h>

#include "process-tree.h"
#include "utf8.h"

/* Deeper groups, which a container may make, are shown as if they were this deep. */
#define DEPTH_MAX 16
#define MARK_MAX sizeof("│ ")

void process_tree_clear(ProcessTree *t) {
        for (size_t i = 0; i < t->n; i++) {
                free(t->items[i].group);
                free(t->items[i].command);
        }
        free(t->items);
        *t = (ProcessTree){};
}

/* As strcmp(), with a slash before all else: what is below a group follows it at once. */
static int compare_groups(const char *a, const char *b) {
        while (*a && *a == *b)
                a++, b++;
        return (*a == '/' ? 1 : (int) (unsigned char) *a + (*a != 0)) -
               (*b == '/' ? 1 : (int) (unsigned char) *b + (*b != 0));
}

static int compare(const void *a, const void *b) {
        const Process *x = a, *y = b;
        int r = compare_groups(x->group, y->group);

        return r != 0 ? r : (x->pid > y->pid) - (x->pid < y->pid);
}

/* What is below the unit's own group; the first that is called so, as a container
 * may call one of its groups the same. */
static const char *group_within(const char *path, const char *unit) {
        size_t n = strlen(unit);

        for (const char *p = path; *p; p += strcspn(p, "/")) {
                p += strspn(p, "/");
                if (strncmp(p, unit, n) == 0 && (p[n] == '/' || p[n] == 0))
                        return p + n + strspn(p + n, "/");
        }
        return path;
}

int process_tree_add(ProcessTree *t, const char *unit, const char *path, uint32_t pid, const char *command) {
        Process *items = reallocarray(t->items, t->n + 1, sizeof(*items)), *p;

        if (!items)
                return -ENOMEM;
        t->items = items;
        p = &items[t->n++];
        *p = (Process){ .group = strdup(group_within(path, unit)), .command = strdup(command), .pid = (pid_t) pid };
        if (!p->group || !p->command)
                return -ENOMEM;
        utf8_make_printable(p->group);
        utf8_make_printable(p->command);
        return 0;
}

void process_tree_sort(ProcessTree *t) {
        if (t->n > 0)
                qsort(t->items, t->n, sizeof(*t->items), compare);
}

int process_tree_read(sd_bus *bus, const char *unit, ProcessTree *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(process_tree_clear) ProcessTree t = {};
        const char *group, *command;
        uint32_t pid;
        int r;

        r = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                               "org.freedesktop.systemd1.Manager", "GetUnitProcesses", NULL, &reply, "s", unit);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(sus)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sus)", &group, &pid, &command)) > 0)
                r = process_tree_add(&t, unit, group, pid, command);
        if (r < 0)
                return r;
        process_tree_sort(&t);
        *ret = t;
        t = (ProcessTree){};
        return 0;
}

typedef struct Printer {
        const ProcessTree *tree;
        FILE *f;
        int indent;
        size_t end; /* processes from here on are not printed */
        char marks[DEPTH_MAX * MARK_MAX];
} Printer;

/* Prints the processes from "from" to "to", in whose groups' names the first "prefix" bytes
 * are this group. */
static void print_group(Printer *p, size_t from, size_t to, size_t prefix, unsigned depth) {
        size_t used = strlen(p->marks), next;

        to = MIN(to, p->end);
        for (size_t i = from; i < to; i = next) {
                const Process *process = &p->tree->items[i];
                const char *name = process->group + prefix + (prefix > 0 && process->group[prefix] == '/');
                size_t n = strcspn(name, "/"), below = (size_t) (name - process->group) + n;
                bool is_group = n > 0 && depth < DEPTH_MAX;

                for (next = i + 1; is_group && next < to; next++)
                        if (strncmp(p->tree->items[next].group, process->group, below) != 0 ||
                            (p->tree->items[next].group[below] != '/' && p->tree->items[next].group[below] != 0))
                                break;
                fprintf(p->f, "%*s%s%s", p->indent, "", p->marks, next < to ? "├─" : "└─");
                if (!is_group) {
                        fprintf(p->f, "%u %s\n", (unsigned) process->pid, process->command);
                        continue;
                }
                fprintf(p->f, "%.*s\n", (int) n, name);
                snprintf(p->marks + used, sizeof(p->marks) - used, "%s", next < to ? "│ " : "  ");
                print_group(p, i, next, below, depth + 1);
                p->marks[used] = 0;
        }
}

void process_tree_print(const ProcessTree *t, FILE *f, int indent, size_t max) {
        Printer p = { .tree = t, .f = f, .indent = indent, .end = MIN(max, t->n) };

        print_group(&p, 0, p.end, 0, 0);
        if (t->n > max)
                fprintf(f, "%*s… and %zu more\n", indent, "", t->n - max);
}
