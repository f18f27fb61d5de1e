/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* ctrd.conf: its table, and that what is wrong in it takes away nothing else. What the parser
 * takes is in test-settings.c. */

#include "manager-settings.h"
#include "test.h"

typedef struct Told {
        unsigned n;
        char last[256];
} Told;

static void complain(const Error *error, void *userdata) {
        Told *told = userdata;

        told->n++;
        snprintf(told->last, sizeof(told->last), "%s", error_message(error));
}

static Told parse(ManagerSettings *s, const char *text) {
        Told told = {};

        assert_ok(manager_settings_parse(s, text, "x.conf", complain, &told));
        return told;
}

static void defaults_are_limits(void **state) {
        ManagerSettings s;

        memset(&s, 0xff, sizeof(s));
        manager_settings_reset(&s);
        assert_int_equal(s.containers_max, 8192);
        assert_int_equal(s.jobs_max, 512);
        assert_int_equal(s.user_jobs_max, 64);
        assert_int_equal(s.job_result_usec, 600 * USEC_PER_SEC);
        for (size_t i = 0; i < manager_settings_table.n; i++)
                assert_int_not_equal(*(uint64_t *) ((char *) &s + manager_settings_table.rows[i].offset), UINT64_MAX);
}

static void later_ones_override_and_empty_ones_reset(void **state) {
        ManagerSettings s;

        manager_settings_reset(&s);
        assert_int_equal(parse(&s, "[Manager]\nJobsMax=7\nUserJobsMax=infinity\nJobResultSec=2min\nUserBytesMax=2M\n").n, 0);
        assert_int_equal(s.jobs_max, 7);
        assert_true(s.user_jobs_max == UINT64_MAX);
        assert_int_equal(s.job_result_usec, 120 * USEC_PER_SEC);
        assert_int_equal(s.user_bytes_max, 2 << 20);
        assert_int_equal(parse(&s, "[Manager]\nJobsMax=8\nJobsMax=9\nUserJobsMax=\n").n, 0);
        assert_int_equal(s.jobs_max, 9);
        assert_int_equal(s.user_jobs_max, 64);
}

static void a_wrong_line_is_as_if_it_were_not_there(void **state) {
        static const struct {
                const char *line, *said;
        } lines[] = {
                { "JobsMax=0", "x.conf:3: JobsMax=0 is not valid: give a number of at least 1, or infinity" },
                { "JobsMax=-1", "x.conf:3: JobsMax=-1 is not valid" },
                { "JobsMax=18446744073709551616", "x.conf:3: JobsMax=18446744073709551616 is not valid" },
                { "JobResultsMax=infinity", "x.conf:3: JobResultsMax=infinity is not valid: give a number of at most 65536" },
                { "JobMax=3", "x.conf:3: there is no setting JobMax=: did you mean JobsMax=?" },
                { "MemoryMax=3", "x.conf:3: there is no setting MemoryMax=: ctrd.conf(5) lists them all" },
                { "nonsense", "x.conf:3: \"nonsense\" is no assignment" },
                { "[Container]", "x.conf:3: there is no section [Container]: ctrd.conf(5) lists them all" },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                ManagerSettings s;
                char text[256];
                Told told;

                manager_settings_reset(&s);
                snprintf(text, sizeof(text), "[Manager]\nUserJobsMax=5\n%s\n[Manager]\nContainersMax=6\n", lines[i].line);
                told = parse(&s, text);
                assert_int_equal(told.n, 1);
                assert_memory_equal(told.last, lines[i].said, strlen(lines[i].said));
                assert_int_equal(s.user_jobs_max, 5);
                assert_int_equal(s.containers_max, 6);
                assert_int_equal(s.jobs_max, 512);
        }
}

/* Of a section that there is not nothing counts: what follows was meant otherwise. */
static void nothing_counts_in_an_unknown_section(void **state) {
        ManagerSettings s;

        manager_settings_reset(&s);
        assert_int_equal(parse(&s, "JobsMax=2\n[Manager\nJobsMax=3\n[Else]\nJobsMax=4\n").n, 5);
        assert_int_equal(s.jobs_max, 512);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_limits),
                cmocka_unit_test(later_ones_override_and_empty_ones_reset),
                cmocka_unit_test(a_wrong_line_is_as_if_it_were_not_there),
                cmocka_unit_test(nothing_counts_in_an_unknown_section),
        };

        return cmocka_run_group_tests_name("manager-settings", tests, NULL, NULL);
}
