/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fd.h"
#include "image.h"
#include "macro.h"
#include "parse.h"
#include "procfs.h"

#define PAGE ((uintptr_t) 4096)

/* Linked to a fixed address, and with nobody else's mappings to care about? */
static const ElfW(Phdr) *own_headers(size_t *ret_n) {
        extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));
        const ElfW(Phdr) *headers = (const void *) getauxval(AT_PHDR);

        if (__ehdr_start.e_type != ET_EXEC || getauxval(AT_BASE) != 0 || getauxval(AT_PAGESZ) != PAGE)
                return NULL;
        *ret_n = getauxval(AT_PHNUM);
        return headers;
}

static int protection(const ElfW(Phdr) *h) {
        return (h->p_flags & PF_R ? PROT_READ : 0) | (h->p_flags & PF_W ? PROT_WRITE : 0) |
               (h->p_flags & PF_X ? PROT_EXEC : 0);
}

/* Not memcpy(3): the way there leads through the data that is not there. */
static void copy_words(volatile uint64_t *to, const volatile uint64_t *from, size_t size) {
        for (size_t i = 0; i < size / sizeof(uint64_t); i++)
                to[i] = from[i];
}

/* Data: what stands in it now, in memory that belongs to no file. Pages that
 * are moved there by mremap(2) would cost more than to copy them twice. */
static int replace_writable(uintptr_t begin, size_t size) {
        const int protect = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
        void *copy = mmap(NULL, size, protect, flags, -1, 0), *made;

        if (copy == MAP_FAILED)
                return -errno;
        copy_words(copy, (const volatile uint64_t *) begin, size);
        made = mmap((void *) begin, size, protect, flags | MAP_FIXED, -1, 0);
        if (made != MAP_FAILED)
                copy_words((volatile uint64_t *) begin, copy, size);
        /* The copy stays: to unmap it costs more than to keep it until execve(2). */
        return made == MAP_FAILED ? -errno : 0;
}

static int map_anew(const ElfW(Phdr) *h, int exe) {
        uintptr_t begin = h->p_vaddr & ~(PAGE - 1), end = (h->p_vaddr + h->p_filesz + PAGE - 1) & ~(PAGE - 1);

        if (h->p_filesz == 0)
                return 0;
        if (h->p_flags & PF_W)
                return replace_writable(begin, end - begin);
        /* The page this is executed from too: from one instruction to the next
         * it comes from the other mapping, where the same instruction stands. */
        return mmap((void *) begin, end - begin, protection(h), MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, exe,
                    (off_t) (h->p_offset & ~(PAGE - 1))) == MAP_FAILED ? -errno : 0;
}

/* What was made read-only when all was relocated is so again. */
static int protect_relocated(const ElfW(Phdr) *h) {
        uintptr_t begin = h->p_vaddr & ~(PAGE - 1), end = (h->p_vaddr + h->p_memsz) & ~(PAGE - 1);

        return end > begin && mprotect((void *) begin, end - begin, PROT_READ) < 0 ? -errno : 0;
}

/* The addresses that PR_SET_MM_MAP sets along with the file stay as they are.
 * proc_pid_stat(5): fields 26 to 28 and 45 to 51. */
static int read_map(struct prctl_mm_map *ret) {
        _cleanup_fd_ int fd = procfs_openat(-1, "self/stat", O_RDONLY, false);
        char text[1024], *p, *save = NULL;
        uint64_t v[52] = {};

        if (fd < 0)
                return fd;
        ssize_t k = read(fd, text, sizeof(text) - 1);
        if (k < 0)
                return -errno;
        text[k] = 0;
        p = strrchr(text, ')');
        p = p ? strtok_r(p + 1, " \n", &save) : NULL;
        for (unsigned field = 3; p && field < ELEMENTSOF(v); field++, p = strtok_r(NULL, " \n", &save))
                if (((field >= 26 && field <= 28) || field >= 45) && parse_u64(p, v + field) < 0)
                        return -EBADMSG;
        if (v[51] == 0)
                return -EBADMSG;
        *ret = (struct prctl_mm_map){
                .start_code = v[26], .end_code = v[27], .start_stack = v[28], .start_data = v[45], .end_data = v[46],
                .start_brk = v[47], .brk = (uintptr_t) sbrk(0), .arg_start = v[48], .arg_end = v[49],
                .env_start = v[50], .env_end = v[51], .exe_fd = (uint32_t) -1,
        };
        return 0;
}

bool image_is_exchangeable(void) {
        unsigned size;
        size_t n;

        return own_headers(&n) && prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) >= 0;
}

int image_exchange(int exe) {
        const ElfW(Phdr) *headers;
        struct prctl_mm_map map;
        size_t n = 0;
        int r;

        headers = own_headers(&n);
        if (!headers)
                return -EOPNOTSUPP;
        r = read_map(&map);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n && r >= 0; i++)
                if (headers[i].p_type == PT_LOAD)
                        r = map_anew(headers + i, exe);
        for (size_t i = 0; i < n && r >= 0; i++)
                if (headers[i].p_type == PT_GNU_RELRO)
                        r = protect_relocated(headers + i);
        if (r < 0)
                return r;
        map.exe_fd = (uint32_t) exe;
        return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? -errno : 0;
}
