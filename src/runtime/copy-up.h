/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * tmpcopyup: what lay in a directory of the image, copied into the tmpfs that
 * is about to cover it.
 */

#include "error.h"

/* Copies the tree below from into to, both directory descriptors (O_PATH is
 * fine): directories, files, symlinks, owners, modes. Follows nothing, crosses
 * no mount. Devices, sockets and fifos are left out. */
int copy_up(int from, int to, Error *error);
