/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"
#include "field.h"

static const char *const point_names[HOOK_MAX] = {
        [HOOK_PRESTART] = "prestart",
        [HOOK_CREATE_RUNTIME] = "createRuntime",
        [HOOK_CREATE_CONTAINER] = "createContainer",
        [HOOK_START_CONTAINER] = "startContainer",
        [HOOK_POSTSTART] = "poststart",
        [HOOK_POSTSTOP] = "poststop",
};

const char *hook_point_to_string(HookPoint point) {
        return point >= 0 && point < HOOK_MAX ? point_names[point] : NULL;
}

static int parse_hook(Config *c, ConfigHook *hook, const json_t *object, Error *error) {
        uint64_t timeout = 0;
        int r;

        if (!json_is_object(object))
                return field_invalid("hooks", "each must be an object", error);
        if ((r = field_string(object, "hooks.path", &hook->path, error)) < 0 ||
            (r = field_strv(object, "hooks.args", &c->arena, &hook->args, error)) < 0 ||
            (r = field_strv(object, "hooks.env", &c->arena, &hook->env, error)) < 0 ||
            (r = field_u64(object, "hooks.timeout", UINT32_MAX, &timeout, error)) < 0)
                return r;
        if (isempty(hook->path) || hook->path[0] != '/')
                return field_invalid("hooks.path", "must be an absolute path", error);
        if (json_object_get(object, "timeout") && timeout == 0)
                return field_invalid("hooks.timeout", "must be more than zero", error);
        hook->timeout_usec = timeout > 0 ? timeout * USEC_PER_SEC : USEC_INFINITY;
        return 0;
}

int config_parse_hooks(Config *c, const json_t *object, Error *error) {
        for (HookPoint point = 0; point < HOOK_MAX; point++) {
                ConfigHooks *hooks = c->hooks + point;
                const json_t *array;
                char where[40] = "hooks.";
                int r;

                r = field_array(object, strcat(where, point_names[point]), &array, error);
                if (r < 0)
                        return r;
                if (!array)
                        continue;
                hooks->n_hooks = json_array_size(array);
                hooks->hooks = arena_new(&c->arena, ConfigHook, hooks->n_hooks);
                if (!hooks->hooks)
                        return error_set_errno(error, ENOMEM, "hooks");
                for (size_t i = 0; i < hooks->n_hooks; i++) {
                        r = parse_hook(c, hooks->hooks + i, json_array_get(array, i), error);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}
