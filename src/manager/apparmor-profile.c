/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "apparmor-profile.h"
#include "strv.h"

void apparmor_profile_name(const char *container, char ret[static APPARMOR_PROFILE_MAX]) {
        snprintf(ret, APPARMOR_PROFILE_MAX, "ctr-%s", container);
}

void apparmor_namespace_name(const char *container, char ret[static APPARMOR_NAMESPACE_MAX]) {
        snprintf(ret, APPARMOR_NAMESPACE_MAX, APPARMOR_NAMESPACE_PREFIX "%s", container);
}

void apparmor_label(const char *container, char ret[static APPARMOR_LABEL_MAX]) {
        char profile[APPARMOR_PROFILE_MAX], namespace[APPARMOR_NAMESPACE_MAX];

        apparmor_profile_name(container, profile);
        apparmor_namespace_name(container, namespace);
        snprintf(ret, APPARMOR_LABEL_MAX, "%s//&:%s:unconfined", profile, namespace);
}

bool apparmor_label_is_stacked(const char *label) {
        return label && strstr(label, "//&:");
}

/* Nothing that ends a string, a line or a word, expands, or matches more than itself. */
static bool is_plain(const char *s) {
        return *s && !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:/-")];
}

static int rules_text(const char *rules, const char *version, char **ret) {
        if (!rules) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        if (!is_plain(rules) || !is_plain(version))
                return -EINVAL;
        return asprintf(ret, "\n  # Of the administrator, as of %s.\n  include \"%s\"\n", version, rules) < 0 ? -ENOMEM : 0;
}

/* "@WORD@" at the beginning of s: the number of its characters, or 0. */
static size_t placeholder(const char *s) {
        size_t n = strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

        return n > 0 && s[n + 1] == '@' ? n + 2 : 0;
}

int apparmor_profile_generate(const ApparmorTemplate *template, const char *container, const char *rules,
                              const char *version, char **ret) {
        char profile[APPARMOR_PROFILE_MAX], namespace[APPARMOR_NAMESPACE_MAX];
        _cleanup_free_ char *more = NULL;
        _cleanup_strv_ char **pieces = NULL;
        int r;

        if (!name_is_valid(container) || !is_plain(template->features))
                return -EINVAL;
        apparmor_profile_name(container, profile);
        apparmor_namespace_name(container, namespace);
        r = rules_text(rules, version, &more);
        if (r < 0)
                return r;

        const struct {
                const char *word, *value;
        } words[] = {
                { "@PROFILE@", profile },
                { "@NAMESPACE@", namespace },
                { "@FEATURES@", template->features },
                { "@KERNEL@", template->kernel },
                { "@RULES@", more },
        };

        /* What is put in is not looked at again. */
        for (const char *s = template->text; *s;) {
                const char *value = NULL, *at = s;
                size_t n = 0;

                while ((at = strchr(at, '@')) && (n = placeholder(at)) == 0)
                        at++;
                r = strv_extendf(&pieces, "%.*s", (int) (at ? at - s : (ptrdiff_t) strlen(s)), s);
                if (r < 0)
                        return r;
                if (!at)
                        break;
                for (size_t i = 0; i < ELEMENTSOF(words); i++)
                        if (strlen(words[i].word) == n && strncmp(at, words[i].word, n) == 0)
                                value = words[i].value;
                if (!value)
                        return -EINVAL;
                r = strv_extend(&pieces, value);
                if (r < 0)
                        return r;
                s = at + n;
        }
        char *text = strv_join(pieces, "");
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}
