/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the parts of a run share: container-start.c begins it, container-run.c
 * follows it to its end, which container-stop.c asks for.
 */

#include "container.h"

extern const MonitorLinkOps run_link_ops;

/* The one timer of a container: the start's, then that of a forced end. With
 * USEC_INFINITY there is none. */
void run_set_timer(Container *container, uint64_t usec, sd_event_time_handler_t handler);
int run_on_start_timeout(sd_event_source *source, uint64_t usec, void *userdata);

/* Gives the container other ids where its settings ask for them by now. Of one that does
 * not run. */
int run_renumber(Container *container, Error *error);

/* The job that the run answers to, or NULL. */
void run_take_job(Container *container, Job *job);

/* Ends that job, if there is one. */
void run_end_job(Container *container, const Error *error);

/* Drops what a start has asked for and not been given yet. */
void run_drop_requests(Container *container);

/* Removes what confined the container's processes, of which there are none. */
void run_unconfine(Container *container);

/* Ends it by systemd, without its monitor. */
void run_destroy(Container *container, const char *why);

/* A start that cannot go on. The first cause wins. */
void run_fail(Container *container, const Error *cause);
