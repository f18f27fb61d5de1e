/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "parse.h"
#include "unit-property.h"

#define PROPERTIES_MAX 256
#define SET_MAX 8192 /* bits */
#define USEC_PER_PERCENT (USEC_PER_SEC / 100)

/* The files of a cgroup that are properties as they are: a number, or "max". */
static const struct {
        const char *file, *property;
        uint64_t min; /* below it systemd refuses; such a value is the file's alone */
} numbers[] = {
        { "cpu.weight", "CPUWeight", 1 },    { "memory.min", "MemoryMin", 0 },  { "memory.low", "MemoryLow", 0 },
        { "memory.high", "MemoryHigh", 1 },  { "memory.max", "MemoryMax", 1 },  { "memory.swap.max", "MemorySwapMax", 0 },
        { "pids.max", "TasksMax", 1 },       { "io.weight", "IOWeight", 1 },
};

static int add(Config *c, UnitProperties *p, const char *name, const Variant *value, Error *error) {
        if (!p->list && !(p->list = arena_new(&c->arena, UnitProperty, PROPERTIES_MAX)))
                return error_set_errno(error, ENOMEM, "properties of the unit");
        if (p->n >= PROPERTIES_MAX)
                return error_set(error, E2BIG, "InvalidConfig", "more than %d properties of the unit", PROPERTIES_MAX);
        p->list[p->n++] = (UnitProperty){ name, *value };
        return 0;
}

static int add_number(Config *c, UnitProperties *p, const char *name, char type, uint64_t value, Error *error) {
        Variant v = { .type = type, .n = 1, .numbers = arena_new(&c->arena, uint64_t, 1) };

        if (!v.numbers)
                return error_set_errno(error, ENOMEM, "properties of the unit");
        v.numbers[0] = value;
        return add(c, p, name, &v, error);
}

/* list: one value, or a list of that one. */
static int add_text(Config *c, UnitProperties *p, const char *name, bool list, const char *value, Error *error) {
        Variant v = { .type = 's', .is_list = list, .n = 1, .strings = arena_new(&c->arena, char *, 1) };

        if (!v.strings || !(v.strings[0] = arena_strdup(&c->arena, value)))
                return error_set_errno(error, ENOMEM, "properties of the unit");
        return add(c, p, name, &v, error);
}

int unit_property_parse_set(Arena *arena, const char *text, Variant *ret) {
        Variant v = { .type = 'y', .is_list = true, .numbers = arena_new(arena, uint64_t, SET_MAX / 8) };
        const char *p = text;

        if (!v.numbers)
                return -ENOMEM;
        for (p += strspn(p, " \n"); *p; p += strspn(p, ", \n")) {
                char *end;
                unsigned long from, to;

                if (*p < '0' || *p > '9')
                        return -EINVAL;
                from = to = strtoul(p, &end, 10);
                if (*end == '-') {
                        if (end[1] < '0' || end[1] > '9')
                                return -EINVAL;
                        to = strtoul(end + 1, &end, 10);
                }
                if (!strchr(", \n", *end) || to < from || to >= SET_MAX)
                        return -EINVAL;
                for (; from <= to; from++)
                        v.numbers[from / 8] |= UINT64_C(1) << (from % 8);
                v.n = MAX(v.n, to / 8 + 1);
                p = end;
        }
        *ret = v;
        return 0;
}

/* systemd keeps a quota as whole percents of a second: rounded up, so that what is
 * written into the file afterwards fits below it. */
static int add_quota(Config *c, UnitProperties *p, const char *value, Error *error) {
        unsigned long long quota, period;
        uint64_t usec = USEC_INFINITY;
        int r;

        if (sscanf(value, "max %llu", &period) != 1) {
                if (sscanf(value, "%llu %llu", &quota, &period) != 2 || period == 0 || quota > UINT64_MAX / USEC_PER_SEC)
                        return 0;
                usec = (quota * USEC_PER_SEC / period + USEC_PER_PERCENT - 1) / USEC_PER_PERCENT * USEC_PER_PERCENT;
        }
        r = add_number(c, p, "CPUQuotaPeriodUSec", 't', period, error);
        return r < 0 ? r : add_number(c, p, "CPUQuotaPerSecUSec", 't', usec, error);
}

static int add_limit(Config *c, UnitProperties *p, const ConfigResource *w, Error *error) {
        Variant set;
        uint64_t v;

        if (streq(w->file, "cpu.max"))
                return add_quota(c, p, w->value, error);
        if (streq(w->file, "cpuset.cpus") || streq(w->file, "cpuset.mems")) {
                if (unit_property_parse_set(&c->arena, w->value, &set) < 0)
                        return 0; /* the file will say what is wrong with it */
                return add(c, p, streq(w->file, "cpuset.cpus") ? "AllowedCPUs" : "AllowedMemoryNodes", &set, error);
        }
        if (streq(w->file, "cpu.idle")) /* systemd's "idle" is the weight 0 */
                return streq(w->value, "1") ? add_number(c, p, "CPUWeight", 't', 0, error) : 0;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                if (!streq(w->file, numbers[i].file))
                        continue;
                if (streq(w->value, "max"))
                        v = UINT64_MAX;
                else if (parse_u64(w->value, &v) < 0 || v < numbers[i].min)
                        return 0;
                return add_number(c, p, numbers[i].property, 't', v, error);
        }
        return 0;
}

int unit_properties_limits(Config *c, UnitProperties *p, Error *error) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_resources; i++)
                r = add_limit(c, p, c->resources + i, error);
        return r;
}

static bool is_property(const char *name) {
        size_t n = strlen(name);

        return n >= 3 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

/* "TimeoutStopSec" is how a unit file has it; on the bus it is TimeoutStopUSec, and in
 * microseconds. */
static int convert_seconds(Config *c, const char **name, Variant *v) {
        size_t n = strlen(*name);

        if (!endswith(*name, "Sec") || endswith(*name, "USec"))
                return 0;
        if (v->is_list || !strchr("ynqiuxtd", v->type))
                return -EINVAL;
        if (v->type == 'd') {
                double d;

                memcpy(&d, v->numbers, sizeof(d));
                if (!(d >= 0 && d < 1e12))
                        return -ERANGE;
                v->numbers[0] = (uint64_t) (d * (double) USEC_PER_SEC);
        } else if (v->numbers[0] > UINT64_MAX / USEC_PER_SEC) /* negative ones too */
                return -ERANGE;
        else
                v->numbers[0] *= USEC_PER_SEC;
        v->type = 't';
        *name = arena_printf(&c->arena, "%.*sUSec", (int) n - 3, *name);
        return *name ? 0 : -ENOMEM;
}

static int add_annotations(Config *c, UnitProperties *p, Error *error) {
        const char *key;
        json_t *value;
        int r;

        json_object_foreach((json_t *) c->annotations, key, value) {
                const char *name = startswith(key, UNIT_PROPERTY_PREFIX), *text = json_string_value(value);
                Variant v;

                if (!name)
                        continue;
                if (!is_property(name))
                        return error_set(error, EINVAL, "InvalidConfig", "annotation %s name incorrect: a property of systemd is wanted",
                                         key);
                r = variant_parse(&c->arena, text, &v);
                if (r >= 0)
                        r = convert_seconds(c, &name, &v);
                if (r < 0)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "annotation %s value parse error: \"%s\" is not what GVariant's text form has for it", key, text);
                r = add(c, p, name, &v, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_scope(Config *c, const char *id, const UnitName *name, UnitProperties *p, Error *error) {
        bool is_slice = endswith(name->unit, ".slice");
        char description[64 + 1024];
        int r;

        snprintf(description, sizeof(description), "container %s", id);
        if ((r = add_text(c, p, "Description", false, description, error)) < 0 ||
            (r = is_slice ? add_text(c, p, "Wants", true, name->slice, error)
                          : add_text(c, p, "Slice", false, name->slice, error)) < 0 ||
            (r = add_number(c, p, "DefaultDependencies", 'b', false, error)) < 0)
                return r;
        if (is_slice)
                return 0;
        if ((r = add_number(c, p, "Delegate", 'b', true, error)) < 0)
                return r;
        /* Of a container that was killed for its memory nothing is left for a person to clear. */
        return add_text(c, p, "CollectMode", false, "inactive-or-failed", error);
}

int unit_properties_new(Config *c, const char *id, const UnitName *name, UnitProperties *p, Error *error) {
        static const char *const accounting[] = { "CPUAccounting", "IOAccounting", "MemoryAccounting", "TasksAccounting" };
        int r;

        r = add_scope(c, id, name, p, error);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(accounting); i++)
                r = add_number(c, p, accounting[i], 'b', true, error);
        if (r < 0 || (r = unit_properties_limits(c, p, error)) < 0)
                return r;
        return add_annotations(c, p, error);
}

void unit_properties_put_each(DBusWriter *w, const UnitProperties *p) {
        for (size_t i = 0; i < p->n; i++) {
                dbus_put_struct(w);
                dbus_put_string(w, p->list[i].name);
                variant_put(w, &p->list[i].value);
        }
}

void unit_properties_put(DBusWriter *w, const UnitProperties *p) {
        DBusArray array = dbus_begin_array(w, 8);

        unit_properties_put_each(w, p);
        dbus_end_array(w, array);
}
