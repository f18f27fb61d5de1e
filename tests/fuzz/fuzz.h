/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What fuzz targets share. A target is one function with libFuzzer's name; it
 * aborts where a promise is broken. With a compiler that has no libFuzzer, main()
 * is in driver.c.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "macro.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define promise(expression)                                                            \
        do {                                                                           \
                if (!(expression)) {                                                   \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #expression); \
                        abort();                                                       \
                }                                                                      \
        } while (0)

/* The input as a string that ends at its first NUL. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1);

        promise(text);
        memcpy(text, data, size);
        text[size] = 0;
        return text;
}

/* That a failure is told in words that anybody can take. */
static inline void fuzz_check_error(int r, const Error *error) {
        promise((r < 0) == error_is_set(error));
        promise(!error_is_set(error) || utf8_is_printable(error_message(error)));
        promise(!error_is_set(error) || strlen(error_message(error)) < 2048);
}
