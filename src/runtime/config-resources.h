/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * linux.resources in the words of cgroup v2. The specification still speaks v1;
 * the translation is the one of its document cgroup-v2, and where that says
 * nothing the one of crun and runc. The result is a plan: writes into files of
 * the cgroup, in order. Where one file is written twice the later write wins.
 */

#include "config.h"

/* Adds one write. file, value, where: constants, or from the arena; a value that is
 * NULL is a failure to allocate. */
int config_add_resource(Config *c, const char *file, const char *controller, const char *where, const char *value,
                        unsigned flags, Error *error);

/* Whether a field is there, and not null. */
bool config_has_field(const json_t *object, const char *key);

/* cpu.shares, from 2 to 262144, as cpu.weight, from 1 to 10000. */
uint64_t config_weight_of_shares(uint64_t shares);

/* blockIO.weight, from 10 to 1000, as io.weight, from 1 to 10000. */
uint64_t config_weight_of_block_io(uint64_t weight);

/* The parts, each with the whole of linux.resources. */
int config_parse_cpu(Config *c, const json_t *resources, Error *error);
int config_parse_memory(Config *c, const json_t *resources, Error *error);
int config_parse_block_io(Config *c, const json_t *resources, Error *error);
int config_parse_device_rules(Config *c, const json_t *resources, Error *error);
