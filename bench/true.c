/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the containers of `bench/run start` run: nothing, and linked statically,
 * so that no figure holds a dynamic linker's work. */

int main(void) {
        return 0;
}
