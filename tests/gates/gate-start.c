/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 *   gate-start BUNDLE STATE
 *
 * What a start does in user space, in one process and without a container, for
 * callgrind to count: the config is read, its filter looked up, the state
 * written and read back. STATE is an empty directory and is so again.
 */

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "config.h"
#include "container.h"
#include "fd.h"
#include "syscall-cache.h"

static int run(int bundle, const char *root, Error *error) {
        _cleanup_(container_freep) Container *container = NULL, *again = NULL;
        _cleanup_(syscall_filter_freep) SyscallFilter *filter = NULL;
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        if ((r = config_load(bundle, "config.json", &config, error)) < 0 ||
            (r = container_new(root, "gate", &container, error)) < 0)
                return r;
        container->bundle = strdup(root);
        container->created = strdup("2026-01-01T00:00:00.000000000Z");
        container->pid = 1;
        if ((config->seccomp &&
             (r = syscall_cache_get(container->fd, "seccomp.bpf", config->seccomp, &filter, error)) < 0) ||
            (r = container_save(container, error)) < 0 ||
            (r = container_load(root, "gate", &again, error)) < 0)
                return r;
        return container_remove(container, error);
}

int main(int argc, char **argv) {
        _cleanup_error_ Error error = ERROR_INIT;
        _cleanup_fd_ int bundle = -EBADF;

        if (argc != 3)
                return 2;
        json_object_seed(1);
        bundle = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (bundle >= 0 && run(bundle, argv[2], &error) >= 0)
                return 0;
        fprintf(stderr, "gate-start: %s\n", error_message(&error));
        return 1;
}
