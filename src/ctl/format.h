/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Values as people read them. */

#include "macro.h"

#define FORMAT_MAX 64

/* "1.5G"; UINT64_MAX: "infinity". */
const char *format_bytes(char buffer[static FORMAT_MAX], uint64_t bytes);

/* "2min 3s", "350ms": at most two units. */
const char *format_timespan(char buffer[static FORMAT_MAX], uint64_t usec);

/* "Sun 2026-11-22 03:00:46 UTC", in the local time zone. */
const char *format_timestamp(char buffer[static FORMAT_MAX], uint64_t realtime_usec);

/* "5min 2s ago"; now as realtime too. */
const char *format_ago(char buffer[static FORMAT_MAX], uint64_t realtime_usec, uint64_t now);

/* "exited with status 3", "killed by SIGKILL", "poweroff": ExitReason and ExitStatus. */
const char *format_end(char buffer[static FORMAT_MAX], const char *reason, int status);

/* Takes control characters and escape sequences (ECMA-48) out of text that a
 * container wrote, in place, so that it cannot command a terminal; keeps newlines
 * and tabs. Returns the new size. */
size_t format_plain(char *text, size_t size);

/* Where the last n lines of the text begin; a line at the end need not be whole. */
size_t format_tail(const char *text, size_t size, size_t lines);
