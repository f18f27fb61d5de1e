/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "bundle-devices.h"
#include "bundle-mounts.h"
#include "device-grant.h"
#include "file.h"
#include "json-text.h"
#include "launch.h"
#include "live.h"
#include "strv.h"

#define LIVE "live.conf"
#define NEXT "live.next"
#define SIZE_MAX_LIVE (4 * 1024 * 1024)

static void path_of(const char *container, const char *file, char ret[static PATH_MAX]) {
        char dir[PATH_MAX / 2];

        launch_dir(container, dir, sizeof(dir));
        snprintf(ret, PATH_MAX, "%s/%s", dir, file);
}

void live_path(const char *container, char *ret, size_t size) {
        char path[PATH_MAX];

        path_of(container, LIVE, path);
        snprintf(ret, size, "%s", path);
}

static int write_values(int dir, const char *path, const Settings *settings) {
        _cleanup_(settings_freep) Settings *values = settings_new();
        _cleanup_free_ char *text = NULL;
        int r = values ? attachment_copy_all(values, settings) : -ENOMEM;

        if (r >= 0)
                r = settings_format(values, &text);
        return r < 0 ? r : file_write_atomic(dir, path, text, strlen(text), 0600);
}

int live_write(int dir, const Settings *settings) {
        return write_values(dir, LIVE, settings);
}

int live_begin(const Container *c, const Settings *after, Error *error) {
        char path[PATH_MAX];
        int r;

        path_of(c->name, NEXT, path);
        r = write_values(AT_FDCWD, path, after);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

void live_abandon(const Container *c) {
        char path[PATH_MAX];

        path_of(c->name, NEXT, path);
        (void) unlink(path);
}

/* *ret is an array, for device_grants_free(). */
static int look_up(char *const *before, char *const *after, DeviceGrant **ret, size_t *ret_n, Error *error) {
        _cleanup_strv_ char **words = NULL;

        STRV_FOREACH(d, after) {
                _cleanup_error_ Error gone = ERROR_INIT;
                char *const one[] = { *d, NULL };
                DeviceGrant *grants = NULL;
                size_t n = 0;
                int r;

                /* Who unplugs a device shall be able to give another. */
                if (strv_contains(before, *d)) {
                        if (device_grants_resolve(one, &grants, &n, &gone) < 0)
                                continue;
                        device_grants_free(grants, n);
                }
                r = strv_extend(&words, *d);
                if (r < 0)
                        return r;
        }
        return device_grants_resolve(words, ret, ret_n, error);
}

static int write_json(const char *path, const json_t *json) {
        char *text = json_text(json, JSON_COMPACT);
        int r = text ? file_write_atomic(AT_FDCWD, path, text, strlen(text), 0600) : -ENOMEM;

        free(text);
        return r;
}

int live_write_rules(const Container *c, char *const *before, char *const *after, Error *error) {
        Launch launch = { .name = c->name };
        char path[PATH_MAX];
        json_t *json;
        int r;

        r = look_up(before, after, &launch.devices, &launch.n_devices, error);
        if (r < 0)
                return r;
        json = json_pack("{s:o}", "devices", bundle_device_rules(&launch));
        device_grants_free(launch.devices, launch.n_devices);
        path_of(c->name, "resources.json", path);
        r = json ? write_json(path, json) : -ENOMEM;
        json_decref(json);
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

static int change_bundle(const Container *c, json_t *config, const Settings *before, const Settings *after, Error *error) {
        Launch launch = { .name = c->name };
        json_t *linux_part = json_object_get(config, "linux");
        int r;

        r = bundle_replace_attachments(json_object_get(config, "mounts"), before, after, c->settings->user_namespace);
        if (r >= 0)
                r = look_up(before->device, after->device, &launch.devices, &launch.n_devices, error);
        if (r < 0)
                return r;
        if (json_object_set_new(linux_part, "devices", bundle_devices(&launch)) < 0 ||
            json_object_set_new(json_object_get(linux_part, "resources"), "devices", bundle_device_rules(&launch)) < 0)
                r = -ENOMEM;
        device_grants_free(launch.devices, launch.n_devices);
        return r;
}

int live_commit(const Container *c, const Settings *before, const Settings *after, Error *error) {
        char path[PATH_MAX], next[PATH_MAX];
        _cleanup_free_ char *text = NULL;
        json_t *config = NULL;
        int r;

        path_of(c->name, "bundle/config.json", path);
        r = file_read(AT_FDCWD, path, SIZE_MAX_LIVE, &text, NULL);
        if (r >= 0) {
                config = json_loads(text, 0, NULL);
                r = config ? change_bundle(c, config, before, after, error) : -EBADMSG;
        }
        if (r >= 0)
                r = write_json(path, config);
        json_decref(config);
        if (r >= 0) {
                path_of(c->name, LIVE, path);
                path_of(c->name, NEXT, next);
                r = rename(next, path) < 0 ? -errno : 0;
        }
        return r < 0 ? error_set_errno(error, r, "cannot write %s", path) : 0;
}

static int load(const char *path, Settings **ret) {
        _cleanup_(settings_freep) Settings *settings = settings_new();
        _cleanup_free_ char *text = NULL;
        int r = file_read(AT_FDCWD, path, SIZE_MAX_LIVE, &text, NULL);

        if (r < 0)
                return r;
        r = settings ? settings_parse(settings, text, path, TRUST_ADMIN, NULL) : -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(settings);
        return r;
}

int live_load(const char *container, Settings *settings) {
        _cleanup_(settings_freep) Settings *values = NULL;
        char path[PATH_MAX];
        int r;

        path_of(container, LIVE, path);
        r = load(path, &values);
        return r < 0 ? r : attachment_copy_all(settings, values);
}

bool live_is_unfinished(const char *container) {
        char path[PATH_MAX];

        path_of(container, NEXT, path);
        return access(path, F_OK) >= 0;
}

int live_load_next(const char *container, Settings **ret) {
        char path[PATH_MAX];

        path_of(container, NEXT, path);
        return load(path, ret);
}
