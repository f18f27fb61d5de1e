/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apparmor-profile.h"
#include "apparmor.h"
#include "capture.h"
#include "confinement.h"
#include "file.h"
#include "paths.h"

#define TEXT_MAX (1024 * 1024)
/* It compiles in a tenth of a second; an emulated machine is slow. */
#define LOAD_USEC (60 * USEC_PER_SEC)

struct ConfinementLoad {
        Capture *parser;
        char *container;
        ConfinementDone done;
        void *userdata;
};

/* The profile's text is the container's own, and so is the compiler's cache, which
 * goes by the text's name and time. */
static void profile_dir(const char *container, char *ret, size_t size) {
        snprintf(ret, size, PATH_CONTAINERS "/%s/apparmor", container);
}

static void profile_path(const char *container, char *ret, size_t size) {
        char profile[APPARMOR_PROFILE_MAX];

        apparmor_profile_name(container, profile);
        snprintf(ret, size, PATH_CONTAINERS "/%s/apparmor/%s", container, profile);
}

/* A link to the kernel's file of the profile, made when the text as it is now was
 * loaded. It leads nowhere when somebody else has removed the profile. */
static void loaded_path(const char *container, char *ret, size_t size) {
        snprintf(ret, size, PATH_APPARMOR_LOADED "/%s", container);
}

static int read_template(const char *name, char **ret, Error *error) {
        char path[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), PATH_APPARMOR_TEMPLATES "/%s", name);
        r = file_read(AT_FDCWD, path, TEXT_MAX, ret, NULL);
        return r < 0 ? error_set_errno(error, r, "cannot read the profile template %s", path) : 0;
}

/* Which rules the administrator adds, and when they were last changed: the compiler
 * compares times alone, and a file that is put back is older than its cache. */
static int find_rules(const char *container, char *ret_path, size_t path_size, char *ret_version, size_t version_size,
                      Error *error) {
        struct stat st;

        snprintf(ret_path, path_size, PATH_APPARMOR_RULES "/%s", container);
        if (stat(ret_path, &st) < 0)
                return errno == ENOENT ? 0 : error_set_errno(error, errno, "cannot look at %s", ret_path);
        if (!S_ISREG(st.st_mode))
                return error_set(error, EINVAL, "InvalidSettings", "%s is no file: write AppArmor rules into it", ret_path);
        snprintf(ret_version, version_size, "%lld.%09ld-%llu-%lld", (long long) st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                 (unsigned long long) st.st_ino, (long long) st.st_size);
        return 1;
}

static int generate(const char *container, const Settings *settings, char **ret, Error *error) {
        _cleanup_free_ char *text = NULL, *kernel = NULL;
        char rules[PATH_MAX], version[96];
        int has_rules, r;

        r = read_template(settings->user_namespace ? "container" : "container-privileged", &text, error);
        if (r >= 0)
                r = read_template("kernel", &kernel, error);
        if (r >= 0)
                r = has_rules = find_rules(container, rules, sizeof(rules), version, sizeof(version), error);
        if (r < 0)
                return r;
        r = apparmor_profile_generate(&(ApparmorTemplate){ text, kernel, PATH_APPARMOR_TEMPLATES "/features" },
                                      container, has_rules ? rules : NULL, version, ret);
        return r < 0 ? error_set_errno(error, r, "cannot make an AppArmor profile from " PATH_APPARMOR_TEMPLATES) : 0;
}

/* Writes the text where it differs from what is there; until it is loaded nothing
 * counts as loaded. */
static int write_profile(const char *container, const char *text, Error *error) {
        char dir[PATH_MAX], path[PATH_MAX], loaded[PATH_MAX];
        _cleanup_free_ char *old = NULL;
        int r;

        profile_path(container, path, sizeof(path));
        if (file_read(AT_FDCWD, path, TEXT_MAX, &old, NULL) >= 0 && streq(old, text))
                return 0;

        profile_dir(container, dir, sizeof(dir));
        loaded_path(container, loaded, sizeof(loaded));
        r = unlink(loaded) < 0 && errno != ENOENT ? -errno : 0;
        if (r >= 0)
                r = file_mkdir_parents(dir, 0700);
        if (r >= 0)
                r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

static int prepare_generated(const char *container, const Settings *settings, Error *error) {
        char namespace[APPARMOR_NAMESPACE_MAX];
        _cleanup_free_ char *text = NULL;
        int r;

        r = generate(container, settings, &text, error);
        if (r >= 0)
                r = write_profile(container, text, error);
        if (r < 0)
                return r;
        apparmor_namespace_name(container, namespace);
        r = apparmor_namespace_make(namespace);
        if (r < 0)
                return error_set_errno(error, r, "cannot make the AppArmor policy namespace %s", namespace);
        return 0;
}

const char *confinement_label(const char *container, const Settings *settings, char buffer[static APPARMOR_LABEL_MAX]) {
        if (!apparmor_is_available())
                return NULL;
        if (settings->apparmor_profile)
                return settings->apparmor_profile;
        apparmor_label(container, buffer);
        return buffer;
}

int confinement_prepare(const char *container, const Settings *settings, char **ret, Error *error) {
        const char *wanted = settings->apparmor_profile, *label;
        char buffer[APPARMOR_LABEL_MAX];
        bool named = wanted && !streq(wanted, "unconfined");
        char *copy;
        int r;

        label = confinement_label(container, settings, buffer);
        if (!label && named)
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "AppArmorProfile=%s cannot be: AppArmor is not active on this host, set it to generated or unconfined",
                                 wanted);
        if (named && !apparmor_is_loaded(wanted))
                return error_set(error, ENOENT, "InvalidSettings",
                                 "AppArmorProfile=%s cannot be: no such profile is loaded, load it with apparmor_parser, or set it to generated",
                                 wanted);
        if (!label) {
                *ret = NULL;
                return 0;
        }
        copy = strdup(label);
        if (!copy)
                return -ENOMEM;
        r = wanted ? 0 : prepare_generated(container, settings, error);
        if (r < 0) {
                free(copy);
                return r;
        }
        *ret = copy;
        return 0;
}

/* Whether the profile's text is what the kernel has. */
static bool is_current(const char *container) {
        char loaded[PATH_MAX];

        loaded_path(container, loaded, sizeof(loaded));
        return access(loaded, F_OK) >= 0;
}

static int mark_loaded(const char *container) {
        char profile[APPARMOR_PROFILE_MAX], loaded[PATH_MAX];
        _cleanup_free_ char *policy = NULL;
        int r;

        apparmor_profile_name(container, profile);
        r = apparmor_find_policy(profile, &policy);
        if (r >= 0)
                r = file_mkdir_parents(PATH_APPARMOR_LOADED, 0700);
        if (r < 0)
                return r;
        loaded_path(container, loaded, sizeof(loaded));
        (void) unlink(loaded);
        return symlink(policy, loaded) < 0 ? -errno : 0;
}

/* Of what the compiler said, the sentence that is about an error: the first, but for
 * warnings. In place. */
static const char *complaint(char *text) {
        const char *first = NULL;

        for (char *line = text, *end; line && *line; line = end) {
                end = strchr(line, '\n');
                if (end)
                        *end++ = 0;
                if (!first)
                        first = line;
                if (!startswith(line, "Warning"))
                        return line;
        }
        return first;
}

static void on_parsed(const char *text, void *userdata) {
        ConfinementLoad *load = userdata;
        _cleanup_free_ char *copy = text ? strdup(text) : NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        ConfinementDone done = load->done;
        void *done_userdata = load->userdata;
        int r = 0;

        load->parser = NULL;
        if (text)
                error_set(&error, EINVAL, "StartFailed", "the AppArmor profile of %s cannot be loaded: %s", load->container,
                          copy && *copy ? complaint(copy) : "apparmor_parser ended without a word");
        else
                /* Without the mark the next start loads it again. */
                r = mark_loaded(load->container);
        if (r == -ENOENT)
                error_set(&error, ENOENT, "StartFailed", "the AppArmor profile of %s was loaded, and is not there",
                          load->container);
        confinement_load_free(load);
        done(error_is_set(&error) ? &error : NULL, done_userdata);
}

int confinement_load(sd_event *event, const char *container, const char *label, ConfinementDone done, void *userdata,
                     ConfinementLoad **ret, Error *error) {
        char path[PATH_MAX], cache[PATH_MAX + 16];
        ConfinementLoad *load;
        int r;

        if (!apparmor_label_is_stacked(label) || is_current(container))
                return 0;

        load = calloc(1, sizeof(*load));
        if (!load)
                return -ENOMEM;
        load->done = done;
        load->userdata = userdata;
        load->container = strdup(container);
        profile_dir(container, cache, sizeof(cache));
        strcat(cache, "/cache");
        profile_path(container, path, sizeof(path));
        r = load->container ? 0 : -ENOMEM;
        if (r >= 0)
                r = capture_complaints(event,
                                       (char *[]){ (char *) PATH_APPARMOR_PARSER, (char *) "--replace", (char *) "--write-cache",
                                                   (char *) "--cache-loc", cache, path, NULL },
                                       LOAD_USEC, on_parsed, load, &load->parser);
        if (r < 0) {
                confinement_load_free(load);
                return r == -ENOENT
                               ? error_set(error, ENOENT, "StartFailed",
                                           "AppArmor is active, but there is no " PATH_APPARMOR_PARSER
                                           ": install apparmor, or set AppArmorProfile=unconfined")
                               : error_set_errno(error, r, "cannot run " PATH_APPARMOR_PARSER);
        }
        *ret = load;
        return 1;
}

ConfinementLoad *confinement_load_free(ConfinementLoad *load) {
        if (!load)
                return NULL;
        capture_free(load->parser);
        free(load->container);
        free(load);
        return NULL;
}

int confinement_end(const char *container) {
        char namespace[APPARMOR_NAMESPACE_MAX];

        apparmor_namespace_name(container, namespace);
        return apparmor_namespace_remove(namespace);
}

int confinement_rename(const char *from, const char *to, Error *error) {
        char before[PATH_MAX], after[PATH_MAX];
        int r;

        snprintf(before, sizeof(before), PATH_APPARMOR_RULES "/%s", from);
        snprintf(after, sizeof(after), PATH_APPARMOR_RULES "/%s", to);
        if (renameat2(AT_FDCWD, before, AT_FDCWD, after, RENAME_NOREPLACE) < 0 && errno != ENOENT)
                return error_set_errno(error, errno, "cannot rename %s to %s", before, after);
        profile_dir(to, before, sizeof(before));
        r = file_remove_tree(AT_FDCWD, before);
        return r < 0 ? error_set_errno(error, r, "cannot remove %s", before) : 0;
}

int confinement_remove(const char *container) {
        char profile[APPARMOR_PROFILE_MAX], path[PATH_MAX];

        /* Another's profile that happens to have the name is not ours to remove. */
        profile_path(container, path, sizeof(path));
        if (access(path, F_OK) < 0 || !apparmor_is_available())
                return 0;
        loaded_path(container, path, sizeof(path));
        (void) unlink(path);
        apparmor_profile_name(container, profile);
        return apparmor_unload(profile);
}
