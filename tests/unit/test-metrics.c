/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "metrics.h"
#include "test.h"

const Verb *const verbs[] = { NULL };

#define TEXT(n, t) { .name = (char *) (n), .type = 's', .text = (char *) (t) }
#define NUMBER(n, v) { .name = (char *) (n), .type = 't', .text = (char *) "", .number = (v) }

static char *render(const ObjectList *containers, const ObjectList *jobs, const UsageList *usage) {
        char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        assert_non_null(f);
        metrics_write(f, "1.2", containers, jobs, usage);
        assert_int_equal(fclose(f), 0);
        return text;
}

static void nothing_is_there(void **state) {
        _cleanup_free_ char *text = render(&(ObjectList){}, &(ObjectList){}, &(UsageList){});

        assert_ptr_equal(strstr(text, "# TYPE ctrd info\n# HELP ctrd The manager of containers.\nctrd_info{version=\"1.2\"} 1\n"), text);
        assert_non_null(strstr(text, "ctrd_containers{state=\"running\"} 0\n"));
        assert_null(strstr(text, "container=\""));
        assert_true(endswith(text, "\n# EOF\n"));
}

/* What no name of ours is, and still must not end a label. */
static void words_are_escaped(void **state) {
        Property p[] = { TEXT("Name", "a\"b\\c\nd"), TEXT("State", "running"), TEXT("Image", "ä{}") };
        Object o = { .properties = p, .n = ELEMENTSOF(p) };
        _cleanup_free_ char *text = render(&(ObjectList){ &o, 1 }, &(ObjectList){}, &(UsageList){});

        assert_non_null(strstr(text, "\nctrd_container_info{container=\"a\\\"b\\\\c\\nd\",image=\"ä{}\",template=\"\","
                                     "runtime=\"\",privileged=\"\"} 1\n"));
        assert_non_null(strstr(text, "\nctrd_container_state{container=\"a\\\"b\\\\c\\nd\",ctrd_container_state=\"running\"} 1\n"));
        assert_non_null(strstr(text, "ctrd_container_state=\"stopped\"} 0\n"));
        assert_non_null(strstr(text, "ctrd_containers{state=\"running\"} 1\n"));
}

static void numbers_have_base_units(void **state) {
        __typeof__(*((Usage *) NULL)->figures) figures[] = {
                { (char *) "CPUUsageUSec", 1500001 }, { (char *) "MemoryCurrent", UINT64_MAX - 1 }, { (char *) "Other", 1 },
        };
        Usage u = { .name = (char *) "web", .figures = figures, .n = ELEMENTSOF(figures) };
        Property p[] = { TEXT("Name", "web"), TEXT("State", "?"), NUMBER("StartedAt", 1700000000000005), NUMBER("ExitedAt", 0) };
        Object o = { .properties = p, .n = ELEMENTSOF(p) };
        _cleanup_free_ char *text = render(&(ObjectList){ &o, 1 }, &(ObjectList){}, &(UsageList){ &u, 1 });

        assert_non_null(strstr(text, "# TYPE ctrd_container_cpu_seconds counter\n# UNIT ctrd_container_cpu_seconds seconds\n"));
        assert_non_null(strstr(text, "\nctrd_container_cpu_seconds_total{container=\"web\"} 1.500001\n"));
        assert_non_null(strstr(text, "\nctrd_container_memory_bytes{container=\"web\"} 18446744073709551614\n"));
        assert_non_null(strstr(text, "\nctrd_container_started_seconds{container=\"web\"} 1700000000.000005\n"));
        assert_null(strstr(text, "ctrd_container_exited_seconds{"));
        assert_null(strstr(text, "Other"));
        assert_null(strstr(text, "ctrd_containers{state=\"failed\"} 1"));
}

static void jobs_are_counted(void **state) {
        Property a[] = { TEXT("Kind", "start"), TEXT("State", "running") }, b[] = { TEXT("Kind", "start"), TEXT("State", "done") };
        Object o[] = { { .properties = a, .n = 2 }, { .properties = b, .n = 2 }, { .properties = a, .n = 2 } };
        _cleanup_free_ char *text = render(&(ObjectList){}, &(ObjectList){ o, 3 }, &(UsageList){});
        const char *first = strstr(text, "ctrd_jobs{kind=\"start\",state=\"running\"} 2\n");

        assert_non_null(first);
        assert_null(strstr(first + 30, "ctrd_jobs{kind=\"start\",state=\"running\"}"));
        assert_non_null(strstr(text, "ctrd_jobs{kind=\"start\",state=\"done\"} 1\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(nothing_is_there), T(words_are_escaped), T(numbers_have_base_units), T(jobs_are_counted),
        };

        return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
