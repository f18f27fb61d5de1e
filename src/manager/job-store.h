/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs, where a ctrd that ends leaves them to the next: a file for each in /run/ctrd/jobs,
 * written when it begins and when it has ended, removed when it is forgotten. What a
 * client was told is so for the next ctrd too, and no number is given twice in a boot.
 */

#include "job.h"

typedef struct JobStore JobStore;

int job_store_new(JobStore **ret);
JobStore *job_store_free(JobStore *store);

/* The next number. */
uint32_t job_store_take_id(JobStore *store);

/* Without a store nothing happens. What fails is logged: of a stop it must not be the end
 * that nothing can be written. */
void job_store_save(JobStore *store, const Job *job);
void job_store_forget(JobStore *store, const Job *job);

/* Takes up all that is there, told to nobody: what has not ended is among the jobs, and does
 * nothing until job_survivors_settle(). */
void job_store_load(JobStore *store, Manager *manager);
