/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ctr-archive: trees of files to tar and back; see docs/decisions/30. Linked statically:
 * nothing is loaded once it is in a container (docker CVE-2019-14271).
 */

#include <getopt.h>
#include <iconv.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive-task.h"
#include "archive-worker.h"
#include "fd.h"
#include "sandbox.h"

#define CONTROL 3 /* what ctr-launcher has put there */
/* The other side knows better why nothing more came. */
#define STATUS_CUT_OFF 3

static int usage(FILE *file) {
        fputs("ctr-archive pack [--preserve] PATH\n"
              "ctr-archive unpack [--preserve] [--directory] [--name NAME] PATH\n"
              "ctr-archive serve\n"
              "\n"
              "Packs a tree to standard output, unpacks standard input, as a tar archive; run by\n"
              "ctrctl. \"serve\" does so in a container, as ctrd tells it on descriptor 3.\n",
              file);
        return file == stderr ? 2 : 0;
}

/* Names are taken as UTF-8, or as bytes. What the C library reads for that it reads
 * here, before any root is a container's. */
static void prepare_names(void) {
        iconv_t conversion;

        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                (void) setlocale(LC_CTYPE, "C.utf8");
        conversion = iconv_open("UTF-8", "UTF-8");
        if (conversion != (iconv_t) -1)
                (void) iconv_close(conversion);
}

static int confine(Error *error) {
        return sandbox_close(SANDBOX_WRITES_HERE, error);
}

static int run(ArchiveTask *task, bool pack) {
        _cleanup_error_ Error error = ERROR_INIT;
        sigset_t ends;
        int r;

        /* Ctrl-C is for ctrctl, which cancels; then the stream ends, or it says so by SIGTERM,
         * and so do we, with nothing left that is half written. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        sigemptyset(&ends);
        sigaddset(&ends, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &ends, NULL) >= 0)
                task->control = signalfd(-1, &ends, SFD_CLOEXEC);
        /* What comes is a container's, and so may be what it meets. */
        task->entered = confine;
        if (!task->preserve)
                umask(task->mask = umask(0));
        r = pack ? sandbox_close(SANDBOX_WRITES_NOWHERE, &error) : 0;
        task->stream = pack ? STDOUT_FILENO : STDIN_FILENO;
        if (r >= 0)
                r = pack ? archive_pack(task, &error) : archive_unpack(task, &error);
        if (r >= 0)
                return EXIT_SUCCESS;
        if (error.errnum == ECANCELED || (pack ? error.errnum == EPIPE : error.errnum == ENODATA))
                return STATUS_CUT_OFF;
        fprintf(stderr, "ctrctl: %s\n", error_message(&error));
        return EXIT_FAILURE;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "preserve", no_argument, NULL, 'p' },
                { "directory", no_argument, NULL, 'd' },
                { "name", required_argument, NULL, 'n' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                {},
        };
        ArchiveTask task = ARCHIVE_TASK_INIT;
        const char *verb;
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'p':
                        task.preserve = true;
                        break;
                case 'd':
                        task.directory = true;
                        break;
                case 'n':
                        task.name = optarg;
                        break;
                case 'h':
                        return usage(stdout);
                case 'V':
                        puts("ctr-archive " CTRD_VERSION);
                        return 0;
                default:
                        return usage(stderr);
                }
        }
        verb = argv[optind];
        if (verb && streq(verb, "serve") && optind + 1 == argc && fd_set_cloexec(CONTROL, true) >= 0) {
                prepare_names();
                return archive_worker_run(CONTROL);
        }
        if (!verb || optind + 2 != argc || (!streq(verb, "pack") && !streq(verb, "unpack")) ||
            (task.name && (strlen(task.name) > NAME_MAX || strchr(task.name, '/'))))
                return usage(stderr);
        prepare_names();
        task.path = argv[optind + 1];
        return run(&task, streq(verb, "pack"));
}
