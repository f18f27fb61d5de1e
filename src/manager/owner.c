/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "container.h"
#include "file.h"
#include "manager.h"
#include "owner.h"
#include "parse.h"
#include "strv.h"

#define PASSWD "/etc/passwd"
#define PASSWD_MAX (16 * 1024 * 1024)

/* With each of them an owner does what root inside can do anyway, or sees it. None takes a
 * path of the host, or gives the container more than it was given. */
static const char *const verbs[] = {
        "inspect", "get", "list", "get-usage", "get-security", "get-settings", "get-log",
        "start", "stop", "restart", "soft-reboot", "kill", "freeze", "thaw",
        "exec", "shell", "open-console", "resize-console", "copy-to", "copy-from",
        "set-settings", /* of keys that the table of settings has as theirs */
};

bool owner_may(const char *verb) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i], verb))
                        return true;
        return false;
}

void owner_clear(Owner *owner) {
        strv_free(owner->names);
        *owner = (Owner){};
}

/* Calls for each account until it returns other than 0. */
static int each_account(int (*call)(const char *name, uid_t uid, void *userdata), void *userdata) {
        _cleanup_strv_ char **lines = NULL;
        _cleanup_free_ char *text = NULL;
        int r = file_read(AT_FDCWD, PASSWD, PASSWD_MAX, &text, NULL);

        if (r >= 0)
                r = strv_split(text, "\n", &lines);
        STRV_FOREACH(line, lines) {
                char *rest = *line, *name = strsep(&rest, ":"), *field = NULL;
                uint32_t uid;

                for (int i = 1; i <= 2; i++) /* the password, the number */
                        field = strsep(&rest, ":");
                if (r >= 0 && field && *name && parse_u32(field, &uid) >= 0)
                        r = call(name, uid, userdata);
                if (r != 0)
                        return r;
        }
        return r;
}

static int take_name(const char *name, uid_t uid, void *userdata) {
        Owner *owner = userdata;

        return uid == owner->uid ? strv_extend(&owner->names, name) : 0;
}

int owner_load(uid_t uid, Owner *ret) {
        Owner owner = { .uid = uid };
        int r = strv_extendf(&owner.names, "%u", (unsigned) uid);

        if (r >= 0)
                r = each_account(take_name, &owner);
        if (r < 0) {
                owner_clear(&owner);
                return r;
        }
        *ret = owner;
        return 0;
}

bool owner_has(const Owner *owner, const Container *c) {
        bool runs = container_state_is_active(c->state);

        /* It may have been made so by a change that is for the next start, or still be so. */
        if (settings_is_privileged(c->settings) || (runs && c->identity.uid_base == 0))
                return false;
        STRV_FOREACH(name, owner->names)
                if (strv_contains(c->settings->owners, *name))
                        return true;
        return false;
}

/* An account that is looked for by its name. */
typedef struct Account {
        const char *name;
        uid_t uid;
} Account;

static int take_account(const char *name, uid_t uid, void *userdata) {
        Account *account = userdata;

        if (!streq(name, account->name))
                return 0;
        account->uid = uid;
        return 1;
}

/* 0: there is none. */
static int find_account(const char *name, uid_t *ret) {
        Account account = { .name = name };
        int r = 1;

        if (parse_u32(name, &account.uid) < 0)
                r = each_account(take_account, &account);
        *ret = account.uid;
        return r;
}

static int check_one(Manager *manager, const char *name, const Container *container, uint64_t more, Error *error) {
        _cleanup_(owner_clear) Owner owner = {};
        const Container *c;
        uint64_t n = more;
        uid_t uid;
        int r;

        r = find_account(name, &uid);
        if (r == 0)
                return error_set(error, EINVAL, "InvalidSettings",
                                 "there is no user %s in " PASSWD ": give the number of one who is known elsewhere", name);
        if (r >= 0)
                r = owner_load(uid, &owner);
        if (r < 0)
                return error_set_errno(error, r, "cannot read " PASSWD);
        MAP_FOREACH(c, &manager->containers)
                n += c != container && owner_has(&owner, c);
        if (uid != 0 && n >= manager->settings.user_containers_max)
                return error_set(error, EBUSY, "LimitsExceeded",
                                 "user %s owns %llu containers already, which is the most of one user: see UserContainersMax= in ctrd.conf(5)",
                                 name, (unsigned long long) n);
        return 0;
}

int owner_check(Manager *manager, char *const *names, const Container *container, uint64_t more, Error *error) {
        STRV_FOREACH(name, names) {
                int r = check_one(manager, *name, container, more, error);

                if (r < 0)
                        return r;
        }
        return 0;
}
