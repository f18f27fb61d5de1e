/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config-resources.h"
#include "field.h"
#include "test.h"
#include "unit-property.h"

static char *format(const UnitProperties *p) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        for (size_t i = 0; i < p->n; i++) {
                _cleanup_free_ char *value = variant_format(&p->list[i].value);

                assert_non_null(value);
                fprintf(f, "%s=%s;", p->list[i].name, value);
        }
        fclose(f);
        return text;
}

/* What a unit is told of linux.resources. */
static void check(const char *text, const char *wanted) {
        _cleanup_free_ char *got = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *object = field_load(text, strlen(text), "resources", &error);
        UnitProperties p = {};
        Config c = {};

        assert_non_null(object);
        assert_int_equal(config_parse_resources(&c, object, &error), 0);
        assert_int_equal(unit_properties_limits(&c, &p, &error), 0);
        got = format(&p);
        assert_string_equal(got, wanted);
        json_decref(object);
        arena_clear(&c.arena);
}

static void limits(void **state) {
        check("{}", "");
        check("{\"memory\":{\"limit\":33554432,\"reservation\":25165824,\"swap\":43554432}}",
              "MemorySwapMax=t 10000000;MemoryMax=t 33554432;MemoryLow=t 25165824;");
        check("{\"memory\":{\"limit\":-1}}", "MemorySwapMax=t 18446744073709551615;MemoryMax=t 18446744073709551615;");
        check("{\"pids\":{\"limit\":20}}", "TasksMax=t 20;");
        check("{\"pids\":{\"limit\":-1}}", "TasksMax=t 18446744073709551615;");
        check("{\"cpu\":{\"shares\":4321}}", "CPUWeight=t 165;");
        check("{\"cpu\":{\"quota\":500000,\"period\":1000000}}", "CPUQuotaPeriodUSec=t 1000000;CPUQuotaPerSecUSec=t 500000;");
        check("{\"cpu\":{\"quota\":500000,\"period\":900000}}", "CPUQuotaPeriodUSec=t 900000;CPUQuotaPerSecUSec=t 560000;");
        check("{\"cpu\":{\"quota\":600000,\"period\":900000}}", "CPUQuotaPeriodUSec=t 900000;CPUQuotaPerSecUSec=t 670000;");
        check("{\"cpu\":{\"quota\":5000}}", "CPUQuotaPeriodUSec=t 100000;CPUQuotaPerSecUSec=t 50000;");
        check("{\"cpu\":{\"quota\":-1,\"period\":900000}}",
              "CPUQuotaPeriodUSec=t 900000;CPUQuotaPerSecUSec=t 18446744073709551615;");
        check("{\"cpu\":{\"idle\":1}}", "CPUWeight=t 0;");
        check("{\"cpu\":{\"cpus\":\"0-2,9\",\"mems\":\"0\"}}", "AllowedCPUs=ay 7,2;AllowedMemoryNodes=ay 1;");
        check("{\"blockIO\":{\"weight\":1000}}", "IOWeight=t 10000;");
        check("{\"unified\":{\"memory.high\":\"5242880\",\"memory.min\":\"131072\",\"cpu.max\":\"5000 50000\",\"cpuset.cpus\":\"1\"}}",
              "MemoryHigh=t 5242880;MemoryMin=t 131072;CPUQuotaPeriodUSec=t 50000;CPUQuotaPerSecUSec=t 100000;AllowedCPUs=ay 2;");
        /* What systemd would refuse, or does not know, is for the files alone. */
        check("{\"unified\":{\"memory.max\":\"10M\",\"pids.max\":\"0\",\"cpu.max\":\"5000\",\"io.weight\":\"8:0 5\",\"memory.oom.group\":\"1\"}}", "");
}

static void sets(void **state) {
        static const char *const bad[] = { "x", "1-", "-1", "2-1", "1;2", "8192", "1-8192", "1-2-3" };
        Arena arena = {};
        Variant v;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_true(unit_property_parse_set(&arena, bad[i], &v) < 0);
        assert_int_equal(unit_property_parse_set(&arena, "8191", &v), 0);
        assert_int_equal(v.n, 1024);
        assert_int_equal(v.numbers[1023], 128);
        assert_int_equal(unit_property_parse_set(&arena, " 0, 2-3\n", &v), 0);
        assert_int_equal(v.numbers[0], 13);
        arena_clear(&arena);
}

static char *of_annotations(const char *text) {
        _cleanup_error_ Error error = ERROR_INIT;
        json_t *annotations = field_load(text, strlen(text), "annotations", &error);
        UnitName name = { .slice = "a.slice", .unit = "b.scope" };
        UnitProperties p = {};
        Config c = { .annotations = annotations };
        char *result;

        assert_non_null(annotations);
        if (unit_properties_new(&c, "id", &name, &p, &error) < 0)
                result = strdup(error_message(&error));
        else
                result = format(&p);
        arena_clear(&c.arena);
        json_decref(annotations);
        return result;
}

#define SCOPE                                                                                                 \
        "Description=s 'container id';Slice=s 'a.slice';DefaultDependencies=b 0;Delegate=b 1;"                \
        "CollectMode=s 'inactive-or-failed';CPUAccounting=b 1;IOAccounting=b 1;MemoryAccounting=b 1;TasksAccounting=b 1;"

static void annotations(void **state) {
        static const char *const cases[][2] = {
                { "{}", SCOPE },
                { "{\"other\":\"x\",\"org.systemd.property.TimeoutStopUSec\":\"uint64 123456789\"}", SCOPE "TimeoutStopUSec=t 123456789;" },
                { "{\"org.systemd.property.TimeoutStopSec\":\"uint64 5\"}", SCOPE "TimeoutStopUSec=t 5000000;" },
                { "{\"org.systemd.property.TimeoutStopSec\":\"1.5\"}", SCOPE "TimeoutStopUSec=t 1500000;" },
                { "{\"org.systemd.property.CollectMode\":\"'inactive'\"}", SCOPE "CollectMode=s 'inactive';" },
                { "{\"org.systemd.property.After\":\"['a.service', 'b.service']\"}", SCOPE "After=as 'a.service','b.service';" },
        };
        static const char *const bad[][2] = {
                { "{\"org.systemd.property.\":\"1\"}", "name incorrect" },
                { "{\"org.systemd.property.a b\":\"1\"}", "name incorrect" },
                { "{\"org.systemd.property.TimeoutStopSec\":\"'5'\"}", "value parse error" },
                { "{\"org.systemd.property.TimeoutStopSec\":\"-5\"}", "value parse error" },
                { "{\"org.systemd.property.TimeoutStopSec\":\"uint64 18446744073709551615\"}", "value parse error" },
                { "{\"org.systemd.property.After\":\"a.service\"}", "value parse error" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = of_annotations(cases[i][0]);

                assert_string_equal(got, cases[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *got = of_annotations(bad[i][0]);

                if (!strstr(got, bad[i][1]))
                        fail_msg("%s: %s", bad[i][0], got);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { T(limits), T(sets), T(annotations) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
