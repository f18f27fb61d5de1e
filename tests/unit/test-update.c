/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <jansson.h>

#include "test.h"
#include "update.h"

static void check(const char *change, const char *saved, const char *wanted) {
        json_t *c = json_loads(change, 0, NULL), *s = saved ? json_loads(saved, 0, NULL) : NULL, *w = json_loads(wanted, 0, NULL);

        assert_true(c && w && (s || !saved));
        update_complete(c, s);
        if (!json_equal(c, w))
                fail_msg("%s on %s: not %s but %s", change, saved, wanted, json_dumps(c, 0));
        json_decref(c);
        json_decref(s);
        json_decref(w);
}

static void quota_and_period(void **state) {
        static const char saved[] = "{\"cpu\":{\"quota\":500000,\"period\":1000000,\"shares\":100}}";

        check("{\"cpu\":{\"period\":900000}}", saved, "{\"cpu\":{\"period\":900000,\"quota\":500000}}");
        check("{\"cpu\":{\"quota\":600000}}", saved, "{\"cpu\":{\"period\":1000000,\"quota\":600000}}");
        check("{\"cpu\":{\"quota\":-1}}", saved, "{\"cpu\":{\"period\":1000000,\"quota\":-1}}");
        check("{\"cpu\":{\"quota\":1,\"period\":2}}", saved, "{\"cpu\":{\"period\":2,\"quota\":1}}");
        check("{\"cpu\":{\"shares\":5}}", saved, "{\"cpu\":{\"shares\":5}}");
        check("{\"cpu\":{\"quota\":600000}}", "{}", "{\"cpu\":{\"quota\":600000}}");
        check("{\"cpu\":{\"quota\":600000}}", NULL, "{\"cpu\":{\"quota\":600000}}");
        check("{\"pids\":{\"limit\":5}}", saved, "{\"pids\":{\"limit\":5}}");
}

static void swap(void **state) {
        static const char saved[] = "{\"memory\":{\"limit\":100,\"swap\":200}}";

        check("{\"memory\":{\"swap\":300}}", saved, "{\"memory\":{\"swap\":300,\"limit\":100}}");
        check("{\"memory\":{\"swap\":300,\"limit\":150}}", saved, "{\"memory\":{\"swap\":300,\"limit\":150}}");
        check("{\"memory\":{\"swap\":-1}}", saved, "{\"memory\":{\"swap\":-1}}");
        check("{\"memory\":{\"limit\":150}}", saved, "{\"memory\":{\"limit\":150}}");
}

/* As runc's own example of a file has them. */
static void zeros_are_nothing(void **state) {
        check("{\"memory\":{\"limit\":0,\"reservation\":0,\"swap\":0},\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"},"
              "\"blockIO\":{\"weight\":0},\"pids\":null}",
              "{\"cpu\":{\"quota\":5}}", "{\"memory\":{},\"cpu\":{},\"blockIO\":{}}");
        check("{\"cpu\":{\"idle\":0}}", NULL, "{\"cpu\":{\"idle\":0}}");
        check("{\"unified\":{\"a.b\":\"\"}}", NULL, "{\"unified\":{\"a.b\":\"\"}}");
        check("{\"rdma\":{\"x\":{\"hcaHandles\":0}}}", NULL, "{\"rdma\":{\"x\":{\"hcaHandles\":0}}}");
        check("{\"cpu\":5,\"memory\":[]}", "{\"cpu\":[],\"memory\":7}", "{\"cpu\":5,\"memory\":[]}");
}

int main(void) {
        const struct CMUnitTest tests[] = { T(quota_and_period), T(swap), T(zeros_are_nothing) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
