/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What ctrd itself is to keep to: the settings of ctrd.conf, see ctrd.conf(5). As with those
 * of containers one table defines every key; the parser is theirs.
 */

#include "error.h"
#include "macro.h"
#include "setting-text.h"

/* Numbers are UINT64_MAX where there is no limit. */
typedef struct ManagerSettings {
        uint64_t containers_max;
        uint64_t jobs_max;         /* at work or waiting */
        uint64_t running_jobs_max; /* starts: others wait */
        uint64_t running_clones_max;
        uint64_t monitor_timeout_usec;
        uint64_t template_builds_max;
        uint64_t job_results_max, job_result_usec;

        /* Of any user but root. */
        uint64_t user_containers_max;
        uint64_t user_jobs_max;
        uint64_t user_sessions_max; /* commands, consoles and copies: what has descriptors */
        uint64_t user_queries_max;  /* questions to polkit that have no answer yet */
        uint64_t user_bytes_max;    /* that ctrd holds for them */
} ManagerSettings;

/* All at their defaults. Nothing is to be freed. */
void manager_settings_reset(ManagerSettings *s);

/* Reads a file's text onto them: later assignments override, an empty one resets. What is
 * wrong in a line is told with path and line, and the line counts as not there: one slip must
 * not take all limits away. */
int manager_settings_parse(ManagerSettings *s, const char *text, const char *path, SettingComplain complain, void *userdata);

/* The table, for checks. */
extern const SettingTable manager_settings_table;
