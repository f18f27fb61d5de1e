/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names: of containers, images, templates, credentials; machine ids. All are
 * allow-lists: a name becomes a file name, a unit name, a host name and part of
 * a line somewhere, and none of those may be surprised.
 */

#include "error.h"
#include "macro.h"

/* A container is named as a host is: 1 to 63 of a-z 0-9 and '-', neither first
 * nor last a '-' (RFC 1123 2.1, hostname(7)); lower case only, since names of
 * units, files and DNS must not differ in case alone. */
#define NAME_MAX_LENGTH 63
bool name_is_valid(const char *name);
int name_check(const char *name, Error *error); /* the same, with a sentence */

/* "debian" or "debian/bookworm": words of a-z 0-9 . _ -, beginning with a
 * letter or digit, at most one slash. ret_variant: NULL where there is none. */
int name_split_template(const char *reference, char **ret_template, char **ret_variant, Error *error);

/* An image id: one such word, at most 128 bytes. */
bool name_is_image_id(const char *id);

/* A credential's name: a file name of printable ASCII without '/' (systemd.exec(5)
 * has ids up to 255 bytes); never "." or "..". */
bool name_is_credential(const char *name);

/* 32 lower-case hexadecimal digits, not all zero: machine-id(5). */
bool name_is_machine_id(const char *id);

/* Spreads names, for each salt in another way; nothing depends on its being hard to
 * reverse. */
uint64_t name_hash(const char *name, const char *salt);

/* The network interface of the host's end: "ve-NAME", at most 15 characters as
 * the kernel allows. Longer names are cut and end with six letters and digits (31
 * bits) of a hash of the whole name, so that two containers do not meet. */
#define NAME_INTERFACE_MAX 16
void name_host_interface(const char *name, char ret[static NAME_INTERFACE_MAX]);

/* A locally administered unicast MAC address derived from the name and a salt
 * ("host" or "container"): the same in each run, different for the two ends. */
void name_mac_address(const char *name, const char *salt, uint8_t ret[static 6]);
