/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies of whole trees, of any depth, with everything that entry-copy.h keeps and with
 * hard links among them. What is mounted there is not entered (-EXDEV). Neither tree may
 * be changed meanwhile.
 */

#include "error.h"
#include "macro.h"

/* What a copy has otherwise: a file of this path whose text is "before", perhaps with the
 * end of a line, is "after" in the copy. after NULL: whatever is there is left out. */
typedef struct TreeEdit {
        const char *path; /* below the top */
        const char *before, *after;
} TreeEdit;

typedef struct TreeCopy {
        const TreeEdit *edits;
        size_t n_edits;
        int links; /* an empty directory of the target's file system, for hard links while they
                    * are made; of trees that share some it is the same */
        void (*progress)(uint64_t units, void *userdata); /* since the last call; may be NULL */
        void *userdata;
} TreeCopy;

/* How much there is to do, in units of some 4 KiB. */
int tree_measure(int from, uint64_t *ret_units, Error *error);

/* Two directories; the target is empty, and becomes what the other is. */
int tree_copy(int from, int to, const TreeCopy *copy, Error *error);
