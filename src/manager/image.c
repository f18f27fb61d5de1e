/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fd.h"
#include "file.h"
#include "image.h"
#include "json-list.h"
#include "json-text.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "rootpath.h"
#include "strv.h"

/* Which init a root holds. systemd(1) SIGRTMIN+4: poweroff.target. busybox init:
 * SIGUSR2 is poweroff. OpenRC's init takes SIGINT, sysvinit acts on SIGPWR by its
 * inittab. */
static const struct {
        const char *name;
        int stop_signal; /* relative to SIGRTMIN where negative */
        bool notifies;
} inits[] = {
        { "systemd", -4, true },
        { "busybox", SIGUSR2, false },
        { "openrc-init", SIGINT, false },
};

Image *image_free(Image *image) {
        if (!image)
                return NULL;
        free(image->id);
        free(image->template);
        free(image->variant);
        free(image->os_name);
        strv_free(image->facts);
        free(image->init_path);
        free(image->machine_id);
        free(image);
        return NULL;
}

static void image_note_init(Image *image, const char *target) {
        const char *base = strrchr(target, '/');

        base = base ? base + 1 : target;
        image->stop_signal = SIGPWR;
        for (size_t i = 0; i < ELEMENTSOF(inits); i++)
                if (startswith(base, inits[i].name)) { /* busybox.static */
                        image->stop_signal = inits[i].stop_signal < 0 ? SIGRTMIN - inits[i].stop_signal : inits[i].stop_signal;
                        image->notifies = inits[i].notifies;
                }
}

int image_add_fact(Image *image, const char *fact) {
        size_t n = strspn(fact, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

        if (n == 0 || fact[n] != '=' || strv_length(image->facts) >= IMAGE_FACTS_MAX)
                return -EINVAL;
        return strv_extend(&image->facts, fact);
}

const char *image_fact(const Image *image, const char *key) {
        STRV_FOREACH(f, image->facts) {
                const char *v = startswith(*f, key);

                if (v && *v == '=' && v[1])
                        return v + 1;
        }
        return NULL;
}

/* What the template said goes before what the root looks like. */
static void image_apply_facts(Image *image) {
        const char *sig = image_fact(image, "STOP_SIGNAL"), *notify = image_fact(image, "NOTIFY");
        int v;

        if (sig && parse_signal(sig, &v) >= 0)
                image->stop_signal = v;
        if (notify && (v = parse_bool(notify)) >= 0)
                image->notifies = v;
}

/* Looks for an init and a machine id. The root is data: it is opened, never
 * executed, each path is resolved beneath it. */
static void image_probe(Image *image, int root) {
        const char *const paths[] = {
                image_fact(image, "INIT") ?: "/sbin/init", "/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/init",
        };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_fd_ int fd = rootpath_open(root, paths[i], O_PATH, 0);
                char link[FD_PATH_MAX], target[PATH_MAX];
                struct stat st;
                ssize_t n;

                if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
                        continue;
                n = readlink(fd_path(fd, link), target, sizeof(target) - 1);
                if (n < 0)
                        continue;
                target[n] = 0;
                image_note_init(image, target);
                image->init_path = strdup(paths[i]);
                break;
        }

        _cleanup_fd_ int fd = rootpath_open(root, "/etc/machine-id", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
        _cleanup_free_ char *text = NULL;
        if (fd >= 0 && fd_read_all(fd, 256, &text, NULL) >= 0) {
                text[strcspn(text, "\n")] = 0;
                if (name_is_machine_id(text))
                        image->machine_id = TAKE_PTR(text);
        }
}

int image_load(const char *id, Image **ret, Error *error) {
        const char *template = NULL, *variant = NULL, *os_name = NULL;
        json_t *facts = NULL, *fact;
        _cleanup_(image_freep) Image *image = calloc(1, sizeof(*image));
        json_int_t created, size;
        char path[PATH_MAX];
        json_error_t je;

        if (!image)
                return -ENOMEM;

        snprintf(path, sizeof(path), PATH_IMAGES "/%s/image.json", id);
        json_t *j = json_load_file(path, 0, &je);
        if (!j)
                return error_set(error, EIO, NULL, "cannot read %s: %s", path, je.text);
        if (json_unpack_ex(j, &je, 0, "{s?s, s?s, s?s, s?o, s:I, s:I}", "template", &template, "variant", &variant,
                           "os_name", &os_name, "facts", &facts, "created_usec", &created, "size", &size) < 0) {
                json_decref(j);
                return error_set(error, EIO, NULL, "%s is damaged: %s", path, je.text);
        }
        image->id = strdup(id);
        image->template = template ? strdup(template) : NULL;
        image->variant = variant ? strdup(variant) : NULL;
        image->os_name = strdup(strempty(os_name));
        image->created_usec = (uint64_t) created;
        image->size = (uint64_t) size;
        size_t i;
        json_array_foreach(facts, i, fact)
                if (json_is_string(fact))
                        (void) image_add_fact(image, json_string_value(fact));
        json_decref(j);
        if (!image->id || !image->os_name)
                return -ENOMEM;

        snprintf(path, sizeof(path), PATH_IMAGES "/%s/rootfs", id);
        _cleanup_fd_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (root < 0)
                return error_set_errno(error, errno, "cannot open the root of image %s", id);
        image_probe(image, root);
        image_apply_facts(image);

        *ret = TAKE_PTR(image);
        return 0;
}

int image_write(const char *dir, const Image *image, Error *error) {
        char path[PATH_MAX];
        json_t *j;
        char *text;
        int r;

        j = json_pack("{s:s*, s:s*, s:s*, s:o*, s:I, s:I}", "template", image->template, "variant", image->variant, "os_name",
                      image->os_name, "facts", image->facts ? json_strings(image->facts) : NULL, "created_usec", (json_int_t) image->created_usec, "size", (json_int_t) image->size);
        text = j ? json_text(j, JSON_INDENT(2)) : NULL;
        json_decref(j);
        if (!text)
                return -ENOMEM;
        snprintf(path, sizeof(path), "%s/image.json", dir);
        r = file_write_atomic(AT_FDCWD, path, text, strlen(text), 0644);
        free(text);
        if (r < 0)
                return error_set_errno(error, r, "cannot write %s", path);
        return 0;
}
