/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What one word of a setting's value may be, for the table of settings: pure checks
 * of the text. What each means is in ctr.conf(5).
 */

#include "macro.h"

bool setting_word_is_absolute_path(const char *s); /* without ".." */
bool setting_word_is_assignment(const char *w);    /* NAME=VALUE */
bool setting_word_is_capability(const char *w);
bool setting_word_is_cpu_range(const char *w); /* "3" or "0-3" */
bool setting_word_is_unit(const char *w); /* "db", a container, or "db.service", a unit that is none of ours */
bool setting_word_is_address(const char *w);
bool setting_word_is_address_with_prefix(const char *w);
bool setting_word_is_bind(const char *w);
bool setting_word_is_tmpfs(const char *w);
bool setting_word_is_device(const char *w);
bool setting_word_is_context(const char *w);    /* USER:ROLE:TYPE[:LEVEL], of SELinux */
bool setting_word_is_credential(const char *w); /* NAME:/PATH */
bool setting_word_is_user(const char *w);       /* of the host: a name, or a number */
