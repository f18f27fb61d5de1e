/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a fuzz target over files without libFuzzer: each as it is, and then in
 * some thousand variants, the same ones each time. What broke it is kept in a
 * file. Prints TAP.
 *
 *      fuzz-X DIRECTORY [VARIANTS]
 */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "fuzz.h"

#define INPUT_MAX 65536

static uint8_t input[INPUT_MAX];
static size_t input_size;

static uint64_t random_next(void) {
        static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static void keep_input(int sig) {
        static const char path[] = "fuzz-crash";
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (fd >= 0 && write(fd, input, input_size) >= 0)
                (void) !write(STDOUT_FILENO, "Bail out! the input is in fuzz-crash\n", 37);
        signal(sig, SIG_DFL);
        raise(sig);
}

/* A few bytes changed, put in, taken out, or a piece of it repeated. */
static void vary(void) {
        static const char odd[] = "\n\\\"'=[]#;:/ \t\r%-.0\x80\xc3\x1b\x7f";

        for (unsigned n = 1 + random_next() % 6; n > 0; n--) {
                size_t at = input_size ? random_next() % input_size : 0, length = random_next() % 24;

                switch (random_next() % 5) {
                case 0:
                        if (input_size > 0)
                                input[at] = (uint8_t) random_next();
                        break;
                case 1:
                        if (input_size > 0)
                                input[at] = (uint8_t) odd[random_next() % (sizeof(odd) - 1)];
                        break;
                case 2:
                        length = MIN(length, input_size - at);
                        memmove(input + at, input + at + length, input_size - at - length);
                        input_size -= length;
                        break;
                case 3:
                        if (input_size < INPUT_MAX) {
                                memmove(input + at + 1, input + at, input_size - at);
                                input[at] = (uint8_t) odd[random_next() % (sizeof(odd) - 1)];
                                input_size++;
                        }
                        break;
                default:
                        length = MIN(length, input_size - at);
                        if (input_size + length <= INPUT_MAX) {
                                memmove(input + at + length, input + at, input_size - at);
                                input_size += length;
                        }
                }
        }
}

/* A target may know better what a variant of its input is, and then asks for
 * changes of bytes by libFuzzer's name for them. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) __attribute__((weak));

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
        for (unsigned n = 1 + random_next() % 4; n > 0; n--) {
                size_t at = size ? random_next() % size : 0;

                if (random_next() % 2 == 0 && size < max_size) {
                        memmove(data + at + 1, data + at, size - at);
                        data[at] = (uint8_t) (' ' + random_next() % 95);
                        size++;
                } else if (size > 0)
                        data[at] = (uint8_t) random_next();
        }
        return size;
}

static void change(void) {
        if (LLVMFuzzerCustomMutator && random_next() % 4 > 0) {
                for (unsigned n = 1 + random_next() % 4; n > 0; n--)
                        input_size = LLVMFuzzerCustomMutator(input, input_size, INPUT_MAX, (unsigned) random_next());
        } else
                vary();
}

/* Of exactly its size, so that a sanitizer sees what is read behind it. */
static void run_once(void) {
        uint8_t *copy = malloc(input_size ?: 1);

        if (!copy)
                abort();
        memcpy(copy, input, input_size);
        LLVMFuzzerTestOneInput(copy, input_size);
        free(copy);
}

int main(int argc, char **argv) {
        unsigned long variants = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
        DIR *dir = argc > 1 ? opendir(argv[1]) : NULL;
        unsigned n = 0;

        if (!dir) {
                fprintf(stderr, "usage: %s DIRECTORY [VARIANTS]\n", argv[0]);
                return 2;
        }
        signal(SIGABRT, keep_input);
        signal(SIGSEGV, keep_input);
        for (struct dirent *de; (de = readdir(dir));) {
                _cleanup_free_ char *seed = NULL;
                size_t size;

                if (de->d_name[0] == '.' || file_read(dirfd(dir), de->d_name, INPUT_MAX, &seed, &size) < 0)
                        continue;
                for (unsigned long i = 0; i <= variants; i++) {
                        memcpy(input, seed, size);
                        input_size = size;
                        if (i > 0)
                                change();
                        run_once();
                }
                printf("ok %u - %s and %lu variants of it\n", ++n, de->d_name, variants);
                fflush(stdout);
        }
        closedir(dir);
        printf("1..%u\n", n);
        return n == 0;
}
