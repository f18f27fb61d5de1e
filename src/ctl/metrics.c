/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "metrics.h"
#include "state.h"

/* How a number of ctrd's becomes one of base units. */
typedef enum Unit {
        UNIT_NONE,
        UNIT_BYTES,
        UNIT_SECONDS, /* from microseconds */
} Unit;

static const char *const unit_names[] = { NULL, "bytes", "seconds" };

typedef struct Family {
        const char *name;
        const char *figure; /* of GetUsage(), or a property */
        bool is_counter;
        Unit unit;
        const char *help;
} Family;

static const Family usages[] = {
        { "ctrd_container_memory_bytes", "MemoryCurrent", false, UNIT_BYTES, "Memory in use." },
        { "ctrd_container_memory_peak_bytes", "MemoryPeak", false, UNIT_BYTES, "Most memory that was in use since the start." },
        { "ctrd_container_tasks", "TasksCurrent", false, UNIT_NONE, "Processes and threads." },
        { "ctrd_container_cpu_seconds", "CPUUsageUSec", true, UNIT_SECONDS, "CPU time used since the start." },
        { "ctrd_container_io_read_bytes", "IOReadBytes", true, UNIT_BYTES, "Read from block devices since the start." },
        { "ctrd_container_io_written_bytes", "IOWriteBytes", true, UNIT_BYTES, "Written to block devices since the start." },
        { "ctrd_container_cpu_waiting_seconds", "CPUPressureUSec", true, UNIT_SECONDS, "Time in which some tasks waited for CPU." },
        { "ctrd_container_memory_waiting_seconds", "MemoryPressureUSec", true, UNIT_SECONDS, "Time in which some tasks waited for memory." },
        { "ctrd_container_io_waiting_seconds", "IOPressureUSec", true, UNIT_SECONDS, "Time in which some tasks waited for I/O." },
};

static const Family properties[] = {
        { "ctrd_container_created_seconds", "CreatedAt", false, UNIT_SECONDS, "When it was created, since 1970." },
        { "ctrd_container_started_seconds", "StartedAt", false, UNIT_SECONDS, "When its last run began, since 1970." },
        { "ctrd_container_ready_seconds", "ReadyAt", false, UNIT_SECONDS, "When it was ready in its last run, since 1970." },
        { "ctrd_container_exited_seconds", "ExitedAt", false, UNIT_SECONDS, "When its last run ended, since 1970." },
        { "ctrd_container_restarts", "Restarts", true, UNIT_NONE, "How often it was started anew by its policy." },
};

static void begin(FILE *f, const char *name, const char *type, Unit unit, const char *help) {
        fprintf(f, "# TYPE %s %s\n", name, type);
        if (unit != UNIT_NONE)
                fprintf(f, "# UNIT %s %s\n", name, unit_names[unit]);
        fprintf(f, "# HELP %s %s\n", name, help);
}

/* The value of a label, where these three stand for something else. */
static void write_escaped(FILE *f, const char *s) {
        for (; *s; s++)
                if (*s == '\n')
                        fputs("\\n", f);
                else {
                        if (*s == '\\' || *s == '"')
                                fputc('\\', f);
                        fputc(*s, f);
                }
}

static void write_label(FILE *f, const char *before, const char *label, const char *value) {
        fprintf(f, "%s%s=\"", before, label);
        write_escaped(f, value);
        fputc('"', f);
}

static void write_value(FILE *f, const Family *family, const char *container, uint64_t value) {
        fprintf(f, "%s%s", family->name, family->is_counter ? "_total" : "");
        write_label(f, "{", "container", container);
        if (family->unit == UNIT_SECONDS)
                fprintf(f, "} %" PRIu64 ".%06" PRIu64 "\n", value / USEC_PER_SEC, value % USEC_PER_SEC);
        else
                fprintf(f, "} %" PRIu64 "\n", value);
}

static void begin_family(FILE *f, const Family *family) {
        begin(f, family->name, family->is_counter ? "counter" : "gauge", family->unit, family->help);
}

static void write_info(FILE *f, const ObjectList *containers) {
        static const struct {
                const char *label, *property;
        } labels[] = {
                { "image", "Image" }, { "template", "Template" }, { "runtime", "Runtime" }, { "privileged", "Privileged" },
        };

        begin(f, "ctrd_container", "info", UNIT_NONE, "What it is.");
        for (size_t i = 0; i < containers->n; i++) {
                fputs("ctrd_container_info", f);
                write_label(f, "{", "container", object_text(&containers->objects[i], "Name"));
                for (size_t k = 0; k < ELEMENTSOF(labels); k++)
                        write_label(f, ",", labels[k].label, object_text(&containers->objects[i], labels[k].property));
                fputs("} 1\n", f);
        }
}

static void write_states(FILE *f, const ObjectList *containers) {
        size_t counts[_CONTAINER_STATE_MAX] = {};

        begin(f, "ctrd_container_state", "stateset", UNIT_NONE, "The state that it is in.");
        for (size_t i = 0; i < containers->n; i++) {
                ContainerState now = container_state_from_string(object_text(&containers->objects[i], "State"));

                for (ContainerState s = 0; s < _CONTAINER_STATE_MAX; s++) {
                        fputs("ctrd_container_state", f);
                        write_label(f, "{", "container", object_text(&containers->objects[i], "Name"));
                        write_label(f, ",", "ctrd_container_state", container_state_to_string(s));
                        fprintf(f, "} %d\n", s == now);
                }
                if (now >= 0)
                        counts[now]++;
        }
        begin(f, "ctrd_containers", "gauge", UNIT_NONE, "How many containers are in a state.");
        for (ContainerState s = 0; s < _CONTAINER_STATE_MAX; s++)
                fprintf(f, "ctrd_containers{state=\"%s\"} %zu\n", container_state_to_string(s), counts[s]);
}

static bool same_job(const Object *a, const Object *b) {
        return streq(object_text(a, "Kind"), object_text(b, "Kind")) && streq(object_text(a, "State"), object_text(b, "State"));
}

/* Jobs that run and those that have ended lately: ctrd bounds both. */
static void write_jobs(FILE *f, const ObjectList *jobs) {
        begin(f, "ctrd_jobs", "gauge", UNIT_NONE, "Jobs that there are, those that have ended lately too.");
        for (size_t i = 0; i < jobs->n; i++) {
                const Object *job = &jobs->objects[i];
                bool told = false;
                size_t n = 0;

                for (size_t k = 0; k < i && !told; k++)
                        told = same_job(&jobs->objects[k], job);
                if (told)
                        continue;
                for (size_t k = i; k < jobs->n; k++)
                        n += same_job(&jobs->objects[k], job);
                fputs("ctrd_jobs", f);
                write_label(f, "{", "kind", object_text(job, "Kind"));
                write_label(f, ",", "state", object_text(job, "State"));
                fprintf(f, "} %zu\n", n);
        }
}

void metrics_write(FILE *f, const char *version, const ObjectList *containers, const ObjectList *jobs, const UsageList *usage) {
        begin(f, "ctrd", "info", UNIT_NONE, "The manager of containers.");
        fputs("ctrd_info", f);
        write_label(f, "{", "version", version);
        fputs("} 1\n", f);

        write_states(f, containers);
        write_info(f, containers);
        for (size_t k = 0; k < ELEMENTSOF(properties); k++) {
                begin_family(f, &properties[k]);
                for (size_t i = 0; i < containers->n; i++) {
                        const Property *p = object_get(&containers->objects[i], properties[k].figure);

                        /* A time that is 0 is none. */
                        if (p && (p->number > 0 || properties[k].is_counter))
                                write_value(f, &properties[k], object_text(&containers->objects[i], "Name"), p->number);
                }
        }
        for (size_t k = 0; k < ELEMENTSOF(usages); k++) {
                begin_family(f, &usages[k]);
                for (size_t i = 0; i < usage->n; i++) {
                        uint64_t value = usage_get(&usage->items[i], usages[k].figure);

                        if (value != USAGE_UNKNOWN)
                                write_value(f, &usages[k], usage->items[i].name, value);
                }
        }
        write_jobs(f, jobs);
        fputs("# EOF\n", f);
}
