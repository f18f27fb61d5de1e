/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Numbers, times, sizes and words from text. Each checks the whole string:
 * no blanks, no sign where none belongs, nothing behind. -EINVAL where the
 * form is wrong, -ERANGE where the value does not fit.
 */

#include <sys/types.h>

#include "macro.h"

int parse_u64(const char *s, uint64_t *ret);
int parse_u32(const char *s, uint32_t *ret);
int parse_uint_max(const char *s, uint64_t max, uint64_t *ret);

/* "1" "yes" "y" "true" "t" "on" and their opposites, as systemd has them.
 * Returns 1, 0 or -EINVAL. */
int parse_bool(const char *s);

/* Seconds, or a number with us ms s sec min m h hr d w, or several such in a
 * row ("1min 30s"), or "infinity"; see systemd.time(7). In microseconds;
 * USEC_INFINITY for that word alone. */
int parse_usec(const char *s, uint64_t *ret);

/* Bytes, with K M G T to the base 1024, or "infinity" (UINT64_MAX, for that
 * word alone). */
int parse_size(const char *s, uint64_t *ret);

/* A pid: positive. */
int parse_pid(const char *s, pid_t *ret);

/* A signal by name with or without SIG ("SIGTERM", "RTMIN+4") or number. Each
 * that is taken has a signal_name(). */
int parse_signal(const char *s, int *ret);

/* The name with SIG, "SIGRTMIN+N" for real-time ones. Static or NULL. */
const char *signal_name(int sig);
