/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "idpool.h"
#include "idrange.h"
#include "manager.h"
#include "parse.h"
#include "strv.h"
#include "userns.h"

#define FILE_MAX (16 * 1024 * 1024)

/* Lines of fields with colons: the id is in field "at"; its count in "count_at",
 * or 1 where that is 0. What is not a number is passed over: these files are the
 * administrator's and may hold what others understand. */
static int add_file(IdRangeSet *set, const char *path, size_t at, size_t count_at) {
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = file_read(AT_FDCWD, path, FILE_MAX, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = strv_split(text, "\n", &lines);
        STRV_FOREACH(line, lines) {
                uint32_t values[2] = { 0, 1 };
                bool good = true;
                char *field, *rest = *line;

                for (size_t i = 0; (field = strsep(&rest, ":")); i++) {
                        if (i == at)
                                good = good && parse_u32(field, &values[0]) >= 0;
                        else if (count_at > 0 && i == count_at)
                                good = good && parse_u32(field, &values[1]) >= 0;
                }
                /* Only what may meet a container's range: a passwd of a thousand
                 * ordinary users costs nothing. */
                if (!good || (uint64_t) values[0] + values[1] <= 65536)
                        continue;
                r = idrange_set_add(set, values[0], values[1]);
                if (r < 0)
                        return r;
        }
        return r;
}

/* What the entries of a directory belong to, each with the 65536 ids around its
 * owner's: of /proc the ids that processes run with, those of other managers'
 * containers among them; of /var/lib/machines what systemd-nspawn -U has given to a
 * tree for good (systemd.io/UIDS-GIDS). */
static int add_owners(IdRangeSet *set, const char *path) {
        DIR *dir = opendir(path);
        int r = 0;

        if (!dir)
                return errno == ENOENT ? 0 : -errno;
        for (struct dirent *de; r >= 0 && (de = readdir(dir));) {
                struct stat st;

                if (de->d_name[0] == '.' || fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
                    st.st_uid < IDRANGE_COUNT || idrange_set_overlaps(set, st.st_uid, 1))
                        continue;
                r = idrange_set_add(set, st.st_uid / IDRANGE_COUNT * IDRANGE_COUNT, IDRANGE_COUNT);
        }
        closedir(dir);
        return r;
}

/* In a user namespace there are no ids but its own. */
static int add_unmapped(IdRangeSet *set) {
        IdMap map[ID_MAP_MAX];
        uint64_t next = 0, end;
        size_t n;
        int r;

        r = userns_read_map(getpid(), "uid_map", map, ELEMENTSOF(map), &n);
        while (r >= 0 && next < UIDS_END) {
                const IdMap *first = NULL;

                for (size_t i = 0; i < n; i++)
                        if ((uint64_t) map[i].inside + map[i].count > next && (!first || map[i].inside < first->inside))
                                first = &map[i];
                end = first ? first->inside : UIDS_END;
                if (end > next)
                        r = idrange_set_add(set, (uint32_t) next, (uint32_t) (MIN(end, (uint64_t) UIDS_END) - next));
                next = first ? (uint64_t) first->inside + first->count : UIDS_END;
        }
        return r;
}

static const struct {
        const char *path;
        size_t at, count_at;
} files[] = {
        { "/etc/passwd", 2, 0 },
        { "/etc/group", 2, 0 },
        { "/etc/subuid", 1, 2 },
        { "/etc/subgid", 1, 2 },
};

static int collect(Manager *manager, const char *name, IdRangeSet *set, Error *error) {
        static const char *const owners[] = { "/proc", "/var/lib/machines" };
        Container *c;
        int r;

        r = add_unmapped(set);
        if (r < 0)
                return error_set_errno(error, r, "cannot read /proc/self/uid_map");
        MAP_FOREACH(c, &manager->containers)
                if (r >= 0 && c->identity.uid_count > 0 && !streq(c->name, name))
                        r = idrange_set_add(set, c->identity.uid_base, c->identity.uid_count);
        for (size_t i = 0; i < ELEMENTSOF(files) && r >= 0; i++) {
                r = add_file(set, files[i].path, files[i].at, files[i].count_at);
                if (r < 0)
                        return error_set_errno(error, r, "cannot read %s", files[i].path);
        }
        for (size_t i = 0; i < ELEMENTSOF(owners) && r >= 0; i++) {
                r = add_owners(set, owners[i]);
                if (r < 0)
                        return error_set_errno(error, r, "cannot read %s", owners[i]);
        }
        return r;
}

static int pick(Manager *manager, const char *name, uint32_t wanted, uint32_t count, uint32_t *ret_base, Error *error) {
        _cleanup_(idrange_set_clear) IdRangeSet set = {};
        int r;

        r = collect(manager, name, &set, error);
        if (r < 0)
                return r;
        if (wanted != UINT32_MAX) {
                if (idrange_set_overlaps(&set, wanted, count))
                        return error_set(error, EBUSY, "InvalidSettings",
                                         "the ids %u to %u are taken by another container, a process, an account or /etc/subuid, or are not there: choose another UIDBase=",
                                         wanted, wanted + count - 1);
                *ret_base = wanted;
                return 0;
        }
        r = idrange_set_pick(&set, name, count, ret_base);
        return r < 0 ? error_set(error, r, "LimitsExceeded", "no range of %u ids is free on this host", count) : 0;
}

int idpool_assign(Manager *manager, const char *name, const Settings *settings, Identity *identity, Error *error) {
        uint32_t count = settings_uid_count(settings), base = 0;
        bool own = settings->user_namespace == USER_NAMESPACE_YES;
        int r;

        if (identity->uid_count == count && own == (identity->uid_base > 0) &&
            (settings->uid_base == UINT32_MAX || settings->uid_base == identity->uid_base))
                return 0;
        if (own) {
                r = pick(manager, name, settings->uid_base, count, &base, error);
                if (r < 0)
                        return r;
        }
        identity->uid_base = base;
        identity->uid_count = count;
        return 1;
}

static bool has_own(const Container *c) {
        return c->identity.uid_count > 0 && c->identity.uid_base > 0;
}

static int compare_bases(const void *a, const void *b) {
        const Container *x = *(Container *const *) a, *y = *(Container *const *) b;

        return (x->identity.uid_base > y->identity.uid_base) - (x->identity.uid_base < y->identity.uid_base);
}

void idpool_find_conflicts(Manager *manager, IdConflict found, void *userdata) {
        size_t n = 0, total = map_size(&manager->containers);
        _cleanup_free_ Container **sorted = calloc(total + 1, sizeof(*sorted));
        Container *c;

        if (!sorted)
                return;
        MAP_FOREACH(c, &manager->containers)
                if (has_own(c))
                        sorted[n++] = c;
        qsort(sorted, n, sizeof(*sorted), compare_bases);
        for (size_t i = 1; i < n; i++)
                if ((uint64_t) sorted[i - 1]->identity.uid_base + sorted[i - 1]->identity.uid_count > sorted[i]->identity.uid_base)
                        found(sorted[i], sorted[i - 1]->name, userdata);

        for (size_t k = 0; k < ELEMENTSOF(files); k++) {
                _cleanup_(idrange_set_clear) IdRangeSet set = {};

                if (add_file(&set, files[k].path, files[k].at, files[k].count_at) < 0)
                        continue;
                for (size_t i = 0; i < n; i++)
                        if (idrange_set_overlaps(&set, sorted[i]->identity.uid_base, sorted[i]->identity.uid_count))
                                found(sorted[i], files[k].path, userdata);
        }
}
