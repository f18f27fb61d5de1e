/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One word of Device=: /dev/SOURCE[:/dev/DESTINATION][:ACCESS], ACCESS of the letters
 * r, w and m as of DeviceAllow= in systemd.resource-control(5).
 */

#include "macro.h"

typedef struct DeviceWord {
        char *source, *destination; /* paths below /dev; the destination is the source's where none is given */
        char access[4];             /* "rw" where none is given */
} DeviceWord;

/* -EINVAL where the word is none. */
int device_word_parse(const char *word, DeviceWord *ret);
void device_word_clear(DeviceWord *word);
