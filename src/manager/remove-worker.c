/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-remove PATH…: removes trees that ctrd has put aside. A process of its own,
 * since a root file system has many files and ctrd does not wait.
 */

#include <fcntl.h>
#include <stdio.h>

#include "file.h"

int main(int argc, char *argv[]) {
        int status = EXIT_SUCCESS;

        if (argc < 2) {
                fprintf(stderr, "ctr-remove: no path given\n");
                return 2;
        }
        for (int i = 1; i < argc; i++) {
                int r = file_remove_tree(AT_FDCWD, argv[i]);

                if (r < 0) {
                        fprintf(stderr, "ctr-remove: cannot remove %s: %s\n", argv[i], strerror(-r));
                        status = EXIT_FAILURE;
                }
        }
        return status;
}
