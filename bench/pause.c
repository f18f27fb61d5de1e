/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the containers of `bench/run exec` run, while others come and go. */

#include <unistd.h>

int main(void) {
        pause();
        return 0;
}
