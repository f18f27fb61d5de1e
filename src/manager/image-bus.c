/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <limits.h>
#include <stdio.h>

#include "bus.h"
#include "paths.h"
#include "strv.h"

/* userdata is the Manager **: see image_find() in bus.c. */
static Image *image_of(Manager *manager, const char *path) {
        _cleanup_free_ char *id = NULL;

        return sd_bus_path_decode(path, BUS_IMAGES, &id) > 0 ? map_get(&manager->images, id) : NULL;
}

static int method_remove(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *manager = *(Manager **) userdata;
        Image *image = image_of(manager, sd_bus_message_get_path(m));
        Job *job;
        int r;

        if (!image)
                return sd_bus_error_setf(ret_error, "org.ctrd1.Error.NoSuchImage", "the image has gone");
        r = bus_authorize(manager, m, ACTION_MANAGE_IMAGES, "", "remove-image", ret_error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = manager_check_image_unused(manager, image, &error);
        if (r >= 0)
                r = bus_job_new(manager, m, "remove-image", ACTION_MANAGE_IMAGES, NULL, &job, &error);
        if (r < 0)
                return bus_error(ret_error, &error, r);
        job_set_image(job, image->id);
        r = bus_reply_job(m, job);
        if (r >= 0)
                (void) manager_remove_image(manager, image, &error);
        else
                error_set_errno(&error, r, "cannot remove the image %s", image->id);
        job_finish(job, &error);
        return 1;
}

static int property_get(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *ret_error) {
        Manager *manager = *(Manager **) userdata;
        Image *image = image_of(manager, path);

        if (!image)
                return -ENOENT;
        if (streq(property, "CreatedAt"))
                return sd_bus_message_append(reply, "t", image->created_usec);
        if (streq(property, "Size"))
                return sd_bus_message_append(reply, "t", image->size);
        if (streq(property, "Containers")) {
                _cleanup_strv_ char **users = NULL;

                (void) manager_image_users(manager, image->id, &users);
                return sd_bus_message_append_strv(reply, users);
        }
        return sd_bus_message_append(reply, "s",
                                     streq(property, "ID")         ? image->id
                                     : streq(property, "Template") ? strempty(image->template)
                                     : streq(property, "Variant")  ? strempty(image->variant)
                                                                   : strempty(image->os_name));
}

const sd_bus_vtable image_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ID", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Template", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Variant", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("OSName", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("CreatedAt", "t", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Size", "t", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Containers", "as", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_remove, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
