/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mount.h>

#include "config.h"
#include "field.h"

static int parse_options(Config *c, ConfigMount *m, char *const *words, Error *error) {
        size_t n = 0, n_data = 0;
        char **data;

        for (char *const *w = words; w && *w; w++)
                n++;
        data = arena_new(&c->arena, char *, n + 1);
        if (!data)
                return error_set_errno(error, ENOMEM, "mounts");
        for (char *const *w = words; w && *w; w++) {
                int r = 1;

                if (!**w || mount_options_add(&m->options, *w) != 0)
                        continue;
                r = config_parse_idmap_option(c, m, *w);
                if (r < 0)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "mounts: %s: \"%s\" is wrong: idmap=uids=FILE-HOST-COUNT…;gids=… is wanted",
                                         m->destination, *w);
                if (r == 0)
                        data[n_data++] = *w;
        }
        m->data = data;
        return 0;
}

static int parse_mount(Config *c, ConfigMount *m, const json_t *object, Error *error) {
        char *const *words = NULL;
        int r;

        if (!json_is_object(object))
                return field_invalid("mounts", "each must be an object", error);
        if ((r = field_string(object, "mounts.destination", &m->destination, error)) < 0 ||
            (r = field_string(object, "mounts.source", &m->source, error)) < 0 ||
            (r = field_string(object, "mounts.type", &m->type, error)) < 0 ||
            (r = field_strv(object, "mounts.options", &c->arena, &words, error)) < 0 ||
            (r = config_parse_id_map(&c->arena, object, "mounts.uidMappings", &m->uids, &m->n_uids, error)) < 0 ||
            (r = config_parse_id_map(&c->arena, object, "mounts.gidMappings", &m->gids, &m->n_gids, error)) < 0)
                return r;

        if (isempty(m->destination))
                return field_missing("mounts.destination", error);
        r = parse_options(c, m, words, error);
        if (r < 0)
                return r;

        if (streq_ptr(m->type, "bind")) {
                /* "type": "bind" alone does not make a bind; but nothing else
                 * can be meant. */
                m->options.bind = true;
        }
        if (m->options.bind)
                m->type = NULL;
        else if (isempty(m->type) && !m->options.remount && m->options.propagation == 0)
                return error_set(error, EINVAL, "InvalidConfig", "mounts: %s has neither a type nor the option bind",
                                 m->destination);
        if (m->options.bind && isempty(m->source) && !m->options.remount)
                return error_set(error, EINVAL, "InvalidConfig", "mounts: %s has no source", m->destination);
        if ((m->n_uids > 0) != (m->n_gids > 0))
                return error_set(error, EINVAL, "InvalidConfig", "mounts: %s needs both uidMappings and gidMappings",
                                 m->destination);
        if (m->n_uids > 0 && m->options.idmap == MOUNT_IDMAP_NONE)
                m->options.idmap = MOUNT_IDMAP_PLAIN;
        if (m->options.copy_up && !streq_ptr(m->type, "tmpfs"))
                return error_set(error, EINVAL, "InvalidConfig", "mounts: tmpcopyup of %s needs the type tmpfs",
                                 m->destination);
        return 0;
}

int config_parse_mounts(Config *c, const json_t *array, Error *error) {
        c->n_mounts = json_array_size(array);
        c->mounts = arena_new(&c->arena, ConfigMount, c->n_mounts);
        if (!c->mounts)
                return error_set_errno(error, ENOMEM, "mounts");
        for (size_t i = 0; i < c->n_mounts; i++) {
                int r = parse_mount(c, c->mounts + i, json_array_get(array, i), error);

                if (r < 0)
                        return r;
        }
        return 0;
}
