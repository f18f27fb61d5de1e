/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The side of a copy that is a container's: started by ctr-launcher for ctrd, told what
 * to do on its control connection (archive-call.h).
 */

/* Does one request. Returns an exit status; what went wrong was told to ctrd. */
int archive_worker_run(int control);
