/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container's unit is told: the limits of its config, as far as systemd has
 * properties for them, and those that annotations give.
 */

#include "config.h"
#include "unit-name.h"
#include "variant.h"

typedef struct UnitProperty {
        const char *name;
        Variant value;
} UnitProperty;

typedef struct UnitProperties {
        UnitProperty *list;
        size_t n;
} UnitProperties;

#define UNIT_PROPERTY_PREFIX "org.systemd.property."

/* All for a new unit but the process. Where one comes twice the later wins. */
int unit_properties_new(Config *c, const char *id, const UnitName *name, UnitProperties *ret, Error *error);

/* The limits alone, for an update. */
int unit_properties_limits(Config *c, UnitProperties *ret, Error *error);

/* "a(sv)", and what is in such an array. */
void unit_properties_put(DBusWriter *w, const UnitProperties *p);
void unit_properties_put_each(DBusWriter *w, const UnitProperties *p);

/* The bits that "0-2,5" stands for. -EINVAL. */
int unit_property_parse_set(Arena *arena, const char *text, Variant *ret);
