/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "bus.h"
#include "container-query-bus.h"
#include "container.h"
#include "fd.h"
#include "paths.h"
#include "security.h"

/* The kept console output: the older file first, where there are two. */
int container_method_get_log(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        static const char *const names[] = { "console.log.1", "console.log" };
        sd_bus_message *reply = NULL;
        Container *c = userdata;
        int r;

        r = bus_authorize(c->manager, m, ACTION_CONSOLE, c->name, "get-log", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = bus_open_reply(m, "h", &reply);
        for (size_t i = 0; i < ELEMENTSOF(names) && r >= 0; i++) {
                char path[PATH_MAX];

                snprintf(path, sizeof(path), PATH_CONTAINERS "/%s/%s", c->name, names[i]);
                _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
                if (fd >= 0)
                        r = sd_bus_message_append(reply, "h", fd);
                else if (errno != ENOENT)
                        r = -errno;
        }
        return bus_send_reply(reply, r);
}

int container_method_get_usage(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        sd_bus_message *reply = NULL;
        Container *c = userdata;
        int r;

        r = bus_authorize(c->manager, m, ACTION_INSPECT, c->name, "get-usage", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = bus_append_usage(reply, c);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

/* Of the bundle that a start would make now, which is the one of the run where no
 * setting has changed since. */
static int describe(Container *c, Security *ret, Error *error) {
        _cleanup_(selinux_contexts_clear) SelinuxContexts contexts = {};
        char dir[PATH_MAX], label[APPARMOR_LABEL_MAX];
        json_t *config;
        Launch launch;
        int r;

        r = container_launch(c, &launch, dir, sizeof(dir), error);
        if (r >= 0 && !container_state_is_active(c->state)) {
                launch.apparmor = confinement_label(c->name, c->settings, label);
                /* What is wrong with them a start tells. */
                if (selinux_contexts(c->settings, &c->identity, &contexts, NULL) >= 0)
                        launch.selinux = contexts;
        }
        if (r >= 0)
                r = bundle_compile(&launch, &config, error);
        if (r < 0)
                return r;
        r = security_describe(&launch, config, ret);
        json_decref(config);
        if (r >= 0) {
                r = security_describe_running(c->leader, ret);
                if (r < 0)
                        security_clear(ret);
        }
        return r;
}

int container_method_get_security(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        sd_bus_message *reply = NULL;
        Container *c = userdata;
        Security security;
        int r;

        r = bus_authorize(c->manager, m, ACTION_INSPECT, c->name, "get-security", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = describe(c, &security, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);

        r = bus_open_reply(m, "(sss)", &reply);
        for (size_t i = 0; i < security.n && r >= 0; i++)
                r = sd_bus_message_append(reply, "(sss)", security.rows[i].layer, security.rows[i].value,
                                          security.rows[i].source);
        security_clear(&security);
        return bus_send_reply(reply, r);
}
