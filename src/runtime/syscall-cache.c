/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fd.h"
#include "syscall-cache.h"

#define BESIDE "../.seccomp" /* from a container's state */
#define GENERATION 3            /* of what is made of the same rules: one more where that changes */
#define NAME_SIZE (2 * SYSCALL_FILTER_DIGEST + 1)

/* Each thing with its kind and its length before it: what differs has another
 * text to be hashed. */
static void add(SHA2_CTX *context, char kind, const void *data, size_t size) {
        uint64_t prefix = (uint64_t) kind << 56 | size;

        SHA256Update(context, (const uint8_t *) &prefix, sizeof(prefix));
        SHA256Update(context, data, size);
}

static bool is_for_the_agent(const char *key) {
        return streq(key, "listenerPath") || streq(key, "listenerMetadata");
}

/* In the document's order: the same rules in another order are another filter,
 * which costs a compilation and no more. */
static void add_value(SHA2_CTX *context, const json_t *value, bool top) {
        const char *key;
        json_t *child;
        size_t i;

        switch (json_typeof(value)) {
        case JSON_OBJECT:
                add(context, '{', NULL, 0);
                json_object_foreach((json_t *) value, key, child) {
                        if (top && is_for_the_agent(key))
                                continue;
                        add(context, 'k', key, strlen(key));
                        add_value(context, child, false);
                }
                add(context, '}', NULL, 0);
                break;
        case JSON_ARRAY:
                add(context, '[', NULL, 0);
                json_array_foreach(value, i, child)
                        add_value(context, child, false);
                add(context, ']', NULL, 0);
                break;
        case JSON_STRING:
                add(context, 's', json_string_value(value), json_string_length(value));
                break;
        case JSON_INTEGER: {
                json_int_t n = json_integer_value(value);

                add(context, 'i', &n, sizeof(n));
                break;
        }
        case JSON_REAL: {
                double d = json_real_value(value);

                add(context, 'r', &d, sizeof(d));
                break;
        }
        default:
                add(context, (char) ('0' + json_typeof(value)), NULL, 0);
        }
}

/* Which actions and flags there are is the kernel's matter, and the numbers of
 * system calls are libseccomp's. Whether somebody listens decides of errors. */
static void compute_digest(const json_t *object, uint8_t ret[static SYSCALL_FILTER_DIGEST]) {
        const struct scmp_version *version = seccomp_version();
        const char *listener = json_string_value(json_object_get(object, "listenerPath"));
        const char *metadata = json_string_value(json_object_get(object, "listenerMetadata"));
        const uint32_t fixed[] = { GENERATION, version->major, version->minor, version->micro, seccomp_arch_native(),
                                   isempty(listener), isempty(metadata) };
        struct utsname kernel = {};
        SHA2_CTX context;

        (void) uname(&kernel);
        SHA256Init(&context);
        add(&context, 'v', CTRD_VERSION, strlen(CTRD_VERSION));
        add(&context, 'f', fixed, sizeof(fixed));
        add(&context, 'r', kernel.release, strlen(kernel.release));
        add_value(&context, object, true);
        SHA256Final(ret, &context);
}

static void name_of(const uint8_t digest[static SYSCALL_FILTER_DIGEST], char ret[static NAME_SIZE]) {
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < SYSCALL_FILTER_DIGEST; i++) {
                ret[2 * i] = digits[digest[i] >> 4];
                ret[2 * i + 1] = digits[digest[i] & 15];
        }
        ret[NAME_SIZE - 1] = 0;
}

static const char *directory(void) {
        const char *of_the_caller = secure_getenv(SYSCALL_CACHE_VARIABLE);

        return isempty(of_the_caller) ? BESIDE : of_the_caller;
}

static int open_cache(int state) {
        _cleanup_fd_ int fd = openat(state, directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return st.st_uid == geteuid() && (st.st_mode & 077) == 0 ? TAKE_FD(fd) : -EPERM;
}

/* Room for one more: the one that was made longest ago goes. */
static void make_room(int cache) {
        int copy = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
        char oldest[NAME_SIZE] = "";
        struct timespec when = {};
        unsigned n = 0;

        if (!dir) {
                fd_close(copy);
                return;
        }
        for (struct dirent *de; (de = readdir(dir));) {
                struct stat st;

                if (de->d_name[0] == '.' || fstatat(cache, de->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                n++;
                if (strlen(de->d_name) < sizeof(oldest) &&
                    (!oldest[0] || st.st_mtim.tv_sec < when.tv_sec ||
                     (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec))) {
                        strcpy(oldest, de->d_name);
                        when = st.st_mtim;
                }
        }
        closedir(dir);
        if (n >= SYSCALL_CACHE_MAX && oldest[0])
                (void) unlinkat(cache, oldest, 0);
}

/* The container's file gets a second name: whole from the first moment. What
 * fails here leaves the cache without it. */
static void store(int cache, int state, const char *name, const char *entry) {
        _cleanup_fd_ int made = -EBADF;

        if (cache == -ENOENT && mkdirat(state, directory(), 0700) >= 0)
                cache = made = open_cache(state);
        if (cache < 0)
                return;
        make_room(cache);
        /* What is there was of no use. */
        (void) unlinkat(cache, entry, 0);
        (void) linkat(state, name, cache, entry, 0);
}

int syscall_cache_get(int state, const char *name, const json_t *object, SyscallFilter **ret, Error *error) {
        _cleanup_(syscall_filter_freep) SyscallFilter *f = NULL;
        int cache = open_cache(state), r;
        uint8_t digest[SYSCALL_FILTER_DIGEST];
        char entry[NAME_SIZE];

        compute_digest(object, digest);
        name_of(digest, entry);
        r = cache < 0 ? cache : syscall_filter_read(cache, entry, &f);
        if (r >= 0 && memcmp(f->digest, digest, sizeof(digest)) == 0 && linkat(cache, entry, state, name, 0) >= 0) {
                fd_close(cache);
                *ret = TAKE_PTR(f);
                return 0;
        }

        f = syscall_filter_free(f);
        r = syscall_filter_compile(object, &f, error);
        if (r >= 0) {
                memcpy(f->digest, digest, sizeof(digest));
                r = syscall_filter_write(f, state, name);
                if (r < 0)
                        error_set_errno(error, r, "writing %s", name);
                else
                        store(cache, state, name, entry);
        }
        fd_close(cache);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
