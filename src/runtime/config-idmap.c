/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "config.h"
#include "parse.h"

/*
 * The mount option idmap=uids=…;gids=… of crun (crun(1), "idmap mount options"),
 * which podman hands on: FILE-HOST-COUNT, several with "#" between them. With "@"
 * before it a list is relative to the container's user namespace.
 */

#define WORD "idmap="

static int parse_triple(const char *text, IdMap *ret) {
        uint32_t numbers[3];

        for (size_t i = 0; i < 3; i++) {
                size_t n = strcspn(text, "-");
                char digits[16];

                if (n == 0 || n >= sizeof(digits) || (i < 2 && text[n] != '-') || (i == 2 && text[n] != 0))
                        return -EINVAL;
                memcpy(digits, text, n);
                digits[n] = 0;
                /* strtol(3) took a sign, and who relies on it means none. */
                if (parse_u32(digits + (digits[0] == '+'), numbers + i) < 0)
                        return -EINVAL;
                text += n + (i < 2);
        }
        *ret = (IdMap){ .inside = numbers[0], .outside = numbers[1], .count = numbers[2] };
        return 0;
}

static int parse_list(Arena *arena, char *text, IdMap **ret, size_t *ret_n, bool *ret_relative) {
        size_t n = 1, used = 0;
        char *save = NULL;
        IdMap *maps;

        *ret_relative = text[0] == '@';
        text += *ret_relative;
        for (const char *p = text; *p; p++)
                n += *p == '#';
        if (n > ID_MAP_MAX)
                return -E2BIG;
        maps = arena_new(arena, IdMap, n);
        if (!maps)
                return -ENOMEM;
        for (char *word = strtok_r(text, "#", &save); word; word = strtok_r(NULL, "#", &save)) {
                int r = parse_triple(word, maps + used++);

                if (r < 0)
                        return r;
        }
        if (id_map_check(maps, used) < 0)
                return -EINVAL;
        *ret = maps;
        *ret_n = used;
        return 0;
}

int config_parse_idmap_option(Config *c, ConfigMount *m, const char *word) {
        char *text, *save = NULL;
        int r = -EINVAL;

        if (startswith(word, "r" WORD))
                m->options.idmap = MOUNT_IDMAP_RECURSIVE;
        else if (startswith(word, WORD))
                m->options.idmap = MOUNT_IDMAP_PLAIN;
        else
                return 0;
        text = arena_strdup(&c->arena, strchr(word, '=') + 1);
        if (!text)
                return -ENOMEM;
        for (char *part = strtok_r(text, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
                if (startswith(part, "uids="))
                        r = parse_list(&c->arena, part + 5, &m->uids, &m->n_uids, &m->relative_uids);
                else if (startswith(part, "gids="))
                        r = parse_list(&c->arena, part + 5, &m->gids, &m->n_gids, &m->relative_gids);
                else
                        r = -EINVAL;
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : 1;
}

/* The id on the host counts from where the container's own map puts the first one
 * of the file system. */
static int resolve(IdMap *maps, size_t n, const IdMap *own, size_t n_own) {
        for (size_t i = 0; i < n; i++) {
                uint32_t start;

                if (id_map_outside(own, n_own, maps[i].inside, &start) < 0 ||
                    __builtin_add_overflow(maps[i].outside, start - maps[i].inside, &maps[i].outside))
                        return -EINVAL;
        }
        return id_map_check(maps, n);
}

int config_resolve_idmaps(Config *c, Error *error) {
        for (size_t i = 0; i < c->n_mounts; i++) {
                ConfigMount *m = c->mounts + i;
                int r = 0;

                if (m->relative_uids)
                        r = resolve(m->uids, m->n_uids, c->uids, c->n_uids);
                if (r >= 0 && m->relative_gids)
                        r = resolve(m->gids, m->n_gids, c->gids, c->n_gids);
                if (r < 0)
                        return error_set(error, EINVAL, "InvalidConfig",
                                         "mounts: idmap of %s is relative to a user namespace that does not have its ids",
                                         m->destination);
        }
        return 0;
}
