/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "direct-bus.h"
#include "rootless.h"
#include "unit-bus.h"
#include "userns.h"

#define DESTINATION "org.freedesktop.systemd1"
#define PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"
#define NO_SUCH_UNIT "org.freedesktop.systemd1.NoSuchUnit"

/* Nothing here takes systemd long; one that hangs shall not hang us for ever. */
#define TIMEOUT_SEC 60

struct UnitBus {
        DirectBus bus;
        DBusWriter out; /* what is to be sent in one go */
        uint32_t serial;
        bool ready;
};

static size_t read_uid_map(IdMap map[static ID_MAP_MAX]) {
        size_t n = 0;

        return userns_read_map(getpid(), "uid_map", map, ID_MAP_MAX, &n) < 0 ? 0 : n;
}

/* A bus sees us from outside of our user namespace. */
static uid_t outside_uid(void) {
        IdMap map[ID_MAP_MAX];
        uint32_t uid = geteuid();

        (void) id_map_outside(map, read_uid_map(map), uid, &uid);
        return uid;
}

/* The first socket of "unix:path=/run/user/1000/bus,guid=…;…". */
static int connect_address(UnitBus *b, const char *address, uid_t uid) {
        const char *path = address ? startswith(address, "unix:path=") : NULL;
        char copy[256];
        size_t n;

        n = path ? strcspn(path, ",;") : 0;
        if (n == 0 || n >= sizeof(copy) || memchr(path, '%', n)) /* escapes are not for paths that anybody has */
                return -EADDRNOTAVAIL;
        memcpy(copy, path, n);
        copy[n] = 0;
        return direct_bus_connect(&b->bus, copy, uid);
}

static int connect_user(UnitBus *b) {
        const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
        uid_t uid = outside_uid();
        char path[256];
        int r;

        r = connect_address(b, secure_getenv("DBUS_SESSION_BUS_ADDRESS"), uid);
        if (r < 0 && !isempty(runtime)) {
                direct_bus_close(&b->bus);
                snprintf(path, sizeof(path), "%s/bus", runtime);
                r = direct_bus_connect(&b->bus, path, uid);
        }
        if (r < 0) {
                direct_bus_close(&b->bus);
                snprintf(path, sizeof(path), "/run/user/%u/bus", (unsigned) uid);
                r = direct_bus_connect(&b->bus, path, uid);
        }
        return r;
}

static int connect_system(UnitBus *b, bool rootless) {
        uid_t uid = rootless ? outside_uid() : 0;
        int r = connect_address(b, secure_getenv("DBUS_SYSTEM_BUS_ADDRESS"), uid);

        if (r >= 0)
                return r;
        direct_bus_close(&b->bus);
        return direct_bus_connect(&b->bus, DIRECT_BUS_PATH, uid);
}

int unit_bus_connect(UnitBus **ret, Error *error) {
        _cleanup_(unit_bus_freep) UnitBus *b = malloc(sizeof(*b)); /* most of it is never touched */
        const struct timeval timeout = { .tv_sec = TIMEOUT_SEC };
        bool rootless = rootless_is_expected(ROOTLESS_AUTO);
        int r = -EADDRNOTAVAIL;

        if (!b)
                return error_set_errno(error, ENOMEM, "bus");
        b->bus.fd = b->bus.passed = -EBADF;
        b->out = (DBusWriter){};
        b->serial = DIRECT_BUS_SERIAL;
        b->ready = false;
        if (rootless)
                r = connect_user(b);
        if (r < 0) {
                direct_bus_close(&b->bus);
                r = connect_system(b, rootless);
        }
        if (r < 0)
                return error_set_errno(error, r, "connecting to the %s bus, for the cgroup manager \"systemd\" (\"cgroupfs\" needs none)",
                                       rootless ? "user's" : "system");
        (void) setsockopt(b->bus.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        *ret = TAKE_PTR(b);
        return 0;
}

UnitBus *unit_bus_free(UnitBus *b) {
        if (!b)
                return NULL;
        direct_bus_close(&b->bus);
        dbus_writer_clear(&b->out);
        free(b);
        return NULL;
}

/* Adds a call to what is to be sent; returns its serial. The body is cleared. */
static uint32_t add_call(UnitBus *b, const char *destination, const char *path, const char *interface, const char *member,
                         const char *signature, DBusWriter *body) {
        const DBusCall call = { .serial = b->serial++, .destination = destination, .path = path,
                                .interface = interface, .member = member, .signature = signature };
        DBusWriter message = {};

        dbus_put_call(&message, &call, body);
        dbus_put_bytes(&b->out, message.data, message.size);
        b->out.failed = b->out.failed || message.failed;
        dbus_writer_clear(&message);
        dbus_writer_clear(body);
        return call.serial;
}

static uint32_t add_manager_call(UnitBus *b, const char *member, const char *signature, DBusWriter *body) {
        return add_call(b, DESTINATION, PATH, MANAGER, member, signature, body);
}

/* For the end of the jobs of one unit. */
static uint32_t add_match(UnitBus *b, const char *unit) {
        DBusWriter body = {};
        char rule[256 + UNIT_NAME_MAX];

        snprintf(rule, sizeof(rule),
                 "type='signal',sender='" DESTINATION "',path='" PATH "',interface='" MANAGER "',member='JobRemoved',arg2='%s'", unit);
        dbus_put_string(&body, rule);
        return add_call(b, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", &body);
}

static int lost(int r, Error *error) {
        if (r == -EAGAIN)
                return error_set(error, ETIMEDOUT, NULL, "systemd has not answered for %d seconds", TIMEOUT_SEC);
        return error_set_errno(error, r, "talking to systemd over the bus");
}

static int flush(UnitBus *b, Error *error) {
        int r = 0;

        if (!b->ready)
                r = direct_bus_handshake(&b->bus);
        if (r >= 0) {
                b->ready = true;
                r = direct_bus_send(&b->bus, &b->out);
        }
        dbus_writer_clear(&b->out);
        return r < 0 ? lost(r, error) : 0;
}

static int fail(const DBusMessage *m, const char *doing, const char *unit, Error *error) {
        DBusReader body = dbus_message_body(m);
        const char *text = m->signature[0] == 's' ? dbus_take_string(&body) : NULL;
        int errnum = EIO;

        if (streq(m->error_name, "org.freedesktop.DBus.Error.AccessDenied") ||
            streq(m->error_name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"))
                errnum = EACCES;
        else if (streq(m->error_name, UNIT_EXISTS))
                errnum = EEXIST;
        else if (streq(m->error_name, NO_SUCH_UNIT))
                errnum = ENOENT;
        return error_set(error, errnum, NULL, "systemd, %s the unit %s: %s", doing, unit, text ?: m->error_name);
}

/* Waits for the answer to a call; those to others are passed over. */
static int wait_answer(UnitBus *b, uint32_t serial, const char *doing, const char *unit, DBusMessage *ret, Error *error) {
        for (;;) {
                int r = direct_bus_receive(&b->bus, ret);

                if (r < 0)
                        return lost(r, error);
                if (ret->reply_serial != serial)
                        continue;
                if (ret->type == DBUS_ERROR)
                        return fail(ret, doing, unit, error);
                if (ret->type == DBUS_METHOD_RETURN)
                        return 0;
        }
}

/* Waits for the answer, which is a job, and for the job's end. Anybody can send us a
 * signal: the one that counts comes from who answered. */
static int wait_job(UnitBus *b, uint32_t serial, const char *doing, const char *unit, Error *error) {
        _cleanup_free_ char *job = NULL, *sender = NULL;
        const char *text;
        DBusReader body;
        DBusMessage m;
        int r;

        r = wait_answer(b, serial, doing, unit, &m, error);
        if (r < 0)
                return r;
        body = dbus_message_body(&m);
        text = streq(m.signature, "o") ? dbus_take_string(&body) : NULL;
        if (!text || !m.sender)
                return lost(-EBADMSG, error);
        job = strdup(text);
        sender = strdup(m.sender);
        if (!job || !sender)
                return lost(-ENOMEM, error);

        for (;;) {
                uint32_t id;

                r = direct_bus_receive(&b->bus, &m);
                if (r < 0)
                        return lost(r, error);
                if (m.type != DBUS_SIGNAL || !streq_ptr(m.member, "JobRemoved") || !streq_ptr(m.interface, MANAGER) ||
                    !streq_ptr(m.sender, sender) || !streq(m.signature, "uoss"))
                        continue;
                body = dbus_message_body(&m);
                if (dbus_take_u32(&body, &id) < 0 || !(text = dbus_take_string(&body)) || !streq(text, job) ||
                    !dbus_take_string(&body) || !(text = dbus_take_string(&body)))
                        continue;
                return streq(text, "done") ? 0
                                           : error_set(error, EIO, NULL, "systemd, %s the unit %s: the job ended with \"%s\"", doing,
                                                       unit, text);
        }
}

static void put_pid(DBusWriter *w, pid_t pid) {
        DBusArray pids;

        dbus_put_struct(w);
        dbus_put_string(w, "PIDs");
        dbus_put_signature(w, "au");
        pids = dbus_begin_array(w, sizeof(uint32_t));
        dbus_put_u32(w, (uint32_t) pid);
        dbus_end_array(w, pids);
}

static int start(UnitBus *b, const char *unit, const UnitProperties *p, pid_t pid, Error *error) {
        DBusWriter body = {};
        DBusArray array;
        uint32_t serial;
        int r;

        dbus_put_string(&body, unit);
        dbus_put_string(&body, "fail");
        array = dbus_begin_array(&body, 8);
        unit_properties_put_each(&body, p);
        if (pid > 0)
                put_pid(&body, pid);
        dbus_end_array(&body, array);
        array = dbus_begin_array(&body, 8); /* no further units */
        dbus_end_array(&body, array);
        serial = add_manager_call(b, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body);
        r = flush(b, error);
        return r < 0 ? r : wait_job(b, serial, "starting", unit, error);
}

static uint32_t add_reset(UnitBus *b, const char *unit) {
        DBusWriter body = {};

        dbus_put_string(&body, unit);
        return add_manager_call(b, "ResetFailedUnit", "s", &body);
}

int unit_bus_start(UnitBus *b, const char *unit, const UnitProperties *p, pid_t pid, Error *error) {
        _cleanup_error_ Error first = ERROR_INIT;
        int r;

        add_match(b, unit);
        r = start(b, unit, p, pid, &first);
        if (r == -EEXIST) {
                /* Left by one that failed, perhaps. One that runs stays. */
                error_clear(&first);
                add_reset(b, unit);
                r = start(b, unit, p, pid, &first);
        }
        return r < 0 ? error_move(error, &first) : 0;
}

int unit_bus_set(UnitBus *b, const char *unit, const UnitProperties *p, Error *error) {
        DBusWriter body = {}, none = {};
        uint32_t set, ping;
        DBusMessage m;
        int r;

        if (p->n == 0)
                return 0;
        dbus_put_string(&body, unit);
        dbus_put_u32(&body, true); /* until it ends: it is a transient unit anyhow */
        unit_properties_put(&body, p);
        set = add_manager_call(b, "SetUnitProperties", "sba(sv)", &body);
        /* systemd writes when it has answered, and before it hears the next call. */
        ping = add_call(b, DESTINATION, PATH, "org.freedesktop.DBus.Peer", "Ping", NULL, &none);
        if ((r = flush(b, error)) < 0 || (r = wait_answer(b, set, "changing", unit, &m, error)) < 0)
                return r;
        return wait_answer(b, ping, "changing", unit, &m, error);
}

int unit_bus_stop(UnitBus *b, const char *unit, Error *error) {
        _cleanup_error_ Error first = ERROR_INIT;
        DBusWriter body = {};
        uint32_t serial;
        DBusMessage m;
        int r;

        add_match(b, unit);
        dbus_put_string(&body, unit);
        dbus_put_string(&body, "replace");
        serial = add_manager_call(b, "StopUnit", "ss", &body);
        r = flush(b, error);
        if (r < 0)
                return r;
        r = wait_job(b, serial, "stopping", unit, &first);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return error_move(error, &first);
        serial = add_reset(b, unit);
        r = flush(b, error);
        if (r >= 0) /* mostly it is forgotten already, and there is no such unit */
                (void) wait_answer(b, serial, "forgetting", unit, &m, NULL);
        return r;
}
