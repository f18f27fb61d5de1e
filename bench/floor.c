/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What no runtime can undercut: the kernel's own work for a container.
 *
 *   floor [--net] [--user BASE] [--cgroup DIR] ROOTFS COMMAND…
 *
 * clone3 into pid, mount, uts, ipc and cgroup namespaces, three mounts,
 * pivot_root, exec, wait. It reads no settings, checks nothing, cleans nothing
 * up and limits nothing. Ends with the command's exit status.
 *
 *   --net     and into a network namespace
 *   --user    and into a user namespace whose 65536 ids begin at BASE
 *   --cgroup  the child is born in this control group (its directory)
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((noreturn)) static void fail(const char *what) {
        fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
        exit(125);
}

static void write_map(pid_t pid, const char *name, unsigned long base) {
        char path[64], line[64];
        int fd, n;

        snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
        n = snprintf(line, sizeof(line), "0 %lu 65536\n", base);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, line, n) != n)
                fail(path);
        close(fd);
}

__attribute__((noreturn)) static void child(const char *root, char **command, int go) {
        char byte;

        if (go >= 0 && read(go, &byte, 1) != 1)
                fail("waiting for the id maps");
        if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
                fail("leaving the host's propagation");
        if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0)
                fail("mounting the root");
        if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                fail("mounting /proc");
        if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") < 0)
                fail("mounting /dev");
        if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                fail("changing the root");
        execv(command[0], command);
        fail(command[0]);
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "net", no_argument, NULL, 'n' },
                { "user", required_argument, NULL, 'u' },
                { "cgroup", required_argument, NULL, 'c' },
                {},
        };
        struct clone_args args = {
                .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP,
                .exit_signal = SIGCHLD,
        };
        int c, status, pipes[2] = { -1, -1 };
        unsigned long base = 0;
        pid_t pid;

        while ((c = getopt_long(argc, argv, "+", options, NULL)) >= 0)
                switch (c) {
                case 'n':
                        args.flags |= CLONE_NEWNET;
                        break;
                case 'u':
                        args.flags |= CLONE_NEWUSER;
                        base = strtoul(optarg, NULL, 10);
                        if (pipe2(pipes, O_CLOEXEC) < 0)
                                fail("pipe");
                        break;
                case 'c':
                        args.flags |= CLONE_INTO_CGROUP;
                        args.cgroup = (uint64_t) open(optarg, O_PATH | O_DIRECTORY | O_CLOEXEC);
                        if ((int) args.cgroup < 0)
                                fail(optarg);
                        break;
                default:
                        return 125;
                }
        if (argc - optind < 2) {
                fputs("floor: which root, which command?\n", stderr);
                return 125;
        }

        pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0)
                fail("clone3");
        if (pid == 0)
                child(argv[optind], argv + optind + 1, pipes[0]);
        if (args.flags & CLONE_NEWUSER) {
                write_map(pid, "uid_map", base);
                write_map(pid, "gid_map", base);
                if (write(pipes[1], "", 1) != 1)
                        fail("pipe");
        }
        if (waitpid(pid, &status, 0) < 0)
                fail("wait");
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
