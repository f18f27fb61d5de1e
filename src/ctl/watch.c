/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"
#include "object.h"
#include "watch.h"

#define CONTAINER_PREFIX BUS_ROOT "/container"

struct Watch {
        Ctl *ctl;
        sd_bus *bus;
        sd_event *event;
        const WatchOps *ops;
        void *userdata;
        sd_bus_slot *question; /* for the list, under way */
        Roster roster;
        Error error;
};

static int fail(Watch *w, int r) {
        (void) bus_message_error(&w->error, r);
        return sd_event_exit(w->event, -EIO);
}

/* What an object says; status holds a number for the news. */
static RosterNews news_of(const Object *o, int *status) {
        const Property *state = object_get(o, "State"), *reason = object_get(o, "ExitReason"), *code = object_get(o, "ExitStatus");

        *status = code ? (int) (int64_t) code->number : 0;
        return (RosterNews){
                .state = state ? state->text : NULL,
                .exit_reason = reason ? reason->text : NULL,
                .exit_status = code ? status : NULL,
        };
}

static int take_objects(Watch *w, const ObjectList *l) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n; i++) {
                _cleanup_free_ char *name = NULL;
                int status;
                RosterNews news = news_of(&l->objects[i], &status);

                r = bus_path_name(l->objects[i].path, CONTAINER_PREFIX, &name);
                if (r >= 0)
                        r = news.state ? roster_add(&w->roster, name, &news) : -EBADMSG;
        }
        return r;
}

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const sd_bus_error *failure = sd_bus_message_get_error(m);
        _cleanup_(object_list_clear) ObjectList l = {};
        Watch *w = userdata;
        bool first = !w->roster.complete;
        int r;

        w->question = sd_bus_slot_unref(w->question);
        /* It went before it answered: the next ctrd is asked when it comes. */
        if (failure && !first && sd_bus_error_has_names(failure, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                return 0;
        if (failure) {
                (void) bus_error(&w->error, -sd_bus_message_get_errno(m), failure, BUS_ROOT);
                return sd_event_exit(w->event, -EIO);
        }
        r = object_list_take(&l, m, BUS_CONTAINER);
        if (r < 0)
                return fail(w, r);
        roster_begin_list(&w->roster);
        r = take_objects(w, &l);
        if (r < 0)
                return fail(w, r);
        roster_end_list(&w->roster);
        if (first && w->ops->listed)
                w->ops->listed(w->userdata);
        return 0;
}

static int ask(Watch *w) {
        w->question = sd_bus_slot_unref(w->question);
        return sd_bus_call_method_async(w->bus, &w->question, BUS_NAME, BUS_ROOT, "org.freedesktop.DBus.ObjectManager",
                                        "GetManagedObjects", on_list, w, "");
}

/* What comes before the first list is in it. */
static bool listens(const Watch *w) {
        return w->roster.complete;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        _cleanup_(object_list_clear) ObjectList l = {};
        Watch *w = userdata;
        const char *path;
        int r;

        if (!listens(w))
                return 0;
        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r >= 0)
                r = object_list_take_interfaces(&l, m, path, BUS_CONTAINER);
        if (r >= 0)
                r = take_objects(w, &l);
        return r < 0 ? fail(w, r) : 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        _cleanup_free_ char *name = NULL;
        Watch *w = userdata;
        const char *path;

        if (listens(w) && sd_bus_message_read_basic(m, 'o', &path) >= 0 && bus_path_name(path, CONTAINER_PREFIX, &name) >= 0)
                roster_remove(&w->roster, name);
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        _cleanup_(object_clear) Object o = {};
        _cleanup_free_ char *name = NULL;
        Watch *w = userdata;
        const char *interface;
        RosterNews news;
        int r, status;

        if (!listens(w) || bus_path_name(sd_bus_message_get_path(m), CONTAINER_PREFIX, &name) < 0 ||
            sd_bus_message_read_basic(m, 's', &interface) < 0 || !streq(interface, BUS_CONTAINER))
                return 0;
        r = object_take_properties(&o, m);
        if (r >= 0) {
                news = news_of(&o, &status);
                r = roster_change(&w->roster, name, &news);
        }
        return r < 0 ? fail(w, r) : 0;
}

/* A ctrd that comes back. Nobody is woken by us: whoever stopped it meant it. */
static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *name, *before, *after;
        Watch *w = userdata;
        int r;

        if (!listens(w) || sd_bus_message_read(m, "sss", &name, &before, &after) < 0 || isempty(after))
                return 0;
        r = ask(w);
        return r < 0 ? fail(w, r) : 0;
}

static int begin(Watch *w) {
        static const struct {
                const char *match;
                sd_bus_message_handler_t handler;
        } matches[] = {
                { "type='signal',sender='" BUS_NAME "',path='" BUS_ROOT "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesAdded'",
                  on_added },
                { "type='signal',sender='" BUS_NAME "',path='" BUS_ROOT "',interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved'",
                  on_removed },
                { "type='signal',sender='" BUS_NAME "',path_namespace='" CONTAINER_PREFIX "',"
                  "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
                  on_changed },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(matches); i++)
                r = sd_bus_add_match_async(w->bus, NULL, matches[i].match, matches[i].handler, NULL, w);
        if (r >= 0)
                r = bus_match_owner(w->bus, on_owner_changed, w);
        if (r >= 0)
                r = bus_exit_on_disconnect(w->bus, w->event);
        return r >= 0 ? ask(w) : r;
}

static void on_told(RosterChange change, const RosterEntry *entry, void *userdata) {
        Watch *w = userdata;

        w->ops->changed(change, entry, w->userdata);
}

int watch_new(Watch **ret, Ctl *ctl, const WatchOps *ops, void *userdata, Error *error) {
        _cleanup_(watch_freep) Watch *w = calloc(1, sizeof(*w));
        int r;

        if (!w)
                return error_set_errno(error, ENOMEM, "Cannot watch containers");
        w->ctl = ctl;
        w->ops = ops;
        w->userdata = userdata;
        w->roster.told = on_told;
        w->roster.userdata = w;
        r = ctl_bus(ctl, &w->bus, error);
        if (r < 0)
                return r;
        r = sd_event_new(&w->event);
        if (r >= 0)
                r = sd_bus_attach_event(w->bus, w->event, 0);
        if (r >= 0)
                r = begin(w);
        if (r < 0)
                return error_set_errno(error, r, "Cannot watch containers");
        *ret = TAKE_PTR(w);
        return 0;
}

Watch *watch_free(Watch *w) {
        if (!w)
                return NULL;
        sd_bus_slot_unref(w->question);
        ctl_bus_close(w->ctl); /* its matches point to us */
        sd_event_unref(w->event);
        roster_clear(&w->roster);
        error_clear(&w->error);
        free(w);
        return NULL;
}

sd_event *watch_event(Watch *w) {
        return w->event;
}

const RosterEntry *watch_get(const Watch *w, const char *name) {
        return roster_get(&w->roster, name);
}

void watch_end(Watch *w, int status) {
        (void) sd_event_exit(w->event, status);
}

int watch_run(Watch *w, Error *error) {
        int r = sd_event_loop(w->event);

        if (r >= 0)
                return r;
        if (error_is_set(&w->error))
                return error_move(error, &w->error);
        if (r == -ECONNRESET)
                return error_set(error, ECONNRESET, NULL, "The connection to the system bus broke: try again when it is back");
        return error_set_errno(error, r, "Cannot watch containers");
}
