/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <assert.h>
#include <signal.h>

#include "file.h"
#include "name.h"
#include "parse.h"
#include "plan.h"
#include "wire.h"

#define CONSOLE_LOG_MIN (4 * 1024)
#define CONSOLE_LOG_DEFAULT (1024 * 1024)
#define STOP_TIMEOUT_DEFAULT (90 * USEC_PER_SEC)

typedef int (*PlanParser)(const char *value, void *field, Plan *plan);

static int parse_path(const char *value, void *field, Plan *plan) {
        if (value[0] != '/')
                return -EINVAL;
        *(const char **) field = value;
        return 0;
}

static int parse_text(const char *value, void *field, Plan *plan) {
        if (isempty(value))
                return -EINVAL;
        *(const char **) field = value;
        return 0;
}

static int parse_name(const char *value, void *field, Plan *plan) {
        if (!name_is_valid(value))
                return -EINVAL;
        *(const char **) field = value;
        return 0;
}

static int parse_root(const char *value, void *field, Plan *plan) {
        if (streq(value, "overlay"))
                plan->root = PLAN_ROOT_OVERLAY;
        else if (streq(value, "bind"))
                plan->root = PLAN_ROOT_BIND;
        else
                return -EINVAL;
        return 0;
}

static int parse_lower(const char *value, void *field, Plan *plan) {
        if (value[0] != '/')
                return -EINVAL;
        if (plan->n_lower >= PLAN_LOWER_MAX)
                return -E2BIG;
        plan->lower[plan->n_lower++] = value;
        return 0;
}

static int parse_idmap(const char *value, void *field, Plan *plan) {
        char copy[3 * 10 + 2 + 1], *words[3], *rest = copy;
        IdMap *map = &plan->idmap[plan->n_idmap];
        size_t n = strlen(value);

        if (plan->n_idmap >= PLAN_IDMAP_MAX)
                return -E2BIG;
        if (n >= sizeof(copy))
                return -EINVAL;
        memcpy(copy, value, n + 1);
        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                words[i] = strsep(&rest, " ");
                if (!words[i])
                        return -EINVAL;
        }
        if (rest || parse_u32(words[0], &map->inside) < 0 || parse_u32(words[1], &map->outside) < 0 ||
            parse_u32(words[2], &map->count) < 0)
                return -EINVAL;
        plan->n_idmap++;
        return 0;
}

static int parse_flag(const char *value, void *field, Plan *plan) {
        int r = parse_bool(value);

        if (r < 0)
                return r;
        *(bool *) field = r;
        return 0;
}

static int parse_stop_signal(const char *value, void *field, Plan *plan) {
        uint64_t signal;

        if (parse_uint_max(value, (uint64_t) SIGRTMAX, &signal) < 0 || signal == 0)
                return -EINVAL;
        *(int *) field = (int) signal;
        return 0;
}

static int parse_time(const char *value, void *field, Plan *plan) {
        if (streq(value, "infinity")) {
                *(uint64_t *) field = USEC_INFINITY;
                return 0;
        }
        return parse_u64(value, field);
}

static int parse_bytes(const char *value, void *field, Plan *plan) {
        return parse_u64(value, field);
}

#define FIELD(name) offsetof(Plan, name)

static const struct PlanKey {
        const char *key;
        PlanParser parse;
        size_t offset;
        bool list;
} keys[] = {
        { "NAME", parse_name, FIELD(name), false },
        { "RUNTIME", parse_path, FIELD(runtime), false },
        { "BUNDLE", parse_path, FIELD(bundle), false },
        { "INTERCEPTOR", parse_path, FIELD(interceptor), false },
        { "INTERCEPTED_MOUNTS", parse_text, FIELD(intercepted_mounts), false },
        { "ROOTFS", parse_path, FIELD(rootfs), false },
        { "ROOT", parse_root, 0, false },
        { "LOWER", parse_lower, 0, true },
        { "STORE", parse_path, FIELD(store), false },
        { "READONLY", parse_flag, FIELD(readonly), false },
        { "IDMAP", parse_idmap, 0, true },
        { "STOP_SIGNAL", parse_stop_signal, FIELD(stop_signal), false },
        { "STOP_TIMEOUT_USEC", parse_time, FIELD(stop_timeout), false },
        { "EXTEND_MAX_USEC", parse_time, FIELD(extend_max), false },
        { "NOTIFY", parse_flag, FIELD(notify), false },
        { "NOTIFY_SOCKET", parse_path, FIELD(notify_socket), false },
        { "TERMINAL", parse_flag, FIELD(terminal), false },
        { "CONSOLE_LOG", parse_path, FIELD(console_log), false },
        { "CONSOLE_LOG_MAX", parse_bytes, FIELD(console_log_max), false },
        { "EXIT_RECORD", parse_path, FIELD(exit_record), false },
        { "MOUNT_CONTEXT", parse_text, FIELD(mount_context), false },
        { "BOOT_ID", parse_path, FIELD(boot_id), false },
        { "VIEWS", parse_path, FIELD(views), false },
};

static int plan_take(Plan *plan, uint32_t *seen, const char *key, const char *value, Error *error) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(keys[i].key, key))
                        continue;
                if (!keys[i].list && (*seen & (UINT32_C(1) << i)))
                        return error_set(error, EINVAL, NULL, "The plan gives %s= twice.", key);
                *seen |= UINT32_C(1) << i;

                int r = keys[i].parse(value, (char *) plan + keys[i].offset, plan);
                if (r == -E2BIG)
                        return error_set(error, EINVAL, NULL, "The plan has more lines %s= than are allowed.", key);
                if (r < 0)
                        return error_set(error, EINVAL, NULL, "The plan's %s= cannot be \"%s\".", key, value);
                return 0;
        }
        return error_set(error, EINVAL, NULL, "The plan has a key that is not known: %s=.", key);
}

static int plan_check(const Plan *plan, Error *error) {
        const struct {
                const char *key;
                bool missing;
        } needs[] = {
                { "NAME", !plan->name },
                { "RUNTIME", !plan->runtime },
                { "BUNDLE", !plan->bundle },
                { "ROOTFS", !plan->rootfs },
                { "ROOT", plan->root < 0 },
                { "STORE", !plan->store },
                { "EXIT_RECORD", !plan->exit_record },
                { "STOP_SIGNAL", plan->stop_signal == 0 },
                { "LOWER", plan->root == PLAN_ROOT_OVERLAY && plan->n_lower == 0 },
                { "NOTIFY_SOCKET", plan->notify && !plan->notify_socket },
        };

        for (size_t i = 0; i < ELEMENTSOF(needs); i++)
                if (needs[i].missing)
                        return error_set(error, EINVAL, NULL, "The plan lacks %s=.", needs[i].key);
        if (plan->root == PLAN_ROOT_BIND && plan->n_lower > 0)
                return error_set(error, EINVAL, NULL, "The plan has LOWER= with ROOT=bind.");
        if (plan->n_idmap > 0 && id_map_check(plan->idmap, plan->n_idmap) < 0)
                return error_set(error, EINVAL, NULL, "The plan's lines IDMAP= overlap or are out of range.");
        if (plan->console_log_max < CONSOLE_LOG_MIN)
                return error_set(error, EINVAL, NULL, "The plan's CONSOLE_LOG_MAX= is below %d.", CONSOLE_LOG_MIN);
        return 0;
}

static int plan_take_all(Plan *plan, size_t n, Error *error) {
        const char *key, *value;
        WireReader reader;
        uint32_t seen = 0;
        int r;

        static_assert(ELEMENTSOF(keys) <= 32, "more keys than bits");

        wire_read_begin(&reader, plan->text, n);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                r = plan_take(plan, &seen, key, value, error);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return error_set(error, EINVAL, NULL, "The plan has a line that is not KEY=VALUE.");
        return plan_check(plan, error);
}

int plan_parse(const char *text, size_t n, Plan *ret, Error *error) {
        _cleanup_plan_ Plan plan = {
                .root = _PLAN_ROOT_INVALID,
                .console_log_max = CONSOLE_LOG_DEFAULT,
                .stop_timeout = STOP_TIMEOUT_DEFAULT,
                .terminal = true,
        };
        int r;

        if (n > PLAN_MAX)
                return error_set(error, E2BIG, NULL, "The plan is larger than %d bytes.", PLAN_MAX);
        plan.text = malloc(n + 1);
        if (!plan.text)
                return error_set_errno(error, ENOMEM, "The plan cannot be read");
        memcpy(plan.text, text, n);

        r = plan_take_all(&plan, n, error);
        if (r < 0)
                return r;
        *ret = plan;
        plan.text = NULL;
        return 0;
}

int plan_read(int dirfd, const char *path, Plan *ret, Error *error) {
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        r = file_read(dirfd, path, PLAN_MAX, &text, &n);
        if (r < 0)
                return error_set_errno(error, r, "The plan %s cannot be read", path);
        return plan_parse(text, n, ret, error);
}

void plan_clear(Plan *plan) {
        free(plan->text);
        *plan = (Plan){};
}
