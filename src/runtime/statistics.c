/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <inttypes.h>

#include "cgroup.h"
#include "parse.h"
#include "statistics.h"

/* Written by hand: a limit that is none is 2^64 - 1, which the library has no number for. */
typedef struct Out {
        FILE *f;
        bool comma;
} Out;

static void put_key(Out *o, const char *key) {
        fprintf(o->f, "%s\"%s\":", o->comma ? "," : "", key);
        o->comma = true;
}

static void begin(Out *o, const char *key) {
        if (key)
                put_key(o, key);
        fputc('{', o->f);
        o->comma = false;
}

static void end(Out *o) {
        fputc('}', o->f);
        o->comma = true;
}

static void put(Out *o, const char *key, uint64_t value) {
        put_key(o, key);
        fprintf(o->f, "%" PRIu64, value);
}

/* runc leaves out what is nothing, but not everywhere. */
static void put_some(Out *o, const char *key, uint64_t value) {
        if (value != 0)
                put(o, key, value);
}

uint64_t statistics_value(const char *text, const char *key) {
        size_t n = strlen(key);

        for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p ? 1 : 0)
                if (strncmp(p, key, n) == 0 && p[n] == ' ')
                        return strtoull(p + n + 1, NULL, 10);
        return 0;
}

static char *read_text(int fd, const char *file) {
        char *text = NULL;

        return cgroup_read(fd, file, &text) < 0 ? NULL : text;
}

/* A file of one number. max: what the word "max" stands for. */
static uint64_t read_number(int fd, const char *file, uint64_t max) {
        _cleanup_free_ char *text = read_text(fd, file);

        return !text ? 0 : startswith(text, "max") ? max : strtoull(text, NULL, 10);
}

/* Pressure stall information, where the kernel has it. */
static void write_pressure(Out *o, int fd, const char *file) {
        _cleanup_free_ char *text = read_text(fd, file);
        const char *line = text;

        if (!text)
                return;
        begin(o, "psi");
        for (; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
                unsigned long long total;
                double avg10, avg60, avg300;
                char kind[8];

                if (sscanf(line, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &avg10, &avg60, &avg300, &total) != 5)
                        continue;
                begin(o, kind);
                put_key(o, "avg10");
                fprintf(o->f, "%g", avg10);
                put_key(o, "avg60");
                fprintf(o->f, "%g", avg60);
                put_key(o, "avg300");
                fprintf(o->f, "%g", avg300);
                put(o, "total", total);
                end(o);
        }
        end(o);
}

static void write_cpu(Out *o, int fd) {
        _cleanup_free_ char *text = read_text(fd, "cpu.stat");

        begin(o, "cpu");
        begin(o, "usage");
        put_some(o, "total", statistics_value(text, "usage_usec") * NSEC_PER_USEC);
        put(o, "kernel", statistics_value(text, "system_usec") * NSEC_PER_USEC);
        put(o, "user", statistics_value(text, "user_usec") * NSEC_PER_USEC);
        end(o);
        begin(o, "throttling");
        put_some(o, "periods", statistics_value(text, "nr_periods"));
        put_some(o, "throttledPeriods", statistics_value(text, "nr_throttled"));
        put_some(o, "throttledTime", statistics_value(text, "throttled_usec") * NSEC_PER_USEC);
        end(o);
        write_pressure(o, fd, "cpu.pressure");
        end(o);
}

/* All of it is v1's. */
static void write_cpuset(Out *o) {
        static const char *const keys[] = { "cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate",
                                            "memory_spread_page", "memory_spread_slab", "memory_pressure",
                                            "sched_load_balance", "sched_relax_domain_level" };

        begin(o, "cpuset");
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                put(o, keys[i], 0);
        end(o);
}

typedef struct MemoryEntry {
        uint64_t limit, usage, max, failcnt;
} MemoryEntry;

static void write_memory_entry(Out *o, const char *key, const MemoryEntry *e) {
        begin(o, key);
        put(o, "limit", e->limit);
        put_some(o, "usage", e->usage);
        put_some(o, "max", e->max);
        put(o, "failcnt", e->failcnt);
        end(o);
}

static void write_memory(Out *o, int fd) {
        _cleanup_free_ char *text = read_text(fd, "memory.stat"), *events = read_text(fd, "memory.events");
        MemoryEntry memory = { .limit = read_number(fd, "memory.max", UINT64_MAX), .usage = read_number(fd, "memory.current", 0),
                               .max = read_number(fd, "memory.peak", 0), .failcnt = statistics_value(events, "max") };
        MemoryEntry swap = { .limit = read_number(fd, "memory.swap.max", UINT64_MAX), .usage = read_number(fd, "memory.swap.current", 0) };

        /* As v1 has it, which counts both together. */
        swap.usage += memory.usage;
        if (__builtin_add_overflow(swap.limit, memory.limit, &swap.limit))
                swap.limit = UINT64_MAX;

        begin(o, "memory");
        put_some(o, "cache", statistics_value(text, "file"));
        write_memory_entry(o, "usage", &memory);
        write_memory_entry(o, "swap", &swap);
        write_memory_entry(o, "kernel", &(MemoryEntry){});
        write_memory_entry(o, "kernelTCP", &(MemoryEntry){});
        if (text) {
                char *save = NULL;

                begin(o, "raw");
                for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                        char *blank = strchr(line, ' ');
                        uint64_t value;

                        if (!blank || parse_u64(blank + 1, &value) < 0)
                                continue;
                        *blank = 0;
                        put(o, line, value);
                }
                end(o);
        }
        write_pressure(o, fd, "memory.pressure");
        end(o);
}

/* Those of the numbers of io.stat that are about bytes, or about operations. */
static void write_io_list(Out *o, const char *text, const char *name, const char *reads, const char *writes) {
        const char *const keys[] = { reads, writes }, *const operations[] = { "Read", "Write" };
        bool any = false;

        for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
                size_t length = strcspn(line, "\n");
                unsigned major, minor;

                if (sscanf(line, "%u:%u ", &major, &minor) != 2)
                        continue;
                for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                        const char *p = memmem(line, length, keys[i], strlen(keys[i]));
                        Out entry = { .f = o->f };

                        if (!p)
                                continue;
                        if (!any) {
                                put_key(o, name);
                                fputc('[', o->f);
                        } else
                                fputc(',', o->f);
                        any = true;
                        begin(&entry, NULL);
                        put_some(&entry, "major", major);
                        put_some(&entry, "minor", minor);
                        fprintf(o->f, "%s\"op\":\"%s\"", entry.comma ? "," : "", operations[i]);
                        entry.comma = true;
                        put_some(&entry, "value", strtoull(p + strlen(keys[i]), NULL, 10));
                        end(&entry);
                }
        }
        if (any)
                fputc(']', o->f);
}

static void write_io(Out *o, int fd) {
        _cleanup_free_ char *text = read_text(fd, "io.stat");

        begin(o, "blkio");
        write_io_list(o, text, "ioServiceBytesRecursive", " rbytes=", " wbytes=");
        write_io_list(o, text, "ioServicedRecursive", " rios=", " wios=");
        write_pressure(o, fd, "io.pressure");
        end(o);
}

static int is_huge_page_file(const struct dirent *de) {
        const char *size = startswith(de->d_name, "hugetlb."), *dot = size ? strchr(size, '.') : NULL;

        return dot && streq(dot, ".current");
}

static void write_huge_pages(Out *o, int fd) {
        struct dirent **entries = NULL;
        int n = scandirat(fd, ".", &entries, is_huge_page_file, alphasort);

        begin(o, "hugetlb");
        for (int i = 0; i < n; i++) {
                char *size = entries[i]->d_name + strlen("hugetlb."), file[300];
                _cleanup_free_ char *events = NULL;
                uint64_t usage = read_number(fd, entries[i]->d_name, 0);

                *strchr(size, '.') = 0;
                snprintf(file, sizeof(file), "hugetlb.%s.events", size);
                events = read_text(fd, file);
                begin(o, size);
                put_some(o, "usage", usage);
                put(o, "failcnt", statistics_value(events, "max"));
                end(o);
                free(entries[i]);
        }
        free(entries);
        end(o);
}

void statistics_write(FILE *f, int cgroup) {
        Out o = { .f = f };

        begin(&o, NULL);
        write_cpu(&o, cgroup);
        write_cpuset(&o);
        write_memory(&o, cgroup);
        begin(&o, "pids");
        put_some(&o, "current", read_number(cgroup, "pids.current", 0));
        put_some(&o, "limit", read_number(cgroup, "pids.max", 0));
        end(&o);
        write_io(&o, cgroup);
        write_huge_pages(&o, cgroup);
        begin(&o, "intel_rdt");
        end(&o);
        put_key(&o, "network_interfaces");
        fputs("null", f);
        end(&o);
}
