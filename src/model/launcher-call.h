/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What ctrd and ctr-launcher say to each other, on a SOCK_SEQPACKET connection:
 * one message each way, in the form of wire.h.
 *
 *   asks     NAME=…            with one descriptor: the monitor's control connection
 *            WORKER=archive    instead of the monitor: a ctr-archive for the container's
 *                              files, whose control connection it is (archive-call.h)
 *   answers  PID=…  or  ERRNO=…
 */

#define LAUNCHER_SOCKET "/run/ctrd/launcher"
#define LAUNCHER_MESSAGE_MAX 256
