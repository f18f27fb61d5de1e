/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-copy FROM TO NAME NEW-NAME ID NEW-ID: copies what a container has in its directory
 * into that of another, which has fs/upper and nothing in it. A service of its own: ctrd may
 * not read all of it, and does not wait. On its standard output: "PROGRESS=" percent.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fd.h"
#include "file.h"
#include "tree-copy.h"

#define TREES 2
static const char *const trees[TREES] = { "fs/upper", "storage" };

typedef struct Progress {
        uint64_t done, total;
        unsigned percent;
} Progress;

static void on_progress(uint64_t units, void *userdata) {
        Progress *progress = userdata;
        unsigned percent;

        progress->done += units;
        percent = (unsigned) (progress->done * 100 / MAX(progress->total, UINT64_C(1)));
        if (percent <= progress->percent)
                return;
        progress->percent = percent;
        printf("PROGRESS=%u\n", percent);
        (void) fflush(stdout);
}

static int open_below(int dir, const char *path, bool make) {
        if (make && mkdirat(dir, path, 0700) < 0 && errno != EEXIST)
                return -errno;
        int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int copy_all(int from, int to, TreeCopy *copy, Error *error) {
        int sources[TREES] = { -EBADF, -EBADF }, r = 0;
        Progress progress = {};

        for (size_t i = 0; i < TREES && r >= 0; i++) {
                uint64_t units = 0;

                sources[i] = open_below(from, trees[i], false);
                if (sources[i] < 0)
                        /* Not every container has each. */
                        r = sources[i] == -ENOENT ? 0 : error_set_errno(error, sources[i], "cannot open %s", trees[i]);
                else
                        r = tree_measure(sources[i], &units, error);
                progress.total += units;
        }
        copy->progress = on_progress;
        copy->userdata = &progress;
        for (size_t i = 0; i < TREES && r >= 0; i++) {
                _cleanup_fd_ int target = -EBADF;

                if (sources[i] < 0)
                        continue;
                target = open_below(to, trees[i], true);
                r = target < 0 ? error_set_errno(error, target, "cannot make %s", trees[i]) : tree_copy(sources[i], target, copy, error);
        }
        for (size_t i = 0; i < TREES; i++)
                fd_close(sources[i]);
        return r;
}

static int run(char **argv, Error *error) {
        _cleanup_fd_ int from = open_below(AT_FDCWD, argv[1], false), to = open_below(AT_FDCWD, argv[2], false), links = -EBADF;
        char journals[256];
        /* What makes it this machine and no other. Where the image has the id they are the
         * same, and so are the journals. */
        const TreeEdit edits[] = {
                { "etc/hostname", argv[3], argv[4] },
                { "etc/machine-id", argv[5], argv[6] },
                { "var/lib/dbus/machine-id", argv[5], argv[6] },
                { journals, NULL, NULL },
        };
        TreeCopy copy = { .edits = edits, .n_edits = ELEMENTSOF(edits) - streq(argv[5], argv[6]) };
        int r;

        snprintf(journals, sizeof(journals), "var/log/journal/%s", argv[5]);
        if (from < 0 || to < 0)
                return error_set_errno(error, from < 0 ? from : to, "cannot open %s", argv[from < 0 ? 1 : 2]);
        links = open_below(to, "links", true);
        if (links < 0)
                return error_set_errno(error, links, "cannot make a directory in %s", argv[2]);
        copy.links = links;
        r = copy_all(from, to, &copy, error);
        if (r >= 0) {
                r = file_remove_tree(to, "links");
                /* It is renamed into place: then there must be more than names. */
                if (r >= 0 && syncfs(to) < 0)
                        r = -errno;
                if (r < 0)
                        error_set_errno(error, r, "cannot finish the copy");
        }
        return r;
}

int main(int argc, char *argv[]) {
        _cleanup_error_ Error error = ERROR_INIT;

        if (argc != 7) {
                fprintf(stderr, "ctr-copy: give two directories, and two names and machine ids\n");
                return 2;
        }
        if (run(argv, &error) < 0) {
                fprintf(stderr, "%s\n", error_message(&error));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
