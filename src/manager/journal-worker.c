/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-journal NAME: what a container's journal has, read in the export format from standard
 * input, into the host's journal. A transient service of its own without any privilege,
 * since what it reads is the container's; how much that may be in a time is for the host's
 * journald to see to (LogRateLimitBurst= of the service). Ends when its input does.
 */

#define SD_JOURNAL_SUPPRESS_LOCATION /* of ours, which tells nobody anything */

#include <stdio.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "journal-export.h"
#include "name.h"

/* What the journal does not take is lost, as it is with those who log there themselves. */
static void forward(JournalExport *export, const char *container) {
        char *lines[JOURNAL_LINES] = {};
        struct iovec iov[JOURNAL_LINES];

        if (journal_export_lines(export, container, lines) >= 0) {
                for (size_t i = 0; i < JOURNAL_LINES; i++)
                        iov[i] = (struct iovec){ .iov_base = lines[i], .iov_len = strlen(lines[i]) };
                (void) sd_journal_sendv(iov, JOURNAL_LINES);
        }
        for (size_t i = 0; i < JOURNAL_LINES; i++)
                free(lines[i]);
}

int main(int argc, char *argv[]) {
        static JournalExport export;
        static char data[64 * 1024];
        bool any = false;
        ssize_t n;

        if (argc != 2 || !name_is_valid(argv[1])) {
                fprintf(stderr, "ctr-journal: give the name of a container\n");
                return 2;
        }
        if (getuid() == 0) {
                fprintf(stderr, "ctr-journal: what comes from a container is not read as root\n");
                return EXIT_FAILURE;
        }
        while ((n = read(STDIN_FILENO, data, sizeof(data))) > 0 || (n < 0 && errno == EINTR))
                for (ssize_t i = 0; i < n; i++) {
                        int r = journal_export_take(&export, data[i]);

                        if (r < 0) {
                                fprintf(stderr, "ctr-journal: what %s writes is no journal\n", argv[1]);
                                return EXIT_FAILURE;
                        }
                        if (r > 0) {
                                any = true;
                                forward(&export, argv[1]);
                                journal_export_next(&export);
                        }
                }
        if (!any)
                fprintf(stderr, "ctr-journal: %s has no journalctl, or nothing in its journal\n", argv[1]);
        return n < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
