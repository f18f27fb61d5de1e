/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * AppArmor and SELinux: the label that the next execve(2) takes. attributes
 * is a descriptor of /proc/thread-self/attr that was checked to be procfs
 * (CVE-2019-16884, CVE-2025-52881: a write to attr/ redirected elsewhere).
 * Each has a twin that is built without it and refuses.
 */

#include "error.h"
#include "macro.h"

/* Whether the kernel runs it; asked only where the config names a label. */
bool apparmor_is_enabled(void);
bool selinux_is_enabled(void);

/* Whether this build knows it. */
bool apparmor_is_supported(void);
bool selinux_is_supported(void);

/* Whether a profile is loaded, as far as can be seen: true where that is not shown,
 * and of names that are more than one profile's. apparmor_set_exec() knows better. */
bool apparmor_may_be_loaded(const char *profile);

/* Whether the caller, of whose /proc/self/attr this is, has a profile that holds it. */
bool apparmor_is_confined(int attributes);

int apparmor_set_exec(int attributes, const char *profile, Error *error);

/* The label of the caller from now on. An execve(2) that changes it would clear the
 * parent-death signal (apparmor_bprm_committing_creds()), and with it what ends a
 * container whose monitor was killed. */
int apparmor_set_now(int attributes, const char *profile, Error *error);
int selinux_set_exec(int attributes, const char *label, Error *error);

/* Adds context="LABEL" to the options of a mount; NULL where SELinux is off. */
char *selinux_mount_option(const char *label);
