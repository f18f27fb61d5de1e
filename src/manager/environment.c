/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "environment.h"
#include "strv.h"
#include "utf8.h"

/* container_host_*: what kind of host this is; Container Interface of systemd. */
static int add_host_os(const Launch *launch, char ***environment) {
        static const struct {
                const char *key, *variable;
        } fields[] = {
                { "ID=", "container_host_id" },
                { "VERSION_ID=", "container_host_version_id" },
                { "BUILD_ID=", "container_host_build_id" },
                { "VARIANT_ID=", "container_host_variant_id" },
        };
        _cleanup_strv_ char **lines = NULL;
        int r;

        r = strv_split(strempty(launch->host_os), "\n", &lines);
        STRV_FOREACH(line, lines)
                for (size_t i = 0; i < ELEMENTSOF(fields) && r >= 0; i++) {
                        const char *v = startswith(*line, fields[i].key);
                        _cleanup_strv_ char **words = NULL;

                        if (v && utf8_is_valid(v) && strv_split_quoted(v, &words) >= 0 && words[0])
                                r = strv_extendf(environment, "%s=%s", fields[i].variable, words[0]);
                }
        return r;
}

int environment_defaults(char ***environment, const char *term) {
        int r;

        r = strv_extend(environment, "PATH=" ENVIRONMENT_PATH);
        if (r >= 0)
                r = strv_extendf(environment, "TERM=%s", term);
        if (r >= 0)
                r = strv_extend(environment, "container=ctrd");
        return r;
}

int environment_merge(char ***environment, char *const *more) {
        STRV_FOREACH(m, more) {
                size_t n = strcspn(*m, "=") + 1;
                char **found = NULL;
                int r;

                for (char **e = *environment; e && *e; e++)
                        if (strncmp(*e, *m, n) == 0)
                                found = e;
                if (found) {
                        char *copy = strdup(*m);

                        if (!copy)
                                return -ENOMEM;
                        free(*found);
                        *found = copy;
                        continue;
                }
                r = strv_extend(environment, *m);
                if (r < 0)
                        return r;
        }
        return 0;
}

int environment_of_init(const Launch *launch, char ***ret) {
        _cleanup_strv_ char **environment = NULL;
        const char *id = launch->identity->machine_id;
        int r;

        r = environment_defaults(&environment, "vt220");
        if (r >= 0)
                r = strv_extendf(&environment, "container_uuid=%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16,
                                 id + 20);
        if (r >= 0)
                r = strv_extend(&environment, "HOME=/root");
        if (r >= 0)
                r = strv_extend(&environment, "USER=root");
        if (r >= 0)
                r = strv_extend(&environment, "LOGNAME=root");
        if (r >= 0)
                r = strv_extend(&environment, "NOTIFY_SOCKET=/run/host/notify");
        if (r >= 0 && launch->credentials)
                r = strv_extend(&environment, "CREDENTIALS_DIRECTORY=/run/host/credentials");
        if (r >= 0)
                r = add_host_os(launch, &environment);
        if (r >= 0)
                r = environment_merge(&environment, launch->settings->environment);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}
