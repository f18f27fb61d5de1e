/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup-processes.h"
#include "command.h"
#include "container.h"
#include "fd.h"
#include "json-text.h"
#include "parse.h"
#include "process.h"

/* Enough for the table of a busy machine. */
#define TABLE_SIZE_MAX (64 * 1024 * 1024)

typedef struct PsArguments {
        bool json;
} PsArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        PsArguments *a = data;

        if (!streq(value, "json") && !streq(value, "table"))
                return error_set(error, EINVAL, COMMAND_USAGE, "--format=%s: \"table\" or \"json\" is wanted", value);
        a->json = streq(value, "json");
        return 0;
}

static int compare(const void *a, const void *b) {
        pid_t x = *(const pid_t *) a, y = *(const pid_t *) b;

        return (x > y) - (x < y);
}

static int list_processes(const Container *c, pid_t **ret, size_t *ret_n, Error *error) {
        _cleanup_fd_ int fd = c->cgroup ? cgroup_open(c->cgroup) : -EBADF;
        int r;

        if (fd < 0)
                return error_set(error, EOPNOTSUPP, "NotSupported", "container %s has no cgroup: its processes are not known",
                                 c->id);
        r = cgroup_list_processes(fd, ret, ret_n);
        if (r < 0)
                return error_set_errno(error, r, "listing the processes of container %s", c->id);
        qsort(*ret, *ret_n, sizeof(pid_t), compare);
        return 0;
}

static int print_json(const pid_t *pids, size_t n, Error *error) {
        _cleanup_free_ char *text = NULL;
        json_t *array = json_array();

        for (size_t i = 0; i < n; i++)
                json_array_append_new(array, json_integer(pids[i]));
        text = json_text(array, JSON_COMPACT);
        json_decref(array);
        if (!text)
                return error_set_errno(error, ENOMEM, "printing");
        return puts(text) < 0 ? error_set_errno(error, EIO, "printing") : 0;
}

/* What ps(1) says of all processes: it knows how to format them, and has the
 * options that people know. */
static int run_ps_program(char *const *options, char **ret, Error *error) {
        static char *const usual[] = { (char *) "ps", (char *) "-ef", NULL };
        _cleanup_free_ char **argv = NULL;
        _cleanup_fd_ int pidfd = -EBADF, out = -EBADF;
        char *const *use = usual;
        int ends[2], r, status, sig;
        size_t n = 0;

        while (options[n])
                n++;
        if (n > 0) {
                argv = calloc(n + 2, sizeof(*argv));
                if (!argv)
                        return error_set_errno(error, ENOMEM, "ps");
                argv[0] = (char *) "ps";
                memcpy(argv + 1, options, n * sizeof(*argv));
                use = argv;
        }
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(error, errno, "ps");
        out = ends[0];
        r = process_spawn(&(ProcessSpawn){ .path = "/bin/ps", .argv = use, .stdio = { -1, ends[1], STDERR_FILENO } }, NULL,
                          &pidfd);
        close(ends[1]);
        if (r < 0)
                return error_set_errno(error, r, "running /bin/ps, which makes the table (--format=json needs none)");
        r = fd_read_all(out, TABLE_SIZE_MAX, ret, NULL);
        int w = process_wait(pidfd, &status, &sig);
        if (r < 0 || w < 0)
                return error_set_errno(error, r < 0 ? r : w, "reading what ps says");
        return sig != 0 || status != 0 ? error_set(error, EIO, NULL, "ps failed with these options") : 0;
}

/* The index of the column "PID". -1: there is none. */
static int find_column(const char *header) {
        size_t length = strcspn(header, "\n");
        int column = 0;

        for (const char *p = header; p < header + length; column++) {
                p += strspn(p, " ");
                size_t n = strcspn(p, " \n");

                if (n == 3 && strncmp(p, "PID", 3) == 0)
                        return column;
                p += n;
        }
        return -1;
}

static pid_t pid_in(const char *line, int column) {
        char word[16];
        pid_t pid;
        size_t n;

        line += strspn(line, " ");
        for (; column > 0; column--) {
                line += strcspn(line, " \n");
                line += strspn(line, " ");
        }
        n = strcspn(line, " \n");
        if (n >= sizeof(word))
                return 0;
        memcpy(word, line, n);
        word[n] = 0;
        return parse_pid(word, &pid) < 0 ? 0 : pid;
}

static int print_table(const pid_t *pids, size_t n, char *const *options, Error *error) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int column, r;

        r = run_ps_program(options, &text, error);
        if (r < 0)
                return r;
        column = find_column(text);
        if (column < 0)
                return error_set(error, EINVAL, COMMAND_USAGE, "ps: with these options there is no column PID");
        char *line = strtok_r(text, "\n", &save);
        for (bool header = true; line; line = strtok_r(NULL, "\n", &save), header = false) {
                pid_t pid = header ? 0 : pid_in(line, column);

                if ((header || bsearch(&pid, pids, n, sizeof(pid_t), compare)) && puts(line) < 0)
                        return error_set_errno(error, EIO, "printing");
        }
        return 0;
}

static int run_ps(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_(container_freep) Container *c = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        PsArguments a = {};
        int index, r;
        size_t n;

        index = command_parse(command, argc, argv, handle, &a, error);
        if (index <= 0)
                return index;
        if (index >= argc)
                return error_set(error, EINVAL, COMMAND_USAGE, "ps: the container's id is missing: see ctrrun ps --help");
        if ((r = container_load(g->root, argv[index], &c, error)) < 0 ||
            (r = list_processes(c, &pids, &n, error)) < 0)
                return r;
        return a.json ? print_json(pids, n, error) : print_table(pids, n, argv + index + 1, error);
}

static const CommandOption ps_options[] = {
        { 'f', "format", "FORMAT", "\"table\" (default) or \"json\"" },
        {},
};

const Command command_ps = {
        .name = "ps",
        .synopsis = "[OPTION…] ID [OPTION-OF-PS…]",
        .help = "Lists the processes of a container: as ps(1) has them (default -ef), or their pids.",
        .options = ps_options,
        .in_order = true,
        .run = run_ps,
};
