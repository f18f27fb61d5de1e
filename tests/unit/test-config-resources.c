/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-resources.h"
#include "field.h"
#include "test.h"

/* linux.resources as the plan of writes that it becomes: "file=value;…". */
static char *plan(const char *text) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = field_load(text, strlen(text), "resources", &error);
        Config c = {};
        char *result = NULL;
        size_t size;
        FILE *f = open_memstream(&result, &size);

        assert_non_null(object);
        assert_non_null(f);
        if (config_parse_resources(&c, object, &error) < 0)
                fprintf(f, "error: %s", error_message(&error));
        else
                for (size_t i = 0; i < c.n_resources; i++)
                        fprintf(f, "%s=%s%s;", c.resources[i].file, c.resources[i].value,
                                c.resources[i].flags & RESOURCE_OPTIONAL  ? "?"
                                : c.resources[i].flags & RESOURCE_OR_NEXT ? "|"
                                : c.resources[i].flags & RESOURCE_TRY     ? "~"
                                                                          : "");
        fclose(f);
        json_decref(object);
        arena_clear(&c.arena);
        return result;
}

static void check(const char *text, const char *wanted) {
        _cleanup_free_ char *got = plan(text);

        if (!streq(got, wanted))
                print_error("%s\n", text);
        assert_string_equal(got, wanted);
}

static void refuse(const char *text, const char *why) {
        _cleanup_free_ char *got = plan(text);

        if (!startswith(got, "error: ") || !strstr(got, why))
                print_error("%s: %s\n", text, got);
        assert_non_null(startswith(got, "error: "));
        assert_non_null(strstr(got, why));
}

static void weights(void **state) {
        static const uint64_t shares[][2] = { { 0, 1 }, { 2, 1 }, { 100, 4 }, { 1024, 39 }, { 3333, 128 },
                                              { 4321, 165 }, { 262144, 10000 }, { UINT64_MAX, 10000 } };
        static const uint64_t io[][2] = { { 10, 1 }, { 100, 910 }, { 750, 7475 }, { 1000, 10000 } };

        for (size_t i = 0; i < ELEMENTSOF(shares); i++)
                assert_true(config_weight_of_shares(shares[i][0]) == shares[i][1]);
        for (size_t i = 0; i < ELEMENTSOF(io); i++)
                assert_true(config_weight_of_block_io(io[i][0]) == io[i][1]);
}

static void memory(void **state) {
        check("{}", "");
        check("{\"memory\":{}}", "");
        check("{\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0}}", "");
        check("{\"memory\":{\"limit\":100,\"swap\":150,\"reservation\":-1}}", "memory.swap.max=50?;memory.max=100;memory.low=max;");
        check("{\"memory\":{\"limit\":100,\"swap\":100}}", "memory.swap.max=0?;memory.max=100;");
        check("{\"memory\":{\"limit\":-1}}", "memory.swap.max=max?;memory.max=max;");
        check("{\"memory\":{\"swap\":-1}}", "memory.swap.max=max?;");
        check("{\"memory\":{\"kernel\":-1,\"kernelTCP\":0,\"disableOOMKiller\":false,\"useHierarchy\":true}}", "");
        refuse("{\"memory\":{\"swap\":100}}", "cannot set swap limit without the memory limit");
        refuse("{\"memory\":{\"limit\":-1,\"swap\":100}}", "without the memory limit");
        refuse("{\"memory\":{\"limit\":100,\"swap\":99}}", "cannot set memory+swap limit less than the memory limit");
        refuse("{\"memory\":{\"limit\":-2}}", "out of range");
        refuse("{\"memory\":{\"kernel\":1}}", "cannot set kernel memory with cgroupv2");
        refuse("{\"memory\":{\"kernelTCP\":1}}", "cannot set kernel TCP with cgroupv2");
        refuse("{\"memory\":{\"swappiness\":0}}", "cannot set memory swappiness with cgroupv2");
        refuse("{\"memory\":{\"disableOOMKiller\":true}}", "cannot disable OOM killer with cgroupv2");
}

static void cpu(void **state) {
        check("{\"cpu\":{\"shares\":1024,\"quota\":1000}}", "cpu.weight=39;cpu.max=1000 100000;");
        check("{\"cpu\":{\"period\":50000}}", "cpu.max=max 50000;");
        check("{\"cpu\":{\"quota\":-1}}", "cpu.max=max 100000;");
        check("{\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"burst\":0,\"cpus\":\"\",\"mems\":\"\"}}", "");
        check("{\"cpu\":{\"quota\":5000,\"period\":9000,\"burst\":10}}", "cpu.max.burst=10~;cpu.max=5000 9000;cpu.max.burst=10;");
        check("{\"cpu\":{\"burst\":10}}", "cpu.max.burst=10;");
        check("{\"cpu\":{\"idle\":1,\"shares\":1024}}", "cpu.idle=1;");
        check("{\"cpu\":{\"idle\":0,\"shares\":2}}", "cpu.idle=0;cpu.weight=1;");
        check("{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}", "cpuset.cpus=0-1;cpuset.mems=0;");
        check("{\"cpu\":{\"realtimePeriod\":0,\"realtimeRuntime\":0}}", "");
        refuse("{\"cpu\":{\"realtimePeriod\":1}}", "realtime period not supported on cgroupv2");
        refuse("{\"cpu\":{\"realtimeRuntime\":-1}}", "realtime runtime not supported on cgroupv2");
        refuse("{\"cpu\":{\"idle\":2}}", "out of range");
}

static void pids(void **state) {
        check("{\"pids\":{\"limit\":5}}", "pids.max=5;");
        check("{\"pids\":{\"limit\":0}}", "");
        check("{\"pids\":{\"limit\":-1}}", "pids.max=max;");
        refuse("{\"pids\":{\"limit\":\"5\"}}", "whole number");
}

static void block_io(void **state) {
        check("{\"blockIO\":{\"weight\":750}}", "io.bfq.weight=750|;io.weight=7475;");
        check("{\"blockIO\":{\"weight\":0,\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":9}]}}", "");
        check("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":100}]}}",
              "io.bfq.weight=8:16 100|;io.weight=8:16 910;");
        check("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":9},{\"major\":9,\"minor\":1,\"rate\":0}],"
              "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":18446744073709551615}],"
              "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":3}],"
              "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":4}]}}",
              "io.max=8:0 rbps=9;io.max=9:1 rbps=max;io.max=8:0 wbps=18446744073709551615;io.max=8:0 riops=3;io.max=8:0 wiops=4;");
        refuse("{\"blockIO\":{\"weight\":9}}", "from 10 to 1000");
        refuse("{\"blockIO\":{\"weight\":1001}}", "from 10 to 1000");
        refuse("{\"blockIO\":{\"leafWeight\":10}}", "cannot set leaf_weight with cgroupv2");
        refuse("{\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":1}]}}", "from 10 to 1000");
        refuse("{\"blockIO\":{\"weightDevice\":[1]}}", "must be an object");
        refuse("{\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":-1}]}}", "throttleReadBpsDevice");
}

static void others(void **state) {
        check("{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9223372036854772000}]}",
              "hugetlb.2MB.max=9223372036854772000;hugetlb.2MB.rsvd.max=9223372036854772000?;");
        refuse("{\"hugepageLimits\":[{\"limit\":1}]}", "pageSize");
        refuse("{\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]}", "pageSize");
        refuse("{\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":1}]}", "pageSize");
        refuse("{\"hugepageLimits\":[{\"pageSize\":\"2\",\"limit\":1}]}", "pageSize");
        refuse("{\"hugepageLimits\":[{\"pageSize\":\"0MB\",\"limit\":1}]}", "pageSize");
        check("{\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},\"x\":{\"hcaObjects\":0},\"y\":{}}}",
              "rdma.max=mlx5_1 hca_handle=3 hca_object=10000;rdma.max=x hca_object=0;");
        refuse("{\"rdma\":{\"a b\":{\"hcaHandles\":3}}}", "no device");
        check("{\"network\":{\"classID\":0,\"priorities\":[]}}", "");
        refuse("{\"network\":{\"classID\":1}}", "network limits not supported on cgroupv2");
        refuse("{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":1}]}}", "network limits not supported");
        refuse("{\"memory\":[]}", "must be an object");
}

static void unified(void **state) {
        check("{\"unified\":{\"memory.high\":\"max\",\"cgroup.max.depth\":\"3\"},\"memory\":{\"limit\":5}}",
              "memory.max=5;memory.high=max;cgroup.max.depth=3;");
        check("{\"unified\":{\"io.max\":\"8:0 rbps=1\\n\\n8:16 wbps=2\\n\"}}", "io.max=8:0 rbps=1;io.max=8:16 wbps=2;");
        refuse("{\"unified\":{\"NOT-A-VALID-KEY\":\"x\"}}", "the specified key has not the form CONTROLLER.VALUE `NOT-A-VALID-KEY`");
        refuse("{\"unified\":{\".\":\"x\"}}", "CONTROLLER.VALUE");
        refuse("{\"unified\":{\"..\":\"x\"}}", "CONTROLLER.VALUE");
        refuse("{\"unified\":{\"../x.y\":\"1\"}}", "without any slash");
        refuse("{\"unified\":{\"memory.max\":1}}", "must be a string");
}

/* The list grows where it is full. */
static void many(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Config c = {};
        int n = 0;

        for (; n < 5000 && config_add_resource(&c, "x", NULL, "y", n % 2 ? "a" : "b", 0, &error) >= 0; n++)
                ;
        assert_int_equal(n, c.n_resources);
        assert_true(n >= 256 && n < 5000);
        for (int i = 0; i < n; i++)
                assert_string_equal(c.resources[i].value, i % 2 ? "a" : "b");
        arena_clear(&c.arena);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(weights), T(memory), T(cpu), T(pids), T(block_io), T(others), T(unified), T(many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
