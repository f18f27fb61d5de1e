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
#include "name.h"
#include "paths.h"
#include "rootpath.h"

static const struct {
        const char *name;
        int stop_signal; /* relative to SIGRTMIN where negative */
        bool notifies;
} kinds[_INIT_KIND_MAX] = {
        /* systemd(1) SIGRTMIN+4: poweroff.target. busybox init: SIGUSR2 is
         * poweroff. sysvinit acts on SIGPWR by its inittab, OpenRC's init too. */
        [INIT_NONE] = { "none", SIGTERM, false },      [INIT_SYSTEMD] = { "systemd", -4, true },
        [INIT_BUSYBOX] = { "busybox", SIGUSR2, false }, [INIT_OPENRC] = { "openrc", SIGINT, false },
        [INIT_SYSV] = { "sysv", SIGPWR, false },
};

const char *init_kind_to_string(InitKind kind) {
        return kind >= 0 && kind < _INIT_KIND_MAX ? kinds[kind].name : NULL;
}

int init_kind_stop_signal(InitKind kind) {
        int sig = kinds[kind].stop_signal;

        return sig < 0 ? SIGRTMIN - sig : sig;
}

bool init_kind_notifies(InitKind kind) {
        return kinds[kind].notifies;
}

Image *image_free(Image *image) {
        if (!image)
                return NULL;
        free(image->id);
        free(image->template);
        free(image->variant);
        free(image->os_name);
        free(image->init_path);
        free(image->machine_id);
        free(image);
        return NULL;
}

static InitKind init_kind_of(const char *target) {
        const char *base = strrchr(target, '/');

        base = base ? base + 1 : target;
        if (streq(base, "systemd"))
                return INIT_SYSTEMD;
        if (startswith(base, "busybox"))
                return INIT_BUSYBOX;
        if (streq(base, "openrc-init"))
                return INIT_OPENRC;
        return INIT_SYSV;
}

/* Looks for an init and a machine id. The root is data: it is opened, never
 * executed, each path is resolved beneath it. */
static void image_probe(Image *image, int root) {
        static const char *const inits[] = { "/sbin/init", "/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/init" };

        for (size_t i = 0; i < ELEMENTSOF(inits); i++) {
                _cleanup_fd_ int fd = rootpath_open(root, inits[i], O_PATH, 0);
                char link[FD_PATH_MAX], target[PATH_MAX];
                struct stat st;
                ssize_t n;

                if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
                        continue;
                n = readlink(fd_path(fd, link), target, sizeof(target) - 1);
                if (n < 0)
                        continue;
                target[n] = 0;
                image->init = init_kind_of(target);
                image->init_path = strdup(inits[i]);
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
        if (json_unpack_ex(j, &je, 0, "{s?s, s?s, s?s, s:I, s:I}", "template", &template, "variant", &variant,
                           "os_name", &os_name, "created_usec", &created, "size", &size) < 0) {
                json_decref(j);
                return error_set(error, EIO, NULL, "%s is damaged: %s", path, je.text);
        }
        image->id = strdup(id);
        image->template = template ? strdup(template) : NULL;
        image->variant = variant ? strdup(variant) : NULL;
        image->os_name = strdup(strempty(os_name));
        image->created_usec = (uint64_t) created;
        image->size = (uint64_t) size;
        json_decref(j);
        if (!image->id || !image->os_name)
                return -ENOMEM;

        snprintf(path, sizeof(path), PATH_IMAGES "/%s/rootfs", id);
        _cleanup_fd_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (root < 0)
                return error_set_errno(error, errno, "cannot open the root of image %s", id);
        image_probe(image, root);

        *ret = TAKE_PTR(image);
        return 0;
}

int image_write(const char *dir, const Image *image, Error *error) {
        char path[PATH_MAX];
        json_t *j;
        char *text;
        int r;

        j = json_pack("{s:s*, s:s*, s:s*, s:I, s:I}", "template", image->template, "variant", image->variant, "os_name",
                      image->os_name, "created_usec", (json_int_t) image->created_usec, "size", (json_int_t) image->size);
        text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
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
