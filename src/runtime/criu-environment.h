/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a request to criu takes from the system: a configuration file, and how the
 * network is held still; and what criu 3.17 leaves behind of the latter.
 */

#include "config.h"
#include "criu-request.h"

/* Names of namespaces in the images, those of runc and crun. */
#define CRIU_KEY_NETWORK_NAMESPACE "extRootNetNS"
#define CRIU_KEY_PID_NAMESPACE "extRootPidNS"

/* version: of criu, see criu_check(). */
int criu_environment_add(CriuRequest *request, const Config *c, const CriuOptions *o, unsigned version, Error *error);

/* In the network namespace of a restored process: takes off the locks that criu
 * put there with nftables at dump and does not find again, since they are named
 * after a pid of then. Nothing there is fine. */
int criu_environment_unlock(pid_t pid, Error *error);
