/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * For LD_PRELOAD of ctrd: lets the Nth call of a kind fail, as a kernel or a libc fails that
 * has none left. Which, is in a file that the test writes; faults.py has its layout.
 */

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        KIND_DESCRIPTOR = 1, /* EMFILE */
        KIND_SPACE = 2,      /* ENOSPC */
        KIND_MEMORY = 4,     /* ENOMEM */
        KIND_PROCESS = 8,    /* EAGAIN */
};

typedef struct Order {
        uint32_t kind;
        uint32_t hits;
        int64_t countdown; /* the call with which it becomes 0 fails */
} Order;

static Order *order;

/* Where it was, into the journal. */
static void trace(void) {
        void *frames[32];

        backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
}

static void on_crash(int sig) {
        trace();
        signal(sig, SIG_DFL);
        raise(sig);
}

__attribute__((constructor)) static void begin(void) {
        extern char *program_invocation_short_name;
        void *p;
        int fd;

        if (strcmp(program_invocation_short_name, "ctrd") != 0)
                return;
        fd = open("/run/ctrd/fault", O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return;
        p = mmap(NULL, sizeof(Order), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (p == MAP_FAILED)
                return;
        order = p;
        signal(SIGSEGV, on_crash);
        signal(SIGABRT, on_crash);
}

static bool fails(uint32_t kind, int error) {
        if (!order || order->kind != kind || __atomic_sub_fetch(&order->countdown, 1, __ATOMIC_SEQ_CST) != 0)
                return false;
        order->hits++;
        if (getenv("FAULT_TRACE"))
                trace();
        errno = error;
        return true;
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

/* Functions with a fixed list of arguments. */
#define WRAP(type, failed, kind, error, name, parameters, arguments)                                                   \
        type name parameters {                                                                                         \
                static __typeof__(&name) real;                                                                         \
                                                                                                                       \
                if (!real)                                                                                             \
                        real = REAL(name);                                                                             \
                return fails(kind, error) ? failed : real arguments;                                                   \
        }

WRAP(int, -1, KIND_DESCRIPTOR, EMFILE, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, -1, KIND_DESCRIPTOR, EMFILE, socketpair, (int domain, int type, int protocol, int fds[2]), (domain, type, protocol, fds))
WRAP(int, -1, KIND_DESCRIPTOR, EMFILE, pipe2, (int fds[2], int flags), (fds, flags))
WRAP(int, -1, KIND_DESCRIPTOR, EMFILE, dup, (int fd), (fd))
WRAP(int, -1, KIND_DESCRIPTOR, EMFILE, memfd_create, (const char *name, unsigned flags), (name, flags))
WRAP(int, -1, KIND_SPACE, ENOSPC, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, -1, KIND_SPACE, ENOSPC, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
WRAP(int, -1, KIND_SPACE, ENOSPC, rename, (const char *from, const char *to), (from, to))
WRAP(int, -1, KIND_SPACE, ENOSPC, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
WRAP(int, -1, KIND_SPACE, ENOSPC, symlink, (const char *to, const char *path), (to, path))
WRAP(int, -1, KIND_SPACE, ENOSPC, fsync, (int fd), (fd))
WRAP(int, EAGAIN, KIND_PROCESS, EAGAIN, posix_spawn,
     (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
      char *const argv[], char *const envp[]),
     (pid, path, actions, attributes, argv, envp))

ssize_t write(int fd, const void *data, size_t size) {
        static ssize_t (*real)(int, const void *, size_t);
        struct stat st;

        if (!real)
                real = REAL(write);
        if (order && order->kind == KIND_SPACE && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) && fails(KIND_SPACE, ENOSPC))
                return -1;
        return real(fd, data, size);
}

/* What makes a file is short of space where it is to be written, of descriptors always. */
static int open_fails(int flags) {
        return fails(KIND_DESCRIPTOR, EMFILE) || ((flags & O_CREAT) && fails(KIND_SPACE, ENOSPC));
}

#define WRAP_OPEN(name, parameters, arguments)                                                                         \
        int name parameters {                                                                                          \
                static __typeof__(&name) real;                                                                         \
                mode_t mode = 0;                                                                                       \
                va_list ap;                                                                                            \
                                                                                                                       \
                va_start(ap, flags);                                                                                   \
                if (flags & (O_CREAT | __O_TMPFILE))                                                                   \
                        mode = va_arg(ap, mode_t);                                                                     \
                va_end(ap);                                                                                            \
                if (!real)                                                                                             \
                        real = REAL(name);                                                                             \
                return open_fails(flags) ? -1 : real arguments;                                                        \
        }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
WRAP_OPEN(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

FILE *fopen(const char *path, const char *mode) {
        static FILE *(*real)(const char *, const char *);

        if (!real)
                real = REAL(fopen);
        return open_fails(strchr(mode, 'w') ? O_CREAT : 0) ? NULL : real(path, mode);
}

/* dlsym() allocates: these go to glibc by its own names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size) {
        return fails(KIND_MEMORY, ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        return fails(KIND_MEMORY, ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
        return fails(KIND_MEMORY, ENOMEM) ? NULL : __libc_realloc(p, size);
}
