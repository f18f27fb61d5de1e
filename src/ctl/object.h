/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Objects of ctrd as they are read from the bus: properties by name, each as
 * text and, where it is one, as a number.
 */

#include "ctl.h"

typedef struct Property {
        char *name;
        char type;    /* of D-Bus; 'a' for a list of strings */
        char *text;   /* lists: joined by blanks */
        char **list;  /* of a list */
        uint64_t number;
} Property;

typedef struct Object {
        char *path;
        char *interface;
        Property *properties;
        size_t n;
} Object;

typedef struct ObjectList {
        Object *objects;
        size_t n;
} ObjectList;

void object_clear(Object *o);
void object_list_clear(ObjectList *l);

/* All properties of one object. */
int object_read(Ctl *ctl, const char *path, const char *interface, Object *ret, Error *error);

/* All objects that have the interface, sorted by path; numbers in paths as
 * numbers. */
int object_list_read(Ctl *ctl, const char *interface, ObjectList *ret, Error *error);

/* All containers with these properties alone, sorted as above: of a thousand, all that is
 * known is two MiB. */
int object_list_read_containers(Ctl *ctl, const char *const *properties, ObjectList *ret, Error *error);

/* The same out of messages, from where they are read: the answer of GetManagedObjects,
 * the interfaces of one object, and the properties of one interface. */
int object_list_take(ObjectList *l, sd_bus_message *m, const char *interface);
int object_list_take_interfaces(ObjectList *l, sd_bus_message *m, const char *path, const char *interface);
int object_take_properties(Object *o, sd_bus_message *m);

/* Adds a property that came from elsewhere. UINT64_MAX: none, null in JSON. */
int object_add_number(Object *o, const char *name, uint64_t number);
int object_add_strings(Object *o, const char *name, char *const *strings);

const Property *object_get(const Object *o, const char *name);
/* "" and 0 where there is no such property. */
const char *object_text(const Object *o, const char *name);
uint64_t object_number(const Object *o, const char *name);
char **object_strings(const Object *o, const char *name);
