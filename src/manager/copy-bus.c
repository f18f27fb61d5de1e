/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "copy-bus.h"
#include "copy.h"
#include "deed.h"
#include "fd.h"

static int read_option(sd_bus_message *m, const char *key, CopyRequest *request, sd_bus_error *ret_error) {
        int b, r;

        if (streq(key, "Preserve") || (request->in && streq(key, "Directory"))) {
                r = sd_bus_message_read(m, "v", "b", &b);
                if (r >= 0)
                        *(streq(key, "Preserve") ? &request->preserve : &request->directory) = b;
                return r;
        }
        if (request->in && (streq(key, "UID") || streq(key, "GID")))
                return sd_bus_message_read(m, "v", "u", streq(key, "UID") ? &request->uid : &request->gid);
        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_INVALID_ARGS, "there is no option \"%.64s\"", key);
}

static int read_options(sd_bus_message *m, CopyRequest *request, sd_bus_error *ret_error) {
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = read_option(m, key, request, ret_error);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int copy(sd_bus_message *m, Container *c, bool in, sd_bus_error *ret_error) {
        const char *kind = in ? "copy-to" : "copy-from";
        _cleanup_error_ Error error = ERROR_INIT;
        CopyRequest request = { .in = in, .lease = -EBADF };
        _cleanup_fd_ int lease = -EBADF;
        Job *job;
        int r;

        r = sd_bus_message_read(m, "s", &request.path);
        if (r >= 0)
                r = read_options(m, &request, ret_error);
        if (r >= 0)
                r = sd_bus_message_read(m, "h", &request.stream); /* the message's */
        if (r < 0)
                return r;
        r = copy_request_check(&request, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);

        const Deed deed = { .action = ACTION_FILES, .verb = kind, .container = c->name, .path = request.path };
        r = deed_authorize(c->manager, m, &deed, ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = bus_lease(c->manager, m, &lease, &error);
        request.lease = lease;
        if (r >= 0)
                r = bus_job_new(c->manager, m, kind, ACTION_FILES, c->name, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        r = bus_reply_job(m, job);
        if (r >= 0)
                r = container_copy(c, &request, job, &error);
        if (r < 0) {
                error_set_errno(&error, r, "cannot copy files of %s", c->name);
                job_finish(job, &error);
        }
        return 1;
}

int container_method_copy_to(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return copy(m, userdata, true, ret_error);
}

int container_method_copy_from(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return copy(m, userdata, false, ret_error);
}
