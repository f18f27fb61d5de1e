/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The text of a container's own AppArmor profile, made from the templates of
 * profiles/apparmor. Pure: no file is touched.
 */

#include "error.h"
#include "macro.h"
#include "name.h"

/* "ctr-NAME": the profile of the container. */
#define APPARMOR_PROFILE_MAX (NAME_MAX_LENGTH + 8)
void apparmor_profile_name(const char *container, char ret[static APPARMOR_PROFILE_MAX]);

/* "lxc-ctrd-NAME": the policy namespace that its own profiles are in. Distributions
 * load no profiles in a container unless its namespace is called lxc-… or lxd-…
 * (rc.apparmor.functions, is_container_with_internal_policy()); LXC's own end in the
 * path of its containers, and so are others. */
#define APPARMOR_NAMESPACE_PREFIX "lxc-ctrd-"
#define APPARMOR_NAMESPACE_MAX (NAME_MAX_LENGTH + 16)
void apparmor_namespace_name(const char *container, char ret[static APPARMOR_NAMESPACE_MAX]);

/* What a process is to be: the profile, and on top of it what the container's own
 * policy says, which is nothing as yet. */
#define APPARMOR_LABEL_MAX (APPARMOR_PROFILE_MAX + APPARMOR_NAMESPACE_MAX + 24)
void apparmor_label(const char *container, char ret[static APPARMOR_LABEL_MAX]);

/* Whether a label has a policy namespace of the container's own. */
bool apparmor_label_is_stacked(const char *label);

typedef struct ApparmorTemplate {
        const char *text;   /* "container" or "container-privileged" */
        const char *kernel; /* the file of that name */
        const char *features; /* the path of the file of that name */
} ApparmorTemplate;

/* Fills the template in. rules: the file of the administrator, or NULL; version:
 * what changes when that file does, so that the text changes with it. Names and
 * paths that AppArmor might read as anything but themselves are -EINVAL, whoever
 * checked them before; so is a template with a word between two @ that is unknown. */
int apparmor_profile_generate(const ApparmorTemplate *template, const char *container, const char *rules,
                              const char *version, char **ret);
