/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * landlock(7), where the kernel has it: nothing is written, made or removed from here on
 * but below one directory.
 */

/* dir: that directory; -EBADF: none. After PR_SET_NO_NEW_PRIVS. That the kernel has none of it
 * is no failure. Of no use before the second version, with which links between directories
 * can be allowed (Linux 5.19). */
int landlock_restrict_writing(int dir);
