/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The root file system, mounted where only this process and its children see
 * it: in a mount namespace of its own, gone with the last of them.
 */

#include "error.h"
#include "plan.h"

/* Leaves the host's mount namespace for good. What the host mounts later still
 * arrives (a bundle may bind it); nothing goes back. */
int rootfs_unshare(Error *error);

/* Mounts the plan's root at its ROOTFS. layers: the directory in which layers
 * are attached meanwhile; it and its entries are made where they are missing.
 * On failure nothing stays mounted. */
int rootfs_mount(const Plan *plan, const char *layers, Error *error);

/* Unmounts what rootfs_mount() has or may have mounted, and removes the
 * directories of the layers. No error where there is nothing. */
void rootfs_unmount(const Plan *plan, const char *layers);
