/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A small program run for what it prints, without waiting for it.
 */

#include <systemd/sd-event.h>

#include "macro.h"

typedef struct Capture Capture;

/* text: what it printed, NULL where it could not be run, failed, took longer
 * than its time or said too much. */
typedef void (*CaptureDone)(const char *text, void *userdata);

#define CAPTURE_MAX (64 * 1024)

/* Runs argv[0] with these arguments, no input, and standard error thrown away.
 * done is called once, never from within this call, unless the capture is freed
 * before. */
int capture_start(sd_event *event, char *const *argv, uint64_t timeout_usec, CaptureDone done, void *userdata,
                  Capture **ret);

/* The other way round: standard output is thrown away, and text is what it said on
 * standard error where it failed, could not be waited for or said too much, and NULL
 * where it did what it should. */
int capture_complaints(sd_event *event, char *const *argv, uint64_t timeout_usec, CaptureDone done, void *userdata,
                       Capture **ret);

/* Ends it, killing the program where it still runs. */
Capture *capture_free(Capture *capture);
