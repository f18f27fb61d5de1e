/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * criu as a child: `criu swrk 3`, which serves one request over a socket and
 * tells on the way what it is about to do. It has the standard streams of ours,
 * the socket, what the request hands on, and no environment but a PATH.
 */

#include <sys/types.h>

#include "criu-request.h"
#include "error.h"
#include "macro.h"

/* 3.16: labels and mount contexts of LSMs; the oldest that works in what this is
 * tested with. */
#define CRIU_VERSION_MIN 31600
#define CRIU_VERSION_NETWORK_LOCK 31700

typedef struct CriuRun {
        CriuRequest *request;
        int cgroup; /* where criu is to run, -1: where we do */
        uint64_t patience_usec; /* how long it may work without a word: see criu_patience() */
        bool dies_with_us; /* else it finds out, and puts the container back as it was */

        /* In the child, before criu is there; may be NULL. */
        int (*prepare)(void *arg, Error *error);

        /* For each notification, in criu's words; criu waits meanwhile, and gives
         * up where it fails. pid: the init of the container, where criu says so.
         * fd: what came along, or -1; to be taken by TAKE_FD or left. */
        int (*notify)(const char *script, pid_t pid, int *fd, void *arg, Error *error);
        void *arg;
} CriuRun;

/* How long criu may work without a word on so much memory. It says what it is about
 * to do, and gives up by itself on most of what it waits for; but a label that is
 * none, or images with something missing, leave it waiting or turning for ever. */
uint64_t criu_patience(uint64_t bytes);

/* Serves the request. Returns the pid of what was restored, 0 after a dump, or a
 * negative errno with criu's own words in the error where it said any (see
 * criu-log.h for the rest). */
pid_t criu_run(const CriuRun *run, Error *error);

/* Whether criu is there, new enough, and can do what the options ask for. In
 * *ret_version: MAJOR * 10000 + MINOR * 100 + SUBLEVEL. */
int criu_check(const CriuOptions *o, unsigned *ret_version, Error *error);

/* A program of the system that criu needs: its path, NULL where it is missing. */
const char *criu_find_program(const char *name, char path[static 64]);
