/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus.h"
#include "deed.h"
#include "fd.h"
#include "name.h"
#include "strv.h"
#include "usage.h"

int bus_error(sd_bus_error *to, const Error *from, int r) {
        char name[128];

        if (!error_is_set(from))
                return r;
        snprintf(name, sizeof(name), "org.ctrd1.Error.%s", from->name ?: "Failed");
        return sd_bus_error_set(to, name, error_message(from));
}

static char *object_path(const char *prefix, const char *id) {
        char *path;

        return sd_bus_path_encode(prefix, id, &path) < 0 ? NULL : path;
}

/* The number as it is: nothing in it needs an escape. */
char *bus_job_path(const Job *job) {
        char *path;

        return asprintf(&path, BUS_JOBS "/%s", job->key) < 0 ? NULL : path;
}

char *bus_container_path(const Container *container) {
        return object_path(BUS_CONTAINERS, container->name);
}

char *bus_image_path(const Image *image) {
        return object_path(BUS_IMAGES, image->id);
}

char *bus_profile_path(const Profile *profile) {
        return object_path(BUS_PROFILES, profile->name);
}

int bus_job_new(Manager *manager, sd_bus_message *m, const char *kind, const char *action, const char *container, Job **ret,
                Error *error) {
        uid_t uid;
        int r = authority_user(manager->authority, m, &uid);

        return r < 0 ? r : job_new(manager, uid, kind, action, container, ret, error);
}

int bus_lease(Manager *manager, sd_bus_message *m, int *ret_fd, Error *error) {
        uid_t uid;
        int r = authority_user(manager->authority, m, &uid);

        return r < 0 ? r : lease_new(manager, uid, ret_fd, error);
}

int bus_answered(sd_bus_message *call, int r) {
        if (r < 0)
                (void) sd_bus_reply_method_errno(call, r, NULL);
        return r;
}

int bus_reply_job(sd_bus_message *m, const Job *job) {
        _cleanup_free_ char *path = bus_job_path(job);

        return bus_answered(m, path ? sd_bus_reply_method_return(m, "o", path) : -ENOMEM);
}

int bus_authorize(Manager *manager, sd_bus_message *m, const char *action, const char *container, const char *verb,
                  sd_bus_error *error) {
        const Deed deed = { .action = action, .verb = verb, .container = container };

        return deed_authorize(manager, m, &deed, error);
}

int bus_authorize_name(Manager *manager, sd_bus_message *m, const char *action, const char *container, const char *verb,
                       const char *name, sd_bus_error *error) {
        const Deed deed = { .action = action, .verb = verb, .container = container, .new_name = name };

        return deed_authorize(manager, m, &deed, error);
}

/* Replies that wait for the monitor. */

struct LaterReply {
        sd_bus_message *message;
        int fd;
};

int bus_open_reply(sd_bus_message *m, const char *element, sd_bus_message **ret) {
        int r = sd_bus_message_new_method_return(m, ret);

        return r < 0 ? r : sd_bus_message_open_container(*ret, 'a', element);
}

int bus_send_reply(sd_bus_message *reply, int r) {
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

int bus_append_usage(sd_bus_message *m, const Container *container) {
        Usage usage;
        int r;

        usage_read(container->name, container->leader, &usage);
        r = sd_bus_message_open_container(m, 'a', "{st}");
        for (size_t i = 0; i < usage.n && r >= 0; i++)
                r = sd_bus_message_append(m, "{st}", usage.items[i].name, usage.items[i].value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int bus_reply_later(sd_bus_message *m, LaterReply **ret) {
        LaterReply *later = calloc(1, sizeof(*later));

        if (!later)
                return -ENOMEM;
        later->message = sd_bus_message_ref(m);
        later->fd = -EBADF;
        *ret = later;
        return 0;
}

void bus_later_set_fd(LaterReply *later, int fd) {
        later->fd = fd;
}

void bus_later_drop(LaterReply *later) {
        fd_close(later->fd);
        sd_bus_message_unref(later->message);
        free(later);
}

void bus_later_done(const Error *error, void *userdata) {
        LaterReply *later = userdata;
        int r;

        if (error_is_set(error)) {
                sd_bus_error e = SD_BUS_ERROR_NULL;

                bus_error(&e, error, -error->errnum);
                r = sd_bus_reply_method_error(later->message, &e);
                sd_bus_error_free(&e);
        } else if (later->fd >= 0)
                r = sd_bus_reply_method_return(later->message, "h", later->fd);
        else
                r = sd_bus_reply_method_return(later->message, NULL);
        (void) bus_answered(later->message, r);
        bus_later_drop(later);
}

/* Finding objects by path. userdata is the Manager *. */

static int find_in(Map *map, const char *prefix, const char *path, void **ret) {
        _cleanup_free_ char *id = NULL;
        void *found;
        int r;

        r = sd_bus_path_decode(path, prefix, &id);
        if (r <= 0)
                return r;
        found = map_get(map, id);
        if (!found)
                return 0;
        *ret = found;
        return 1;
}

static int container_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *e) {
        Manager *manager = *(Manager **) userdata;

        return find_in(&manager->containers, BUS_CONTAINERS, path, ret);
}

static int job_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *e) {
        Manager *manager = *(Manager **) userdata;

        return find_in(&manager->jobs, BUS_JOBS, path, ret) > 0 ? 1 : find_in(&manager->job_results, BUS_JOBS, path, ret);
}

/* Images do not know their manager, which their methods need: the object handed
 * to them is found again by path. */
static int image_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *e) {
        Manager *manager = *(Manager **) userdata;
        void *image;
        int r;

        r = find_in(&manager->images, BUS_IMAGES, path, &image);
        if (r > 0)
                *ret = userdata;
        return r;
}

static int profile_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *e) {
        Manager *manager = *(Manager **) userdata;

        return find_in(&manager->profiles, BUS_PROFILES, path, ret);
}

static int manager_find_object(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret,
                               sd_bus_error *e) {
        *ret = *(Manager **) userdata;
        return streq(path, BUS_ROOT);
}

/* The prefix that an enumerator gets is that of the question, which may be the
 * root's: sd-bus picks what fits. */
#define DEFINE_ENUMERATOR(name, type, map, path_of, sees)                                                          \
        static int name(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *e) {           \
                Manager *manager = *(Manager **) userdata;                                                         \
                const Viewer *viewer = viewer_of(manager);                                                         \
                _cleanup_strv_ char **paths = calloc(map_size(&manager->map) + 1, sizeof(char *));                 \
                size_t n = 0;                                                                                      \
                type *object;                                                                                      \
                                                                                                                   \
                if (!paths)                                                                                        \
                        return -ENOMEM;                                                                            \
                MAP_FOREACH(object, &manager->map) {                                                               \
                        if (!sees(viewer, object))                                                                 \
                                continue;                                                                          \
                        paths[n] = path_of(object);                                                                \
                        if (!paths[n++])                                                                           \
                                return -ENOMEM;                                                                    \
                }                                                                                                  \
                *ret = TAKE_PTR(paths);                                                                            \
                return 1;                                                                                          \
        }

/* Whom the message that is at work is answered to. */
static const Viewer *viewer_of(const Manager *manager) {
        return manager->viewer && sd_bus_get_current_message(manager->bus) == manager->viewed ? manager->viewer : NULL;
}

/* Which images and profiles there are tells of the containers of others. */
static bool viewer_sees_image(const Viewer *viewer, const Image *image) {
        return !viewer;
}

static bool viewer_sees_profile(const Viewer *viewer, const Profile *profile) {
        return !viewer;
}

DEFINE_ENUMERATOR(container_enumerate, Container, containers, bus_container_path, viewer_sees)
DEFINE_ENUMERATOR(image_enumerate, Image, images, bus_image_path, viewer_sees_image)
DEFINE_ENUMERATOR(profile_enumerate, Profile, profiles, bus_profile_path, viewer_sees_profile)
DEFINE_ENUMERATOR(job_enumerate, Job, jobs, bus_job_path, viewer_sees_job)
DEFINE_ENUMERATOR(job_result_enumerate, Job, job_results, bus_job_path, viewer_sees_job)

/* A container or a job may be the reader's own, a place with others below it shows what is. */
static int authorize_reading(Manager *manager, sd_bus_message *m, const char *path, sd_bus_error *error) {
        Deed deed = { .action = ACTION_INSPECT, .verb = "inspect", .container = "" };
        _cleanup_free_ char *name = NULL;
        Job *job;
        int r;

        r = sd_bus_path_decode(path, BUS_CONTAINERS, &name);
        if (r < 0)
                return r;
        if (r > 0 && *name) { /* "" of the place where they are */
                if (!name_is_valid(name))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "there is no such object");
                deed.container = name;
                return deed_authorize(manager, m, &deed, error);
        }
        if (job_find(NULL, path, NULL, &manager, (void **) &job, NULL) > 0)
                return deed_authorize_job(manager, m, job, &deed, error);
        if (startswith(path, BUS_IMAGES "/") || startswith(path, BUS_PROFILES "/"))
                return deed_authorize(manager, m, &deed, error);
        manager->viewer = viewer_free(manager->viewer);
        r = deed_authorize_view(manager, m, "list", &manager->viewer, error);
        manager->viewed = m;
        return r;
}

/* Reads pass polkit too: where an administrator restricts org.ctrd1.inspect,
 * properties, managed objects and introspection are closed alike. */
static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        static const char *const reading[] = {
                "org.freedesktop.DBus.Properties",
                "org.freedesktop.DBus.ObjectManager",
                "org.freedesktop.DBus.Introspectable",
        };
        Manager *manager = *(Manager **) userdata;
        const char *interface = sd_bus_message_get_interface(m), *path = sd_bus_message_get_path(m);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        bool read = false;
        uint8_t type;
        int r;

        if (!manager || sd_bus_message_get_type(m, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL || !path ||
            !startswith(path, BUS_ROOT))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(reading); i++)
                read = read || streq_ptr(interface, reading[i]);
        if (!read)
                return 0;

        r = authorize_reading(manager, m, path, &error);
        if (r > 0)
                return 0; /* on to the object */
        if (r < 0) {
                r = sd_bus_reply_method_errno(m, r, &error);
                sd_bus_error_free(&error);
        }
        return r < 0 ? r : 1;
}

int bus_register(sd_bus *bus, Manager **manager) {
        static const struct {
                const char *prefix, *interface;
                const sd_bus_vtable *vtable;
                sd_bus_object_find_t find;
                sd_bus_node_enumerator_t enumerate;
        } objects[] = {
                { BUS_CONTAINERS, "org.ctrd1.Container", container_vtable, container_find, container_enumerate },
                { BUS_IMAGES, "org.ctrd1.Image", image_vtable, image_find, image_enumerate },
                { BUS_PROFILES, "org.ctrd1.Profile", profile_vtable, profile_find, profile_enumerate },
                { BUS_JOBS, "org.ctrd1.Job", job_vtable, job_find, job_enumerate },
        };
        int r;

        r = sd_bus_add_filter(bus, NULL, on_message, manager);
        if (r >= 0)
                r = sd_bus_add_object_manager(bus, NULL, BUS_ROOT);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(bus, NULL, BUS_ROOT, "org.ctrd1.Manager", manager_vtable, manager_find_object,
                                               manager);
        for (size_t i = 0; i < ELEMENTSOF(objects) && r >= 0; i++) {
                r = sd_bus_add_fallback_vtable(bus, NULL, objects[i].prefix, objects[i].interface, objects[i].vtable,
                                               objects[i].find, manager);
                if (r >= 0)
                        r = sd_bus_add_node_enumerator(bus, NULL, objects[i].prefix, objects[i].enumerate, manager);
        }
        if (r >= 0)
                r = sd_bus_add_node_enumerator(bus, NULL, BUS_JOBS, job_result_enumerate, manager);
        return r;
}

/* Observing. */

static void emit(sd_bus *bus, char *path, int (*func)(sd_bus *, const char *)) {
        if (path)
                (void) func(bus, path);
        free(path);
}

static void on_container_added(Container *container) {
        emit(container->manager->bus, bus_container_path(container), sd_bus_emit_object_added);
}

static void on_container_removed(Container *container) {
        emit(container->manager->bus, bus_container_path(container), sd_bus_emit_object_removed);
}

static void on_container_changed(Container *container, char **properties) {
        _cleanup_free_ char *path = bus_container_path(container);

        /* A container that is being loaded is not an object yet. */
        if (path && map_get(&container->manager->containers, container->name) == container)
                (void) sd_bus_emit_properties_changed_strv(container->manager->bus, path, "org.ctrd1.Container", properties);
}

static void on_image_added(Manager *manager, Image *image) {
        emit(manager->bus, bus_image_path(image), sd_bus_emit_object_added);
}

static void on_image_changed(Manager *manager, Image *image) {
        _cleanup_free_ char *path = bus_image_path(image);

        if (path)
                (void) sd_bus_emit_properties_changed(manager->bus, path, "org.ctrd1.Image", "Containers", NULL);
}

static void on_image_removed(Manager *manager, Image *image) {
        emit(manager->bus, bus_image_path(image), sd_bus_emit_object_removed);
}

static void on_profile_added(Profile *profile) {
        emit(profile->manager->bus, bus_profile_path(profile), sd_bus_emit_object_added);
}

static void on_profile_changed(Profile *profile) {
        _cleanup_free_ char *path = bus_profile_path(profile);

        if (path)
                (void) sd_bus_emit_properties_changed(profile->manager->bus, path, "org.ctrd1.Profile", "File", NULL);
}

static void on_profile_removed(Profile *profile) {
        emit(profile->manager->bus, bus_profile_path(profile), sd_bus_emit_object_removed);
}

static void on_job_added(Job *job) {
        emit(job->manager->bus, bus_job_path(job), sd_bus_emit_object_added);
}

static void on_job_changed(Job *job) {
        _cleanup_free_ char *path = bus_job_path(job);

        if (path)
                (void) sd_bus_emit_properties_changed(job->manager->bus, path, "org.ctrd1.Job", "State", "Progress", "Message",
                                                      "ErrorName", "ErrorMessage", "EndedAt", NULL);
}

static void on_job_finished(Job *job) {
        _cleanup_free_ char *path = bus_job_path(job);
        char name[128] = "";

        if (!path)
                return;
        if (error_is_set(&job->error))
                snprintf(name, sizeof(name), "org.ctrd1.Error.%s", job->error.name ?: "Failed");
        on_job_changed(job);
        (void) sd_bus_emit_signal(job->manager->bus, BUS_ROOT, "org.ctrd1.Manager", "JobRemoved", "ossss", path,
                                  job->container, job_state_to_string(job->state), name,
                                  error_is_set(&job->error) ? error_message(&job->error) : "");
}

static void on_job_removed(Job *job) {
        emit(job->manager->bus, bus_job_path(job), sd_bus_emit_object_removed);
}

const ManagerObserver bus_observer = {
        .container_added = on_container_added,
        .container_changed = on_container_changed,
        .container_removed = on_container_removed,
        .image_added = on_image_added,
        .image_changed = on_image_changed,
        .image_removed = on_image_removed,
        .profile_added = on_profile_added,
        .profile_changed = on_profile_changed,
        .profile_removed = on_profile_removed,
        .job_added = on_job_added,
        .job_changed = on_job_changed,
        .job_finished = on_job_finished,
        .job_removed = on_job_removed,
};
