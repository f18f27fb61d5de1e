/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "syscall-set.h"

static int compare_names(const void *key, const void *entry) {
        return strcmp(key, *(const char *const *) entry);
}

int syscall_find(const char *name) {
        const char *const *found = bsearch(name, syscall_names, SYSCALL_NAMES, sizeof(*syscall_names), compare_names);

        return found ? (int) (found - syscall_names) : -ENOENT;
}

static int add_word(SyscallSet *set, const char *word) {
        int i;

        if (streq(word, "@known")) {
                for (size_t k = 0; k < SYSCALL_NAMES; k++)
                        set->bits[k / 64] |= UINT64_C(1) << k % 64;
                return 0;
        }
        if (*word == '@') {
                for (size_t k = 0; k < syscall_groups_n; k++)
                        if (streq(word, syscall_groups[k].name))
                                return syscall_set_add(set, syscall_groups[k].words);
                return -ENOENT;
        }
        i = syscall_find(word);
        if (i < 0)
                return i;
        set->bits[i / 64] |= UINT64_C(1) << i % 64;
        return 0;
}

int syscall_set_add(SyscallSet *set, const char *words) {
        char word[64];

        for (;;) {
                size_t n;
                int r;

                words += strspn(words, " ");
                n = strcspn(words, " ");
                if (n == 0)
                        return 0;
                if (n >= sizeof(word))
                        return -ENOENT;
                memcpy(word, words, n);
                word[n] = 0;
                r = add_word(set, word);
                if (r < 0)
                        return r;
                words += n;
        }
}

void syscall_set_remove(SyscallSet *set, const SyscallSet *other) {
        for (size_t i = 0; i < ELEMENTSOF(set->bits); i++)
                set->bits[i] &= ~other->bits[i];
}
