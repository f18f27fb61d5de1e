/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fd.h"
#include "syscall-filter.h"

/* What a filter's file begins with. It is read by the runtime that wrote it, or
 * by another of the same version. */
typedef struct Header {
        char magic[8];
        uint8_t digest[SYSCALL_FILTER_DIGEST];
        uint32_t flags;
        uint32_t notifies;
        uint64_t sum;
} Header;

static const char magic[8] = "ctrbpf1";

SyscallFilter *syscall_filter_free(SyscallFilter *f) {
        if (!f)
                return NULL;
        free(f->file);
        if (!f->file)
                free(f->program.filter);
        free(f);
        return NULL;
}

int syscall_filter_load(const SyscallFilter *f, unsigned more_flags, Error *error) {
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, f->flags | more_flags, &f->program);

        return r < 0 ? error_set_errno(error, errno, "loading the seccomp filter") : (int) r;
}

/* Against what happens to files, not against people: FNV-1a, by words. */
static uint64_t sum(const struct sock_fprog *program) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < program->len; i++) {
                uint64_t word;

                memcpy(&word, program->filter + i, sizeof(word));
                h = (h ^ word) * UINT64_C(0x100000001b3);
        }
        return h;
}

int syscall_filter_write(const SyscallFilter *f, int directory, const char *name) {
        _cleanup_fd_ int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        Header h = { .flags = f->flags, .notifies = f->notifies, .sum = sum(&f->program) };
        struct iovec parts[] = {
                { &h, sizeof(h) },
                { f->program.filter, f->program.len * sizeof(struct sock_filter) },
        };
        ssize_t k;

        if (fd < 0)
                return -errno;
        memcpy(h.magic, magic, sizeof(magic));
        memcpy(h.digest, f->digest, sizeof(h.digest));
        k = writev(fd, parts, ELEMENTSOF(parts));
        if (k < 0)
                return -errno;
        return (size_t) k == parts[0].iov_len + parts[1].iov_len ? 0 : -EIO;
}

static int parse(SyscallFilter *f, size_t size) {
        const Header *h = (const Header *) (void *) f->file;

        if (size <= sizeof(*h) || (size - sizeof(*h)) % sizeof(struct sock_filter) != 0 ||
            memcmp(h->magic, magic, sizeof(magic)) != 0)
                return -EBADMSG;
        f->flags = h->flags;
        f->notifies = h->notifies;
        memcpy(f->digest, h->digest, sizeof(f->digest));
        f->program.filter = (struct sock_filter *) (void *) (f->file + sizeof(*h));
        f->program.len = (unsigned short) ((size - sizeof(*h)) / sizeof(struct sock_filter));
        return sum(&f->program) == h->sum ? 0 : -EBADMSG;
}

int syscall_filter_read(int directory, const char *name, SyscallFilter **ret) {
        _cleanup_fd_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
                return -EPERM;
        if (st.st_size > (off_t) (sizeof(Header) + BPF_MAXINSNS * sizeof(struct sock_filter)))
                return -EBADMSG;
        f = calloc(1, sizeof(*f));
        if (!f || !(f->file = malloc((size_t) st.st_size + 1)))
                return -ENOMEM;
        ssize_t k = read(fd, f->file, (size_t) st.st_size);
        if (k < 0)
                return -errno;
        r = parse(f, (size_t) k);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
