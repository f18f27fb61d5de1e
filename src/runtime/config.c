/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config.h"
#include "fd.h"
#include "field.h"
#include "parse.h"

#define CONFIG_SIZE_MAX (16 * 1024 * 1024)

Config *config_free(Config *c) {
        if (!c)
                return NULL;
        json_decref(c->document);
        free(c->text);
        arena_clear(&c->arena);
        free(c);
        return NULL;
}

static int parse_root(Config *c, Error *error) {
        const json_t *root;
        int r;

        r = field_object(c->document, "root", &root, error);
        if (r < 0 || !root)
                return r;
        r = field_string(root, "root.path", &c->root_path, error);
        if (r < 0)
                return r;
        return field_bool(root, "root.readonly", &c->root_readonly, error);
}

static int parse_annotations(Config *c, Error *error) {
        const char *key;
        json_t *value;
        int r;

        r = field_object(c->document, "annotations", &c->annotations, error);
        if (r < 0 || !c->annotations)
                return r;
        json_object_foreach((json_t *) c->annotations, key, value) {
                if (!json_is_string(value))
                        return error_set(error, EINVAL, "InvalidConfig", "annotations: \"%s\" must be a string", key);
                if (streq(key, "org.ctrd1.pdeathsig") &&
                    parse_signal(json_string_value(value), &c->death_signal) < 0)
                        return error_set(error, EINVAL, "InvalidConfig", "annotations: \"%s\" is no signal: \"%s\"",
                                         key, json_string_value(value));
        }
        return 0;
}

static int parse_document(Config *c, Error *error) {
        const json_t *process, *mounts, *linux_object, *hooks;
        int r;

        if (!json_is_object(c->document))
                return error_set(error, EINVAL, "InvalidConfig", "config.json must be an object");

        if ((r = field_string(c->document, "ociVersion", &c->oci_version, error)) < 0 ||
            (r = field_object(c->document, "process", &process, error)) < 0 ||
            (r = parse_root(c, error)) < 0 ||
            (r = field_string(c->document, "hostname", &c->hostname, error)) < 0 ||
            (r = field_string(c->document, "domainname", &c->domainname, error)) < 0 ||
            (r = field_array(c->document, "mounts", &mounts, error)) < 0 ||
            (r = field_object(c->document, "hooks", &hooks, error)) < 0 ||
            (r = parse_annotations(c, error)) < 0 ||
            (r = field_object(c->document, "linux", &linux_object, error)) < 0)
                return r;

        /* For who comes by exec into a container that has none. */
        c->process = (ConfigProcess){ .umask = -1, .cwd = "/" };
        if (process) {
                c->has_process = true;
                r = config_parse_process(process, &c->arena, &c->process, error);
                if (r < 0)
                        return r;
                c->process.keep_groups = config_keeps_groups(c->annotations);
        }
        if (mounts && (r = config_parse_mounts(c, mounts, error)) < 0)
                return r;
        if (hooks && (r = config_parse_hooks(c, hooks, error)) < 0)
                return r;
        if (linux_object && (r = config_parse_linux(c, linux_object, error)) < 0)
                return r;
        if ((r = config_resolve_idmaps(c, error)) < 0)
                return r;
        return 0;
}

bool config_keeps_groups(const json_t *annotations) {
        const char *value = json_string_value(json_object_get(annotations, "run.oci.keep_original_groups"));

        return value && streq(value, "1");
}

int config_set_env(Config *c, const char *name, const char *format, ...) {
        char value[4096], **env;
        size_t n = 0, used = 0, length = strlen(name);
        va_list ap;
        int k;

        va_start(ap, format);
        k = vsnprintf(value, sizeof(value), format, ap);
        va_end(ap);
        if (k < 0 || (size_t) k >= sizeof(value))
                return -ENAMETOOLONG;
        while (c->process.env && c->process.env[n])
                n++;
        env = arena_new(&c->arena, char *, n + 2);
        if (!env)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (strncmp(c->process.env[i], name, length) != 0 || c->process.env[i][length] != '=')
                        env[used++] = c->process.env[i];
        env[used] = arena_printf(&c->arena, "%s=%s", name, value);
        if (!env[used])
                return -ENOMEM;
        c->process.env = env;
        return 0;
}

/* Takes text over. */
static int config_new(char *text, size_t size, Config **ret, Error *error) {
        _cleanup_(config_freep) Config *c = calloc(1, sizeof(*c));
        int r;

        if (!c) {
                free(text);
                return error_set_errno(error, ENOMEM, "config.json");
        }
        c->text = text;
        c->text_size = size;
        c->document = field_load(text, size, "config.json", error);
        if (!c->document)
                return -EINVAL;
        r = parse_document(c, error);
        if (r < 0)
                return r;
        r = config_validate(c, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int config_parse(const char *text, size_t size, Config **ret, Error *error) {
        char *copy = malloc(size + 1);

        if (!copy)
                return error_set_errno(error, ENOMEM, "config.json");
        memcpy(copy, text, size);
        copy[size] = 0;
        return config_new(copy, size, ret, error);
}

int config_load(int directory, const char *file, Config **ret, Error *error) {
        _cleanup_fd_ int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        char *text;
        int r;

        if (fd < 0)
                return error_set_errno(error, errno, "opening %s", file);
        if (fstat(fd, &st) < 0)
                return error_set_errno(error, errno, "reading %s", file);
        /* Not a device, nor a pipe that would hold us up. */
        if (!S_ISREG(st.st_mode))
                return error_set(error, EINVAL, "InvalidConfig", "%s must be a regular file", file);

        /* The size is known: one read. */
        if (st.st_size > CONFIG_SIZE_MAX)
                return error_set_errno(error, EFBIG, "reading %s", file);
        text = malloc((size_t) st.st_size + 1);
        if (!text)
                return error_set_errno(error, ENOMEM, "reading %s", file);
        ssize_t k = read(fd, text, (size_t) st.st_size);
        if (k < 0) {
                r = error_set_errno(error, errno, "reading %s", file);
                free(text);
                return r;
        }
        text[k] = 0;
        return config_new(text, (size_t) k, ret, error);
}
