/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the process runs from, exchanged under its feet.
 *
 * To execute the own binary once more from another mount costs more than all
 * else that the runtime does in user space. What execve(2) would change can be
 * changed from within as well: the mappings of the file are mapped anew from
 * the other mount, page by page the same, and then the kernel lets
 * /proc/PID/exe be that file (prctl(2), PR_SET_MM_MAP: it refuses as long as
 * anything of the old one is mapped, so there is no half of it).
 */

#include <stdbool.h>

/* Whether the kernel, and the way the program was linked, allow it. */
bool image_is_exchangeable(void);

/* exe: the file to run from, opened for reading: the very one that is run, of
 * another mount. 0, or a negative errno where it cannot be done, and then all
 * works as before: the program is no static one, the kernel is built without
 * CONFIG_CHECKPOINT_RESTORE, CAP_SYS_ADMIN is missing. */
int image_exchange(int exe);
