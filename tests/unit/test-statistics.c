/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <jansson.h>

#include "statistics.h"
#include "test.h"

static char *write_all(void) {
        _cleanup_fd_ int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        statistics_write(f, fd);
        fclose(f);
        return text;
}

#define CPUSET                                                                                                     \
        "\"cpuset\":{\"cpu_exclusive\":0,\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,"              \
        "\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,"        \
        "\"sched_relax_domain_level\":0}"
#define NO_MEMORY "{\"limit\":0,\"failcnt\":0}"

static void nothing(void **state) {
        _cleanup_free_ char *text = write_all();

        assert_string_equal(text, "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}}," CPUSET
                                  ",\"memory\":{\"usage\":" NO_MEMORY ",\"swap\":" NO_MEMORY ",\"kernel\":" NO_MEMORY
                                  ",\"kernelTCP\":" NO_MEMORY "},\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},"
                                  "\"network_interfaces\":null}");
}

static void all(void **state) {
        _cleanup_free_ char *text = NULL;

        test_write("cpu.stat", "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 4\nnr_throttled 2\nthrottled_usec 5\n");
        test_write("memory.stat", "anon 7\nfile 8\n");
        test_write("memory.current", "100\n");
        test_write("memory.max", "max\n");
        test_write("memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n");
        test_write("memory.swap.current", "5\n");
        test_write("memory.swap.max", "50\n");
        test_write("pids.current", "3\n");
        test_write("pids.max", "max\n");
        test_write("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=0 dbytes=0 dios=0\n9:1 \n");
        test_write("hugetlb.2MB.current", "2097152\n");
        test_write("hugetlb.2MB.rsvd.current", "1\n");
        test_write("hugetlb.2MB.events", "max 6\n");
        test_write("io.pressure", "some avg10=1.50 avg60=0.00 avg300=0.25 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        text = write_all();
        assert_string_equal(text,
                "{\"cpu\":{\"usage\":{\"total\":30000,\"kernel\":20000,\"user\":10000},"
                "\"throttling\":{\"periods\":4,\"throttledPeriods\":2,\"throttledTime\":5000}}," CPUSET
                ",\"memory\":{\"cache\":8,\"usage\":{\"limit\":18446744073709551615,\"usage\":100,\"failcnt\":3},"
                "\"swap\":{\"limit\":18446744073709551615,\"usage\":105,\"failcnt\":0},\"kernel\":" NO_MEMORY
                ",\"kernelTCP\":" NO_MEMORY ",\"raw\":{\"anon\":7,\"file\":8}},\"pids\":{\"current\":3},"
                "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":1},{\"major\":8,\"op\":\"Write\",\"value\":2}],"
                "\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\",\"value\":3},{\"major\":8,\"op\":\"Write\"}],"
                "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0,\"avg300\":0.25,\"total\":9},"
                "\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":0}}},"
                "\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"failcnt\":6}},\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void values(void **state) {
        static const char text[] = "oom 2\noom_kill 3\noom_group_kill 4\n";

        assert_int_equal(statistics_value(text, "oom"), 2);
        assert_int_equal(statistics_value(text, "oom_kill"), 3);
        assert_int_equal(statistics_value(text, "kill"), 0);
        assert_int_equal(statistics_value("", "oom"), 0);
        assert_int_equal(statistics_value(NULL, "oom"), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = { T_DIR(nothing), T_DIR(all), T(values) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
