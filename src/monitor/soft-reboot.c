/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "clock.h"
#include "process.h"
#include "soft-reboot.h"
#include "stop.h"

#define SIGNAL (SIGRTMIN + 7) /* systemd(1); SIGRTMIN is that of systemd's libc, as with StopSignal= */
#define INTERVAL USEC_PER_SEC

int soft_reboot_ask(SoftReboot *soft_reboot, pid_t pid, int pidfd, Error *error) {
        int r;

        if (!stop_is_heard(pid, SIGNAL)) {
                /* Nobody listens any more, and the news of that is on its way. */
                if (process_has_ended(pidfd))
                        return error_set(error, ESRCH, NULL, "The container's init has ended.");
                return error_set(error, EOPNOTSUPP, "NotSupported",
                                 "The container's init knows no soft reboot, as systemd 254 and later do: restart the container.");
        }
        r = process_signal(pidfd, SIGNAL);
        if (r < 0)
                return error_set_errno(error, r, "The container's init cannot be asked");
        soft_reboot->asked = true;
        return 0;
}

bool soft_reboot_begins(SoftReboot *soft_reboot, const NotifyMessage *message) {
        uint64_t now;

        /* systemd 256 and later tell the target. Before, RELOADING=1 is all; but that is said
         * when only the configuration is read anew, too. */
        if (!streq(message->target, "soft-reboot.target") && !(soft_reboot->asked && message->reloading))
                return false;
        now = now_usec(CLOCK_MONOTONIC);
        if (soft_reboot->begun > 0 && now < usec_add(soft_reboot->begun, INTERVAL))
                return false;
        *soft_reboot = (SoftReboot){ .begun = now };
        return true;
}
