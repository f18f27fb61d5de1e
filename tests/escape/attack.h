/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the attacks of tests/escape share: rows of tables, words for results, and a
 * few ways to reach the same file. The program is static and knows nothing of ctrd,
 * so that any container manager's containers can be attacked with it. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function returns one of these or a negative errno, which is a refusal. */
enum {
        ATTACK_CONTAINED = 0,  /* it was done, and reaches nothing outside */
        ATTACK_THROUGH = 1,    /* it reached what is not the container's */
        ATTACK_IMPOSSIBLE = 2, /* what is attacked is not there: this kernel lacks it, or no target was named */
};

typedef struct Attack {
        const char *name;
        const char *reference; /* a CVE, a manual page, or what the attack is known as */
        const char *what;      /* one line for the table */
        int (*run)(void);
} Attack;

/* Each attack runs in a process and a mount namespace of its own. */
extern const Attack attacks_kernel[], attacks_call[], attacks_device[], attacks_mount[], attacks_process[], attacks_cgroup[],
        attacks_network[];

/* What the driver told about the host, as NAME=VALUE on the command line. NULL where
 * it did not. */
const char *target(const char *name);
uint64_t target_number(const char *name); /* 0 where it did not */

/* A few words about how, for the table. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* THROUGH where the call did not fail, or failed with something that only those see
 * who were allowed to call: its arguments are useless on purpose. */
int allowed(long result, int harmless_errno);

/* The file that the driver has put into the host's root, seen through this directory:
 * descriptor or AT_FDCWD, and a path that ends in a slash or is empty. */
bool sees_host(int fd, const char *prefix);

/* TYPE:BYTES, as the victim prints it. A descriptor or a negative errno. */
int open_handle(int mount, const char *handle);

/* What stands in the sentinel, and in the victim's memory and key. */
#define SENTINEL_WORDS "this is a file of the host"

/* Modes of their own, see main.c. */
int mode_victim(const char *sentinel);
int mode_terminal(void);
int mode_watch(const char *seconds);
int mode_notify(const char *kind);
int mode_bomb(const char *kind);
int mode_swap(const char *path, const char *link_target);
