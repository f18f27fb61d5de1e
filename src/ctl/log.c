/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>

#include "bus.h"
#include "fd.h"
#include "format.h"
#include "log.h"

/* More than the manager lets one file grow to; a bound for reading, no more. */
#define LOG_FILE_MAX (256u * 1024 * 1024)

void log_close(Log *l) {
        l->older = fd_close(l->older);
        l->newer = fd_close(l->newer);
}

static int read_fds(sd_bus_message *m, Log *l) {
        int fds[2], n = 0, r;

        r = sd_bus_message_enter_container(m, 'a', "h");
        if (r < 0)
                return r;
        while (n < 2 && (r = sd_bus_message_read_basic(m, 'h', &fds[n])) > 0) {
                fds[n] = fcntl(fds[n], F_DUPFD_CLOEXEC, 3);
                if (fds[n] < 0)
                        return -errno;
                /* One alone is the newer. */
                l->older = l->newer;
                l->newer = fds[n++];
        }
        return r < 0 ? r : 0;
}

int log_open(Ctl *ctl, const char *container, Log *ret, Error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_(log_close) Log l = LOG_INIT;
        _cleanup_free_ char *path = NULL;
        int r = bus_container_path(container, &path, error);

        if (r >= 0)
                r = bus_method(ctl, path, BUS_CONTAINER, "GetLog", &m, error);
        if (r >= 0)
                r = bus_call(ctl, m, &reply, error);
        if (r < 0)
                return r;
        r = read_fds(reply, &l);
        if (r < 0)
                return bus_message_error(error, r);
        *ret = l;
        l = LOG_INIT;
        return 0;
}

int log_read(Log *l, size_t lines, char **ret, size_t *ret_size, Error *error) {
        _cleanup_free_ char *older = NULL, *newer = NULL, *all = NULL;
        size_t n_older = 0, n_newer = 0, from;
        int r = 0;

        if (l->older >= 0)
                r = fd_read_all(l->older, LOG_FILE_MAX, &older, &n_older);
        if (r >= 0 && l->newer >= 0)
                r = fd_read_all(l->newer, LOG_FILE_MAX, &newer, &n_newer);
        if (r < 0)
                return error_set_errno(error, r, "Cannot read the log");
        all = malloc(n_older + n_newer + 1);
        if (!all)
                return error_set_errno(error, ENOMEM, "Cannot read the log");
        memcpy(all, strempty(older), n_older);
        memcpy(all + n_older, strempty(newer), n_newer);
        from = format_tail(all, n_older + n_newer, lines);
        memmove(all, all + from, n_older + n_newer - from);
        *ret_size = n_older + n_newer - from;
        all[*ret_size] = 0;
        *ret = TAKE_PTR(all);
        return 0;
}
