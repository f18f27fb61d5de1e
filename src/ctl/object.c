/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "bus.h"
#include "object.h"
#include "strv.h"

static void property_clear(Property *p) {
        free(p->name);
        free(p->text);
        strv_free(p->list);
}

void object_clear(Object *o) {
        for (size_t i = 0; i < o->n; i++)
                property_clear(&o->properties[i]);
        free(o->properties);
        free(o->path);
        free(o->interface);
        *o = (Object){};
}

void object_list_clear(ObjectList *l) {
        for (size_t i = 0; i < l->n; i++)
                object_clear(&l->objects[i]);
        free(l->objects);
        *l = (ObjectList){};
}

/* The number that a basic value of this type is, for text and sums. */
static int read_number(sd_bus_message *m, char type, Property *p) {
        union {
                int boolean;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                uint8_t y;
        } v = {};
        int64_t number;
        int r = sd_bus_message_read_basic(m, type, &v);

        if (r < 0)
                return r;
        switch (type) {
        case 'b':
                p->number = (uint64_t) v.boolean;
                p->text = strdup(v.boolean ? "yes" : "no");
                return p->text ? 0 : -ENOMEM;
        case 'y':
                number = v.y;
                break;
        case 'n':
                number = v.n;
                break;
        case 'q':
                number = v.q;
                break;
        case 'i':
                number = v.i;
                break;
        case 'u':
                number = v.u;
                break;
        case 'x':
                number = v.x;
                break;
        default:
                p->number = v.t;
                return asprintf(&p->text, "%" PRIu64, v.t) < 0 ? -ENOMEM : 0;
        }
        p->number = (uint64_t) number;
        return asprintf(&p->text, "%" PRIi64, number) < 0 ? -ENOMEM : 0;
}

/* One variant. A type that is not known here is read over, its text is "". */
static int read_value(sd_bus_message *m, Property *p) {
        const char *contents, *s;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r < 0)
                return r;
        if (!streq(contents, "as") && (!contents[0] || contents[1] || !strchr("sogbynqiuxt", contents[0]))) {
                p->text = strdup("");
                return p->text ? sd_bus_message_skip(m, "v") : -ENOMEM;
        }
        p->type = contents[0];
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        if (p->type == 'a') {
                r = sd_bus_message_read_strv(m, &p->list);
                if (r >= 0)
                        p->text = strv_join(p->list, " ");
        } else if (strchr("sog", p->type)) {
                r = sd_bus_message_read_basic(m, p->type, &s);
                if (r >= 0)
                        p->text = strdup(s);
        } else
                r = read_number(m, p->type, p);
        if (r < 0)
                return r;
        return p->text ? sd_bus_message_exit_container(m) : -ENOMEM;
}

/* A property without a value, which object_clear() takes as it is. */
static Property *add_property(Object *o, const char *name) {
        Property *list = reallocarray(o->properties, o->n + 1, sizeof(*list)), *p;

        if (!list)
                return NULL;
        o->properties = list;
        p = &list[o->n++];
        *p = (Property){ .name = strdup(name) };
        return p->name ? p : NULL;
}

int object_add_number(Object *o, const char *name, uint64_t number) {
        Property *p = add_property(o, name);

        if (!p)
                return -ENOMEM;
        p->type = 't';
        p->number = number;
        if (number == UINT64_MAX)
                p->text = strdup("");
        else if (asprintf(&p->text, "%" PRIu64, number) < 0)
                p->text = NULL;
        return p->text ? 0 : -ENOMEM;
}

int object_add_strings(Object *o, const char *name, char *const *strings) {
        Property *p = add_property(o, name);

        if (!p)
                return -ENOMEM;
        p->type = 'a';
        p->list = strv_copy(strings);
        p->text = strv_join(strings, " ");
        return p->list && p->text ? 0 : -ENOMEM;
}

/* a{sv} */
int object_take_properties(Object *o, sd_bus_message *m) {
        const char *name;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                Property *p;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r < 0)
                        return r;
                p = add_property(o, name);
                r = p ? read_value(m, p) : -ENOMEM;
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int object_read(Ctl *ctl, const char *path, const char *interface, Object *ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(object_clear) Object o = {};
        int r;

        r = bus_method(ctl, path, "org.freedesktop.DBus.Properties", "GetAll", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', interface);
        if (r < 0)
                return bus_message_error(error, r);
        r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        o.path = strdup(path);
        o.interface = strdup(interface);
        r = o.path && o.interface ? object_take_properties(&o, reply) : -ENOMEM;
        if (r < 0)
                return bus_message_error(error, r);
        *ret = o;
        o = (Object){};
        return 0;
}

static int compare(const void *a, const void *b) {
        return strverscmp(((const Object *) a)->path, ((const Object *) b)->path);
}

static void sort(ObjectList *l) {
        if (l->n > 0)
                qsort(l->objects, l->n, sizeof(*l->objects), compare);
}

/* One more in the list, with the properties that are read next. */
static int take_object(ObjectList *l, sd_bus_message *m, const char *path, const char *interface) {
        Object *list = reallocarray(l->objects, l->n + 1, sizeof(*list)), *o;

        if (!list)
                return -ENOMEM;
        l->objects = list;
        o = &list[l->n++];
        *o = (Object){ .path = strdup(path), .interface = strdup(interface) };
        return o->path && o->interface ? object_take_properties(o, m) : -ENOMEM;
}

/* a{sa{sv}}: the interfaces of one object, of which one counts. */
int object_list_take_interfaces(ObjectList *l, sd_bus_message *m, const char *path, const char *wanted) {
        const char *interface;
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read_basic(m, 's', &interface);
                if (r < 0)
                        return r;
                r = streq(interface, wanted) ? take_object(l, m, path, interface) : sd_bus_message_skip(m, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int object_list_take(ObjectList *l, sd_bus_message *m, const char *interface) {
        const char *path;
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read_basic(m, 'o', &path);
                if (r >= 0)
                        r = object_list_take_interfaces(l, m, path, interface);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        sort(l);
        return sd_bus_message_exit_container(m);
}

int object_list_read(Ctl *ctl, const char *interface, ObjectList *ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(object_list_clear) ObjectList l = {};
        int r;

        r = bus_method(ctl, BUS_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &m, error);
        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = object_list_take(&l, reply, interface);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = l;
        l = (ObjectList){};
        return 0;
}

/* a(oa{sv}) */
static int take_containers(ObjectList *l, sd_bus_message *m) {
        const char *path;
        int r = sd_bus_message_enter_container(m, 'a', "(oa{sv})");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "oa{sv}")) > 0) {
                r = sd_bus_message_read_basic(m, 'o', &path);
                if (r >= 0)
                        r = take_object(l, m, path, BUS_CONTAINER);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        sort(l);
        return r;
}

int object_list_read_containers(Ctl *ctl, const char *const *properties, ObjectList *ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(object_list_clear) ObjectList l = {};
        int r;

        r = bus_method(ctl, BUS_ROOT, BUS_MANAGER, "ListContainers", &m, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append_strv(m, (char **) properties);
        if (r < 0)
                return bus_message_error(error, r);
        r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = take_containers(&l, reply);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = l;
        l = (ObjectList){};
        return 0;
}

const Property *object_get(const Object *o, const char *name) {
        for (size_t i = 0; i < o->n; i++)
                if (streq(o->properties[i].name, name))
                        return &o->properties[i];
        return NULL;
}

const char *object_text(const Object *o, const char *name) {
        const Property *p = object_get(o, name);

        return p ? p->text : "";
}

uint64_t object_number(const Object *o, const char *name) {
        const Property *p = object_get(o, name);

        return p ? p->number : 0;
}

char **object_strings(const Object *o, const char *name) {
        const Property *p = object_get(o, name);

        return p ? p->list : NULL;
}
