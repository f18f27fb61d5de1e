/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a container is given while it runs, and what is taken from it. */

#include <stdlib.h>

#include "assignment.h"
#include "bus.h"
#include "ctl.h"

#define PERMANENT 0x100
#define READ_ONLY 0x101

/* The options of all these verbs. */
typedef struct Given {
        bool permanent;
        bool read_only;
        char *const *words; /* behind the container's name */
        char *path;         /* of the container's object */
} Given;

static void given_clear(Given *given) {
        free(given->path);
}

/* what: the words that there must be, after the name. */
static int read_command(Options *o, size_t max, const char *what, Given *ret, Error *error) {
        const char *value;
        int code, r;

        while ((code = options_next(o, &value, error)) > 0)
                *(code == PERMANENT ? &ret->permanent : &ret->read_only) = true;
        if (code < 0)
                return code;
        r = options_check_rest(o, 2, max, what, error);
        if (r < 0)
                return r;
        ret->words = options_rest(o) + 1;
        return bus_container_path(options_rest(o)[0], &ret->path, error);
}

static int call(Ctl *ctl, const Given *given, const char *key, const char *value, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = bus_method(ctl, given->path, BUS_CONTAINER, key ? "Attach" : "Detach", &m, error);

        if (r < 0)
                return r;
        r = key ? sd_bus_message_append(m, "s", key) : 0;
        if (r >= 0)
                r = sd_bus_message_append(m, "sb", value, (int) given->permanent);
        return r < 0 ? bus_message_error(error, r) : bus_call(ctl, m, NULL, error);
}

static int run_attach(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(given_clear) Given given = {};
        int r = read_command(o, SIZE_MAX, "the name of a container, and what it is given as KEY=VALUE", &given, error);

        for (char *const *w = given.words; r >= 0 && *w; w++)
                r = assignment_check("", *w, error);
        for (char *const *w = given.words; r >= 0 && *w; w++) {
                const char *value = strchr(*w, '=') + 1;
                _cleanup_free_ char *key = strndup(*w, (size_t) (value - 1 - *w));

                r = key ? call(ctl, &given, key, value, error) : -ENOMEM;
        }
        return r;
}

static int detach(Ctl *ctl, Options *o, const char *what, Error *error) {
        _cleanup_(given_clear) Given given = {};
        int r = read_command(o, SIZE_MAX, what, &given, error);

        for (char *const *w = given.words; r >= 0 && *w; w++)
                r = call(ctl, &given, NULL, *w, error);
        return r;
}

static int run_detach(Ctl *ctl, Options *o, Error *error) {
        return detach(ctl, o, "the name of a container, and paths inside or names of credentials", error);
}

static int run_bind(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(given_clear) Given given = {};
        int r = read_command(o, 2, "the name of a container, and SOURCE[:DESTINATION[:rbind|norbind]]", &given, error);

        return r < 0 ? r : call(ctl, &given, given.read_only ? "BindReadOnly" : "Bind", given.words[0], error);
}

static int run_unbind(Ctl *ctl, Options *o, Error *error) {
        return detach(ctl, o, "the name of a container, and paths inside", error);
}

static int run_device_add(Ctl *ctl, Options *o, Error *error) {
        _cleanup_(given_clear) Given given = {};
        int r = read_command(o, SIZE_MAX, "the name of a container, and devices as /dev/SOURCE[:/dev/DESTINATION][:ACCESS]", &given, error);

        for (char *const *w = given.words; r >= 0 && *w; w++)
                r = call(ctl, &given, "Device", *w, error);
        return r;
}

static int run_device_remove(Ctl *ctl, Options *o, Error *error) {
        return detach(ctl, o, "the name of a container, and paths of devices inside", error);
}

#define PERMANENT_OPTION { "permanent", PERMANENT, NULL, "Change its settings too, for the next start" }

static const Option options[] = {
        PERMANENT_OPTION,
        {}
};

static const Option bind_options[] = {
        { "read-only", READ_ONLY, NULL, "Nobody inside can write to it" },
        PERMANENT_OPTION,
        {}
};

const Verb verb_attach = {
        .name = "attach",
        .usage = "NAME KEY=VALUE…",
        .summary = "Give a running container something, until it stops",
        .states = "running frozen",
        .details = "KEY is Bind, BindReadOnly, TemporaryFileSystem, Device or Credential, VALUE one as in\n"
                   "ctr.conf(5).",
        .options = options,
        .run = run_attach,
};

const Verb verb_detach = {
        .name = "detach",
        .usage = "NAME TARGET…",
        .summary = "Take from a running container what it was given",
        .states = "running frozen",
        .details = "TARGET is a path inside, or the name of a credential. Who uses it inside keeps it until\n"
                   "it is closed. What its settings say comes back at the next start.",
        .options = options,
        .run = run_detach,
};

const Verb verb_bind = {
        .name = "bind",
        .usage = "NAME SOURCE[:DESTINATION[:rbind|norbind]]",
        .words = "NAME FILE",
        .summary = "Show a running container a file or directory of the host",
        .states = "running frozen",
        .details = "The same as attach with Bind=. Files have the owners inside that they have on the host.",
        .options = bind_options,
        .run = run_bind,
};

const Verb verb_unbind = {
        .name = "unbind",
        .usage = "NAME DESTINATION…",
        .summary = "Take it off again",
        .states = "running frozen",
        .details = "The same as detach.",
        .options = options,
        .run = run_unbind,
};

const Verb verb_device_add = {
        .name = "device add",
        .usage = "NAME DEVICE…",
        .words = "NAME FILE…",
        .summary = "Give a running container devices of the host",
        .states = "running frozen",
        .details = "DEVICE is /dev/SOURCE[:/dev/DESTINATION][:ACCESS], such as /dev/fuse; the same as attach\n"
                   "with Device=.",
        .options = options,
        .run = run_device_add,
};

const Verb verb_device_remove = {
        .name = "device remove",
        .usage = "NAME DEVICE…",
        .summary = "Take devices from a running container",
        .states = "running frozen",
        .details = "DEVICE is the path inside. The same as detach.",
        .options = options,
        .run = run_device_remove,
};
