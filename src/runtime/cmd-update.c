/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "container.h"
#include "fd.h"
#include "field.h"
#include "parse.h"
#include "update.h"

#define RESOURCES_SIZE_MAX (1024 * 1024)

typedef enum ValueKind {
        VALUE_NUMBER, /* may be negative */
        VALUE_SIZE,   /* bytes, with k, m, g, t, p; -1: no limit */
        VALUE_TEXT,
        VALUE_IGNORED, /* of v1's, which does nothing since long */
        VALUE_RDT,
} ValueKind;

#define KEY_FIRST 256
static const struct {
        const char *option, *section, *field;
        ValueKind kind;
} values[] = {
        { "blkio-weight", "blockIO", "weight", VALUE_NUMBER },
        { "cpu-period", "cpu", "period", VALUE_NUMBER },
        { "cpu-quota", "cpu", "quota", VALUE_NUMBER },
        { "cpu-burst", "cpu", "burst", VALUE_NUMBER },
        { "cpu-share", "cpu", "shares", VALUE_NUMBER },
        { "cpu-rt-period", "cpu", "realtimePeriod", VALUE_NUMBER },
        { "cpu-rt-runtime", "cpu", "realtimeRuntime", VALUE_NUMBER },
        { "cpu-idle", "cpu", "idle", VALUE_NUMBER },
        { "cpuset-cpus", "cpu", "cpus", VALUE_TEXT },
        { "cpuset-mems", "cpu", "mems", VALUE_TEXT },
        { "memory", "memory", "limit", VALUE_SIZE },
        { "memory-reservation", "memory", "reservation", VALUE_SIZE },
        { "memory-swap", "memory", "swap", VALUE_SIZE },
        { "pids-limit", "pids", "limit", VALUE_NUMBER },
        { "kernel-memory", NULL, NULL, VALUE_IGNORED },
        { "kernel-memory-tcp", NULL, NULL, VALUE_IGNORED },
        { "l3-cache-schema", NULL, NULL, VALUE_RDT },
        { "mem-bw-schema", NULL, NULL, VALUE_RDT },
};

typedef struct UpdateArguments {
        const char *file;
        json_t *resources;
} UpdateArguments;

static int parse_number(const char *s, int64_t *ret) {
        uint64_t v;
        int r = parse_uint_max(s + (*s == '-'), INT64_MAX, &v);

        if (r >= 0)
                *ret = *s == '-' ? -(int64_t) v : (int64_t) v;
        return r;
}

/* "64M", "64mb", "64MiB", as engines write them. */
static int parse_bytes(const char *s, int64_t *ret) {
        static const char units[] = "kmgtp";
        size_t n = strspn(s, "0123456789");
        char digits[24];
        const char *unit;
        unsigned shift = 0;
        int64_t v;

        if (streq(s, "-1")) {
                *ret = -1;
                return 0;
        }
        if (n == 0 || n >= sizeof(digits))
                return -EINVAL;
        memcpy(digits, s, n);
        digits[n] = 0;
        s += n;
        if (*s && (unit = strchr(units, *s | 0x20))) {
                shift = 10 * (unsigned) (unit - units + 1);
                s++;
                if (*s == 'i')
                        s++;
        }
        if (*s == 'b' || *s == 'B')
                s++;
        if (*s || parse_number(digits, &v) < 0 || v > INT64_MAX >> shift)
                return -EINVAL;
        *ret = v << shift;
        return 0;
}

static int set(json_t *resources, const char *section, const char *field, json_t *value, Error *error) {
        json_t *object = json_object_get(resources, section);

        if (!object) {
                object = json_object();
                (void) json_object_set_new(resources, section, object);
        }
        return json_object_set_new(object, field, value) < 0 ? error_set_errno(error, ENOMEM, "resources") : 0;
}

static int handle(int key, const char *value, void *data, Error *error) {
        UpdateArguments *a = data;
        int64_t number;
        int r;

        if (key == 'r') {
                a->file = value;
                return 0;
        }
        switch (values[key - KEY_FIRST].kind) {
        case VALUE_IGNORED:
                return 0;
        case VALUE_RDT:
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "--%s: Intel RDT cannot be changed of a container that runs", values[key - KEY_FIRST].option);
        case VALUE_TEXT:
                return set(a->resources, values[key - KEY_FIRST].section, values[key - KEY_FIRST].field, json_string(value),
                           error);
        case VALUE_SIZE:
                r = parse_bytes(value, &number);
                break;
        default:
                r = parse_number(value, &number);
        }
        if (r < 0)
                return error_set(error, EINVAL, COMMAND_USAGE, "--%s=%s: invalid value: a number%s is wanted",
                                 values[key - KEY_FIRST].option, value,
                                 values[key - KEY_FIRST].kind == VALUE_SIZE ? " of bytes, as 64M, or -1 for no limit," : "");
        return set(a->resources, values[key - KEY_FIRST].section, values[key - KEY_FIRST].field, json_integer(number), error);
}

static int load(const char *file, json_t **ret, Error *error) {
        _cleanup_fd_ int own = streq(file, "-") ? -EBADF : open(file, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        json_t *document;
        size_t size;
        int r;

        if (!streq(file, "-") && own < 0)
                return error_set_errno(error, errno, "opening %s", file);
        r = fd_read_all(own >= 0 ? own : STDIN_FILENO, RESOURCES_SIZE_MAX, &text, &size);
        if (r < 0)
                return error_set_errno(error, r, "reading the resources of %s", file);
        document = field_load(text, size, file, error);
        if (!document)
                return -EINVAL;
        if (!json_is_object(document)) {
                json_decref(document);
                return error_set(error, EINVAL, "InvalidConfig", "%s: an object as linux.resources is wanted", file);
        }
        json_decref(*ret);
        *ret = document;
        return 0;
}

static int run(const Command *command, const CommandGlobals *g, UpdateArguments *a, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        const char *id;
        int r;

        r = command_parse(command, argc, argv, handle, a, error);
        if (r <= 0)
                return r;
        if ((r = command_get_id(command, argc, argv, r, &id, error)) < 0 ||
            (a->file && (r = load(a->file, &a->resources, error)) < 0) || /* then all else is ignored, as by runc */
            (r = container_load(g->root, id, &c, error)) < 0)
                return r;
        if (container_status(c) == CONTAINER_STOPPED)
                return error_set(error, ESRCH, "NotRunning", "container %s is not running", id);
        return update_container(c, a->resources, error);
}

static int run_update(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        UpdateArguments a = { .resources = json_object() };
        int r = a.resources ? run(command, g, &a, argc, argv, error) : error_set_errno(error, ENOMEM, "resources");

        json_decref(a.resources);
        return r;
}

static const CommandOption update_options[] = {
        { 'r', "resources", "FILE", "a JSON object as linux.resources (\"-\": standard input); no other option counts then" },
        { KEY_FIRST, "blkio-weight", "N", "weight of I/O, from 10 to 1000" },
        { KEY_FIRST + 1, "cpu-period", "USEC", "the period that the quota is of" },
        { KEY_FIRST + 2, "cpu-quota", "USEC", "time of processors per period; -1: no limit" },
        { KEY_FIRST + 3, "cpu-burst", "USEC", "what may be saved up of it" },
        { KEY_FIRST + 4, "cpu-share", "N", "weight among others, from 2 to 262144" },
        { KEY_FIRST + 5, "cpu-rt-period", "USEC", NULL },
        { KEY_FIRST + 6, "cpu-rt-runtime", "USEC", NULL },
        { KEY_FIRST + 7, "cpu-idle", "N", "1: processors only when nobody else wants them" },
        { KEY_FIRST + 8, "cpuset-cpus", "LIST", "processors, as 0-2,5" },
        { KEY_FIRST + 9, "cpuset-mems", "LIST", "nodes of memory" },
        { KEY_FIRST + 10, "memory", "BYTES", "limit of memory; -1: none" },
        { KEY_FIRST + 11, "memory-reservation", "BYTES", "what it is to keep when memory is short" },
        { KEY_FIRST + 12, "memory-swap", "BYTES", "limit of memory and swap together; -1: none" },
        { KEY_FIRST + 13, "pids-limit", "N", "how many processes; -1: no limit" },
        { KEY_FIRST + 14, "kernel-memory", "BYTES", NULL },
        { KEY_FIRST + 15, "kernel-memory-tcp", "BYTES", NULL },
        { KEY_FIRST + 16, "l3-cache-schema", "TEXT", NULL },
        { KEY_FIRST + 17, "mem-bw-schema", "TEXT", NULL },
        {},
};

const Command command_update = {
        .name = "update",
        .synopsis = "[OPTION…] ID",
        .help = "Changes the limits of a container.",
        .options = update_options,
        .run = run_update,
};
