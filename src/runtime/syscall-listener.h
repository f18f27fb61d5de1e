/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SCMP_ACT_NOTIFY: a process of the host's answers for the kernel. It listens on
 * linux.seccomp.listenerPath, where it is sent the filter's descriptor and the
 * "container process state" of the runtime-spec.
 *
 * The filter is loaded by the process that it is for, and from that moment each
 * of its system calls may wait for the answer of somebody who has no descriptor
 * yet: also the one that would send it. So the process makes none. A second
 * thread, which the filter does not hold for, sends the descriptor to the
 * runtime; that it is there it learns from a page that the first one touches
 * (userfaultfd(2)), and the first goes on when the page is there.
 */

#include "channel.h"
#include "config.h"
#include "container.h"
#include "syscall-filter.h"

/* In the process: loads the filter. Where it notifies, CHANNEL_LISTENER goes
 * over report and CHANNEL_GO is waited for. */
int syscall_listener_load(const SyscallFilter *f, int report, Error *error);

/* In the runtime: channel_receive(), and what comes with CHANNEL_LISTENER is
 * handed to the one who listens, with the state of container as it is for the
 * process pid. config: NULL where no filter notifies. */
int syscall_listener_attend(int channel, const Config *config, const Container *container, ContainerStatus status,
                            pid_t pid, Error *ret_error);
