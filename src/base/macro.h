/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Words of the house: ownership, cleanup, small conveniences.
 *
 * A local that owns something carries a cleanup attribute; hand-over is
 * explicit (TAKE_PTR, TAKE_FD). Destructors accept NULL and return NULL.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _printf_(a, b) __attribute__((__format__(printf, a, b)))
#define _unused_ __attribute__((__unused__))
#define _const_ __attribute__((__const__))
#define _pure_ __attribute__((__pure__))
#define _noreturn_ __attribute__((__noreturn__))

#define ELEMENTSOF(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                        \
        ({                               \
                __typeof__(a) _a = (a);  \
                __typeof__(b) _b = (b);  \
                _a < _b ? _a : _b;       \
        })
#define MAX(a, b)                        \
        ({                               \
                __typeof__(a) _a = (a);  \
                __typeof__(b) _b = (b);  \
                _a > _b ? _a : _b;       \
        })

#define TAKE_PTR(p)                      \
        ({                               \
                __typeof__(p) _p = (p);  \
                (p) = NULL;              \
                _p;                      \
        })

#define TAKE_FD(fd)                      \
        ({                               \
                int _fd = (fd);          \
                (fd) = -EBADF;           \
                _fd;                     \
        })

/* Defines the cleanup function NAMEp() of a destructor NAME(type *). */
#define DEFINE_CLEANUP(type, func)                   \
        static inline void func##p(type *p) {        \
                if (*p)                              \
                        *p = func(*p);               \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}
#define _cleanup_free_ _cleanup_(freep)

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool isempty(const char *s) {
        return !s || !*s;
}

static inline const char *strempty(const char *s) {
        return s ?: "";
}

/* Returns what follows the prefix, or NULL where s does not begin with it. */
static inline const char *startswith(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static inline bool endswith(const char *s, const char *suffix) {
        size_t a = strlen(s), b = strlen(suffix);

        return a >= b && streq(s + a - b, suffix);
}

#define USEC_PER_SEC ((uint64_t) 1000000)
#define USEC_PER_MSEC ((uint64_t) 1000)
#define NSEC_PER_USEC ((uint64_t) 1000)
#define USEC_INFINITY ((uint64_t) UINT64_MAX)
