/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Prints what the bus would answer to Introspect, for each kind of object: for
 * documentation and its check. Needs neither a bus nor privilege. */
int introspect(void);
