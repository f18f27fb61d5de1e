/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent.h"
#include "bus.h"
#include "name.h"
#include "parse.h"

#define UNATTENDED_USEC (2 * USEC_PER_SEC)

int ctl_bus(Ctl *ctl, sd_bus **ret, Error *error) {
        int r;

        if (!ctl->bus) {
                if (ctl->host)
                        r = sd_bus_open_system_remote(&ctl->bus, ctl->host);
                else
                        r = sd_bus_open_system(&ctl->bus);
                if (r < 0)
                        return error_set_errno(error, r, "Cannot connect to the system bus%s%s", ctl->host ? " of " : "",
                                               strempty(ctl->host));
                (void) sd_bus_set_method_call_timeout(ctl->bus, ctl->unattended ? UNATTENDED_USEC : UINT64_MAX);
                (void) sd_bus_set_allow_interactive_authorization(ctl->bus, !ctl->unattended);
                if (!ctl->host && !ctl->unattended)
                        agent_begin();
        }
        *ret = ctl->bus;
        return 0;
}

void ctl_bus_close(Ctl *ctl) {
        ctl->bus = sd_bus_close_unref(ctl->bus);
}

int bus_match_owner(sd_bus *bus, sd_bus_message_handler_t handler, void *userdata) {
        return sd_bus_add_match_async(bus, NULL,
                                      "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                      "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" BUS_NAME "'",
                                      handler, NULL, userdata);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        return sd_event_exit(userdata, -ECONNRESET);
}

int bus_exit_on_disconnect(sd_bus *bus, sd_event *event) {
        return sd_bus_match_signal_async(bus, NULL, "org.freedesktop.DBus.Local", "/org/freedesktop/DBus/Local",
                                         "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL, event);
}

static int encode(const char *prefix, const char *name, char **ret, Error *error) {
        int r = sd_bus_path_encode(prefix, name, ret);

        return r < 0 ? error_set_errno(error, r, "Cannot address %s", name) : 0;
}

int bus_container_path(const char *name, char **ret, Error *error) {
        int r = name_check(name, error);

        return r < 0 ? r : encode(BUS_ROOT "/container", name, ret, error);
}

int bus_image_path(const char *id, char **ret, Error *error) {
        if (!name_is_image_id(id))
                return error_set(error, EINVAL, "NoSuchImage", "%.100s cannot be an image: see ctrctl image list", id);
        return encode(BUS_ROOT "/image", id, ret, error);
}

int bus_profile_path(const char *name, char **ret, Error *error) {
        if (!name_is_valid(name))
                return error_set(error, EINVAL, "NoSuchProfile", "%.100s cannot be a profile: see ctrctl profile list", name);
        return encode(BUS_ROOT "/profile", name, ret, error);
}

int bus_job_path(const char *number, char **ret, Error *error) {
        uint32_t id;

        if (parse_u32(number, &id) < 0)
                return error_set(error, EINVAL, NULL, "%.100s is no number of a job: see ctrctl job list", number);
        return encode(BUS_ROOT "/job", number, ret, error);
}

int bus_path_name(const char *path, const char *prefix, char **ret) {
        int r = sd_bus_path_decode(path, prefix, ret);

        return r < 0 ? r : r == 0 ? -EINVAL : 0;
}

int bus_method(Ctl *ctl, const char *path, const char *interface, const char *method, sd_bus_message **ret, Error *error) {
        sd_bus *bus;
        int r = ctl_bus(ctl, &bus, error);

        if (r < 0)
                return r;
        r = sd_bus_message_new_method_call(bus, ret, BUS_NAME, path, interface, method);
        return r < 0 ? bus_message_error(error, r) : 0;
}

int bus_call(Ctl *ctl, sd_bus_message *message, sd_bus_message **ret, Error *error) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r = sd_bus_call(ctl->bus, message, 0, &e, ret);

        return r < 0 ? bus_error(error, r, &e, sd_bus_message_get_path(message)) : 0;
}

int bus_get_text(Ctl *ctl, const char *path, const char *interface, const char *method, char **ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *text;
        int r = bus_method(ctl, path, interface, method, &m, error);

        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &text);
        if (r >= 0 && !(*ret = strdup(text)))
                r = -ENOMEM;
        return r < 0 ? bus_message_error(error, r) : 0;
}

int bus_message_error(Error *error, int r) {
        if (r == -ENXIO || r == -EBADMSG)
                return error_set(error, EBADMSG, NULL, "ctrd answered in a form that this ctrctl does not understand: both must be of one version");
        return error_set_errno(error, r, "Cannot talk to ctrd");
}

/* The names that this client tells apart; constants, as Error wants them. */
static const char *known_name(const char *name) {
        static const char *const known[] = {
                "NoSuchContainer", "NotRunning", "Running", "Busy", "NoSuchImage", "NoSuchProfile", "NotSupported", "Exists",
        };
        const char *word = startswith(name, "org.ctrd1.Error.");

        for (size_t i = 0; word && i < ELEMENTSOF(known); i++)
                if (streq(word, known[i]))
                        return known[i];
        return NULL;
}

/* An object that ctrd does not have, said in terms of what was asked for. */
static int no_object(Error *error, const char *path) {
        _cleanup_free_ char *name = NULL;

        if (bus_path_name(path, BUS_ROOT "/container", &name) >= 0)
                return error_set(error, ENOENT, "NoSuchContainer", "There is no container %s: see ctrctl list", name);
        if (bus_path_name(path, BUS_ROOT "/image", &name) >= 0)
                return error_set(error, ENOENT, "NoSuchImage", "There is no image %s: see ctrctl image list", name);
        if (bus_path_name(path, BUS_ROOT "/profile", &name) >= 0)
                return error_set(error, ENOENT, "NoSuchProfile", "There is no profile %s: see ctrctl profile list", name);
        if (bus_path_name(path, BUS_ROOT "/job", &name) >= 0)
                return error_set(error, ENOENT, NULL, "There is no job %s: see ctrctl job list", name);
        return error_set(error, ENOENT, NULL, "ctrd does not know what was asked of %s: it must be of the same version as ctrctl", path);
}

int bus_error(Error *error, int r, const sd_bus_error *e, const char *path) {
        int errnum = e && e->name ? sd_bus_error_get_errno(e) : -r;
        const char *text;

        if (!e || !e->name)
                return error_set_errno(error, errnum, "Cannot talk to ctrd");
        /* Both come with one version of ctrd: a method is missing where its object is. */
        if (sd_bus_error_has_names(e, SD_BUS_ERROR_UNKNOWN_OBJECT, SD_BUS_ERROR_UNKNOWN_INTERFACE, SD_BUS_ERROR_UNKNOWN_METHOD))
                return no_object(error, strempty(path));
        if (sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
            startswith(e->name, "org.freedesktop.DBus.Error.Spawn."))
                return error_set(error, ECONNREFUSED, NULL, "ctrd is not running and cannot be started: see systemctl status ctrd.service");
        if (sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED))
                return error_set(error, ECONNRESET, NULL, "ctrd ended before it answered: see systemctl status ctrd.service");
        if (sd_bus_error_has_name(e, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                return error_set(error, EACCES, NULL, "This needs the authorisation of an administrator: be root, or run a polkit agent");

        text = isempty(e->message) ? e->name : e->message;
        return error_set(error, errnum ?: EIO, known_name(e->name), "%s", text);
}
