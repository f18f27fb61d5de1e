/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "bundle-devices.h"
#include "device-grant.h"

static const char *kind(const DeviceGrant *grant) {
        return S_ISBLK(grant->mode) ? "b" : "c";
}

/* Root inside owns the node: in a user namespace the host's owner would be nobody. */
json_t *bundle_devices(const Launch *launch) {
        json_t *list = json_array();

        for (size_t i = 0; list && i < launch->n_devices; i++) {
                const DeviceGrant *g = launch->devices + i;

                if (json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:i}", "path", g->word.destination,
                                                          "type", kind(g), "major", (json_int_t) major(g->number), "minor",
                                                          (json_int_t) minor(g->number), "fileMode",
                                                          (json_int_t) (g->mode & 0777), "uid", 0, "gid", 0)) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

/* Nothing but what the runtime always allows (null, zero, full, random, urandom, tty,
 * console, ptmx, pts), tun devices, which belong to a network namespace, and what was
 * given. The scope's DeviceAllow= says the same, for the manager on the host. */
json_t *bundle_device_rules(const Launch *launch) {
        json_t *rules = json_pack("[{s:b, s:s}, {s:b, s:s, s:i, s:i, s:s}]", "allow", 0, "access", "rwm", "allow", 1, "type", "c",
                                  "major", 10, "minor", 200, "access", "rwm");

        for (size_t i = 0; rules && i < launch->n_devices; i++) {
                const DeviceGrant *g = launch->devices + i;

                if (json_array_append_new(rules, json_pack("{s:b, s:s, s:I, s:I, s:s}", "allow", 1, "type", kind(g), "major",
                                                           (json_int_t) major(g->number), "minor",
                                                           (json_int_t) minor(g->number), "access", g->word.access)) < 0) {
                        json_decref(rules);
                        return NULL;
                }
        }
        return rules;
}
