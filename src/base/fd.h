/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Descriptors: ownership, whole reads and writes, passing them on.
 * Every descriptor made here is close-on-exec.
 */

#include <sys/types.h>
#include <unistd.h>

#include "macro.h"

/* Closes a descriptor if it is one; keeps errno; returns -EBADF. */
int fd_close(int fd);

static inline void fd_closep(int *fd) {
        fd_close(*fd);
}
#define _cleanup_fd_ _cleanup_(fd_closep)

/* Writes all n bytes. Returns 0 or a negative errno. */
int fd_write_all(int fd, const void *data, size_t n);

/* Reads to the end, at most max bytes (-E2BIG past that). The result has a
 * NUL behind it that is not counted. Returns 0 or a negative errno. */
int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_size);

int fd_set_nonblock(int fd, bool on);
int fd_set_cloexec(int fd, bool on);

/* Sends one message with at most FD_PASS_MAX descriptors (n_fds may be 0),
 * never raising SIGPIPE. Returns 0 or a negative errno. */
#define FD_PASS_MAX 8
int fd_send(int sock, const void *data, size_t n, const int *fds, size_t n_fds);

/* Receives one message of at most size bytes, with its descriptors. More
 * descriptors than max_fds, a truncated message and a truncated control part
 * are -EBADMSG, and what arrived is closed. Returns the number of bytes, 0 at
 * the end of the stream, or a negative errno (-EAGAIN where nothing waits). */
ssize_t fd_receive(int sock, void *data, size_t size, int *ret_fds, size_t max_fds, size_t *ret_n_fds);

/* Whether it is a pipe or a stream socket of AF_UNIX: what is waited for with poll(2), and
 * not by a file system whose owner need not answer. Asks none. */
bool fd_is_stream(int fd);

/* A descriptor with nothing in it, private to who holds it: reading ends at once,
 * what is written is kept until it is closed. For programs that may change the
 * owner of their standard streams, as crun does: of /dev/null that would be the
 * host's (nspawn, systemd#34243). Returns it or a negative errno. */
int fd_empty(void);

/* A file in memory with this content, sealed: nobody who gets it changes it after it was
 * checked. Returns the descriptor, at its beginning, or a negative errno. */
int fd_sealed(const char *name, const void *data, size_t n);

/* A path that names an open descriptor: "/proc/self/fd/N". */
#define FD_PATH_MAX (sizeof("/proc/self/fd/") + 11)
const char *fd_path(int fd, char buffer[static FD_PATH_MAX]);
