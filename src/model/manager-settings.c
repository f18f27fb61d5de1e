/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "manager-settings.h"

#define FIELD(f) .offset = offsetof(ManagerSettings, f), .size = sizeof(((ManagerSettings *) NULL)->f)
#define COUNT(f, n) FIELD(f), SETTING_NUMBER, .initial = n, .minimum = 1, .expected = "give a number of at least 1, or infinity"

static const SettingRow rows[] = {
        { "Manager", "ContainersMax", COUNT(containers_max, 8192), .summary = "containers there may be" },
        { "Manager", "JobsMax", COUNT(jobs_max, 512), .summary = "jobs there may be, at work or queued" },
        { "Manager", "RunningJobsMax", COUNT(running_jobs_max, 32), .summary = "starts at a time; others are queued" },
        { "Manager", "RunningClonesMax", COUNT(running_clones_max, 4), .summary = "clones at a time; others are queued" },
        { "Manager", "TemplateBuildsMax", COUNT(template_builds_max, 4), .summary = "templates that run at a time; others are queued" },
        { "Manager", "JobResultsMax", FIELD(job_results_max), SETTING_NUMBER, .initial = 256, .maximum = 65536,
          .expected = "give a number of at most 65536", .summary = "jobs that have ended and can still be asked for" },
        { "Manager", "JobResultSec", FIELD(job_result_usec), SETTING_TIME, .initial = 600 * USEC_PER_SEC,
          .expected = "give a time, such as 10min, or infinity", .summary = "for how long they can" },
        { "Manager", "MonitorTimeoutSec", FIELD(monitor_timeout_usec), SETTING_TIME, .initial = 60 * USEC_PER_SEC,
          .expected = "give a time, such as 1min, or infinity", .summary = "what a monitor may take for a stop beyond its timeout" },
        { "Manager", "UserContainersMax", COUNT(user_containers_max, 64), .summary = "containers that one user may own" },
        { "Manager", "UserJobsMax", COUNT(user_jobs_max, 64), .summary = "jobs that one user may have, at work or queued" },
        { "Manager", "UserSessionsMax", COUNT(user_sessions_max, 64),
          .summary = "commands, consoles and copies that one user may have at a time" },
        { "Manager", "UserQueriesMax", COUNT(user_queries_max, 64),
          .summary = "calls of one user that may wait for an authorisation" },
        { "Manager", "UserBytesMax", FIELD(user_bytes_max), SETTING_BYTES, .initial = 64 << 20, .minimum = 1 << 20,
          .expected = "give a size of at least 1M, or infinity", .summary = "what ctrd keeps in memory for one user" },
};

const SettingTable manager_settings_table = { rows, ELEMENTSOF(rows), "ctrd.conf(5)" };

static void *row_field(ManagerSettings *s, const SettingRow *row) {
        return (char *) s + row->offset;
}

void manager_settings_reset(ManagerSettings *s) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                rows[i].reset(&rows[i], row_field(s, &rows[i]));
}

typedef struct Reading {
        ManagerSettings *settings;
        SettingComplain complain;
        void *userdata;
} Reading;

static int take(const SettingRow *row, const char *value, void *userdata, Error *error) {
        Reading *reading = userdata;

        if (*value)
                return row->parse(row, row_field(reading->settings, row), value, error);
        row->reset(row, row_field(reading->settings, row));
        return 0;
}

static void complain(const Error *error, void *userdata) {
        Reading *reading = userdata;

        reading->complain(error, reading->userdata);
}

int manager_settings_parse(ManagerSettings *s, const char *text, const char *path, SettingComplain to, void *userdata) {
        Reading reading = { s, to, userdata };

        return setting_text_parse(&manager_settings_table, text, path, take, complain, &reading, NULL);
}
