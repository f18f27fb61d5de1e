/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

bool terminal_is_interactive(void) {
        return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void terminal_size(int fd, unsigned *ret_columns, unsigned *ret_rows) {
        struct winsize size = {};

        if (ioctl(fd, TIOCGWINSZ, &size) < 0)
                size = (struct winsize){};
        *ret_columns = size.ws_col;
        *ret_rows = size.ws_row;
}

int terminal_raw(Terminal *t, int fd) {
        struct termios raw;

        if (!isatty(fd))
                return 0;
        if (tcgetattr(fd, &t->saved) < 0)
                return -errno;
        raw = t->saved;
        cfmakeraw(&raw);
        if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
                return -errno;
        t->fd = fd;
        return 0;
}

void terminal_restore(Terminal *t) {
        if (t->fd < 0)
                return;
        while (tcsetattr(t->fd, TCSADRAIN, &t->saved) < 0 && errno == EINTR)
                ;
        t->fd = -1;
}
