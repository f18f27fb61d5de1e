/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <ctype.h>
#include <signal.h>
#include <stdio.h>

#include "parse.h"

int parse_uint_max(const char *s, uint64_t max, uint64_t *ret) {
        uint64_t v = 0;

        if (isempty(s))
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t) (*s - '0'), &v))
                        return -ERANGE;
        }
        if (v > max)
                return -ERANGE;
        *ret = v;
        return 0;
}

int parse_u64(const char *s, uint64_t *ret) {
        return parse_uint_max(s, UINT64_MAX, ret);
}

int parse_u32(const char *s, uint32_t *ret) {
        uint64_t v;
        int r = parse_uint_max(s, UINT32_MAX, &v);

        if (r < 0)
                return r;
        *ret = (uint32_t) v;
        return 0;
}

int parse_pid(const char *s, pid_t *ret) {
        uint64_t v;
        int r = parse_uint_max(s, INT32_MAX, &v);

        if (r < 0)
                return r;
        if (v == 0)
                return -ERANGE;
        *ret = (pid_t) v;
        return 0;
}

int parse_bool(const char *s) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        if (!s)
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return 1;
                if (strcasecmp(s, no[i]) == 0)
                        return 0;
        }
        return -EINVAL;
}

/* One "NUMBER[.FRACTION][UNIT]" item off the front of a string. */
static int take_item(const char **s, uint64_t *ret_whole, uint64_t *ret_millionths, char unit[static 16]) {
        const char *p = *s;
        uint64_t whole = 0, part = 0, scale = 100000;
        size_t n = 0;

        if (!isdigit((unsigned char) *p))
                return -EINVAL;
        for (; isdigit((unsigned char) *p); p++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*p - '0'), &whole))
                        return -ERANGE;
        if (*p == '.') {
                p++;
                if (!isdigit((unsigned char) *p))
                        return -EINVAL;
                for (; isdigit((unsigned char) *p); p++) {
                        part += (uint64_t) (*p - '0') * scale;
                        scale /= 10;
                }
        }
        while (isalpha((unsigned char) *p)) {
                if (n + 1 >= 16)
                        return -EINVAL;
                unit[n++] = *p++;
        }
        unit[n] = 0;
        *s = p;
        *ret_whole = whole;
        *ret_millionths = part;
        return 0;
}

int parse_usec(const char *s, uint64_t *ret) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "", USEC_PER_SEC },           { "s", USEC_PER_SEC },         { "sec", USEC_PER_SEC },
                { "us", 1 },                    { "usec", 1 },                 { "ms", USEC_PER_MSEC },
                { "msec", USEC_PER_MSEC },      { "m", 60 * USEC_PER_SEC },    { "min", 60 * USEC_PER_SEC },
                { "h", 3600 * USEC_PER_SEC },   { "hr", 3600 * USEC_PER_SEC }, { "d", 86400 * USEC_PER_SEC },
                { "w", 7 * 86400 * USEC_PER_SEC },
        };
        uint64_t total = 0;

        if (isempty(s))
                return -EINVAL;
        if (streq(s, "infinity")) {
                *ret = USEC_INFINITY;
                return 0;
        }

        while (*s) {
                uint64_t whole, part, v;
                char unit[16];
                size_t i;
                int r;

                r = take_item(&s, &whole, &part, unit);
                if (r < 0)
                        return r;
                for (i = 0; i < ELEMENTSOF(units); i++)
                        if (streq(unit, units[i].name))
                                break;
                if (i == ELEMENTSOF(units))
                        return -EINVAL;
                if (__builtin_mul_overflow(whole, units[i].usec, &v))
                        return -ERANGE;
                if (__builtin_add_overflow(v, part * units[i].usec / 1000000, &v) ||
                    __builtin_add_overflow(total, v, &total))
                        return -ERANGE;
                if (*s == ' ') {
                        s++;
                        if (!*s)
                                return -EINVAL;
                } else if (*s && !isdigit((unsigned char) *s))
                        return -EINVAL;
        }
        if (total == USEC_INFINITY) /* which has a word of its own */
                return -ERANGE;
        *ret = total;
        return 0;
}

int parse_size(const char *s, uint64_t *ret) {
        uint64_t whole, part, factor, v;
        char unit[16];
        int r;

        if (isempty(s))
                return -EINVAL;
        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        r = take_item(&s, &whole, &part, unit);
        if (r < 0)
                return r;
        if (*s)
                return -EINVAL;

        if (streq(unit, "") || streq(unit, "B"))
                factor = 1;
        else if (streq(unit, "K"))
                factor = UINT64_C(1) << 10;
        else if (streq(unit, "M"))
                factor = UINT64_C(1) << 20;
        else if (streq(unit, "G"))
                factor = UINT64_C(1) << 30;
        else if (streq(unit, "T"))
                factor = UINT64_C(1) << 40;
        else
                return -EINVAL;

        if (__builtin_mul_overflow(whole, factor, &v))
                return -ERANGE;
        if (__builtin_add_overflow(v, (uint64_t) ((double) part / 1e6 * (double) factor), &v))
                return -ERANGE;
        if (v == UINT64_MAX) /* "infinity" */
                return -ERANGE;
        *ret = v;
        return 0;
}

static const struct {
        const char *name; /* with SIG */
        int sig;
} signals[] = {
#define S(x) { #x, x }
        S(SIGHUP),  S(SIGINT),    S(SIGQUIT), S(SIGILL),    S(SIGTRAP), S(SIGABRT), S(SIGBUS),  S(SIGFPE),
        S(SIGKILL), S(SIGUSR1),   S(SIGSEGV), S(SIGUSR2),   S(SIGPIPE), S(SIGALRM), S(SIGTERM), S(SIGSTKFLT),
        S(SIGCHLD), S(SIGCONT),   S(SIGSTOP), S(SIGTSTP),   S(SIGTTIN), S(SIGTTOU), S(SIGURG),  S(SIGXCPU),
        S(SIGXFSZ), S(SIGVTALRM), S(SIGPROF), S(SIGWINCH),  S(SIGIO),   S(SIGPWR),  S(SIGSYS),
#undef S
};

int parse_signal(const char *s, int *ret) {
        const char *name;
        uint64_t v;

        if (isempty(s))
                return -EINVAL;
        if (parse_uint_max(s, INT32_MAX, &v) >= 0) {
                /* Those between SIGSYS and SIGRTMIN are the C library's own. */
                if (v > (uint64_t) SIGRTMAX || !signal_name((int) v))
                        return -ERANGE;
                *ret = (int) v;
                return 0;
        }

        name = startswith(s, "SIG") ?: s;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (streq(name, signals[i].name + 3)) {
                        *ret = signals[i].sig;
                        return 0;
                }

        const char *plus = startswith(name, "RTMIN"), *minus = startswith(name, "RTMAX");
        if (plus && *plus == 0) {
                *ret = SIGRTMIN;
                return 0;
        }
        if (minus && *minus == 0) {
                *ret = SIGRTMAX;
                return 0;
        }
        if (plus && *plus == '+' && parse_uint_max(plus + 1, (uint64_t) (SIGRTMAX - SIGRTMIN), &v) >= 0) {
                *ret = SIGRTMIN + (int) v;
                return 0;
        }
        if (minus && *minus == '-' && parse_uint_max(minus + 1, (uint64_t) (SIGRTMAX - SIGRTMIN), &v) >= 0) {
                *ret = SIGRTMAX - (int) v;
                return 0;
        }
        return -EINVAL;
}

const char *signal_name(int sig) {
        static char realtime[64][16];

        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (signals[i].sig == sig)
                        return signals[i].name;
        if (sig >= SIGRTMIN && sig <= SIGRTMAX && sig < 64 + SIGRTMIN) {
                char *name = realtime[sig - SIGRTMIN];

                if (!*name) {
                        if (sig == SIGRTMIN)
                                strcpy(name, "SIGRTMIN");
                        else
                                snprintf(name, sizeof(realtime[0]), "SIGRTMIN+%d", sig - SIGRTMIN);
                }
                return name;
        }
        return NULL;
}
