/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "state.h"

static const char *const names[_CONTAINER_STATE_MAX] = {
        [CONTAINER_STOPPED] = "stopped",
        [CONTAINER_STARTING] = "starting",
        [CONTAINER_RUNNING] = "running",
        [CONTAINER_FROZEN] = "frozen",
        [CONTAINER_STOPPING] = "stopping",
        [CONTAINER_REBOOTING] = "rebooting",
        [CONTAINER_FAILED] = "failed",
        [CONTAINER_REMOVING] = "removing",
};

/* +1, so that what is not written down is 0: not allowed. */
#define TO(s) ((s) + 1)
static const unsigned char table[_CONTAINER_STATE_MAX][_CONTAINER_EVENT_MAX] = {
        [CONTAINER_STOPPED] = {
                [EVENT_START] = TO(CONTAINER_STARTING),
                [EVENT_REMOVE] = TO(CONTAINER_REMOVING),
        },
        [CONTAINER_FAILED] = {
                [EVENT_START] = TO(CONTAINER_STARTING),
                [EVENT_REMOVE] = TO(CONTAINER_REMOVING),
        },
        [CONTAINER_STARTING] = {
                [EVENT_READY] = TO(CONTAINER_RUNNING),
                [EVENT_STOP] = TO(CONTAINER_STOPPING),
                [EVENT_REBOOT] = TO(CONTAINER_REBOOTING),
                [EVENT_ENDED] = TO(CONTAINER_STOPPED),
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
        [CONTAINER_RUNNING] = {
                [EVENT_FREEZE] = TO(CONTAINER_FROZEN),
                [EVENT_THAW] = TO(CONTAINER_RUNNING), /* what is asked for is so already */
                [EVENT_STOP] = TO(CONTAINER_STOPPING),
                [EVENT_REBOOT] = TO(CONTAINER_REBOOTING),
                [EVENT_ENDED] = TO(CONTAINER_STOPPED),
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
        [CONTAINER_FROZEN] = {
                [EVENT_FREEZE] = TO(CONTAINER_FROZEN),
                [EVENT_THAW] = TO(CONTAINER_RUNNING),
                [EVENT_STOP] = TO(CONTAINER_STOPPING),
                [EVENT_REBOOT] = TO(CONTAINER_REBOOTING),
                [EVENT_ENDED] = TO(CONTAINER_STOPPED), /* it can be killed */
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
        [CONTAINER_STOPPING] = {
                /* a second stop, with another timeout, is fine; and what the guest
                 * says when it goes down may be the beginning of a reboot */
                [EVENT_STOP] = TO(CONTAINER_STOPPING),
                [EVENT_REBOOT] = TO(CONTAINER_REBOOTING),
                [EVENT_ENDED] = TO(CONTAINER_STOPPED),
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
        [CONTAINER_REBOOTING] = {
                [EVENT_READY] = TO(CONTAINER_RUNNING),
                [EVENT_STOP] = TO(CONTAINER_STOPPING),
                [EVENT_REBOOT] = TO(CONTAINER_REBOOTING),
                [EVENT_ENDED] = TO(CONTAINER_STOPPED),
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
        [CONTAINER_REMOVING] = {
                /* what could not be removed is there still */
                [EVENT_FAILED] = TO(CONTAINER_FAILED),
        },
};

const char *container_state_to_string(ContainerState state) {
        return state >= 0 && state < _CONTAINER_STATE_MAX ? names[state] : NULL;
}

ContainerState container_state_from_string(const char *s) {
        for (ContainerState i = 0; i < _CONTAINER_STATE_MAX; i++)
                if (streq_ptr(names[i], s))
                        return i;
        return _CONTAINER_STATE_INVALID;
}

ContainerState container_state_next(ContainerState state, ContainerEvent event) {
        if (state < 0 || state >= _CONTAINER_STATE_MAX || event < 0 || event >= _CONTAINER_EVENT_MAX || table[state][event] == 0)
                return _CONTAINER_STATE_INVALID;
        return (ContainerState) (table[state][event] - 1);
}

bool container_state_is_active(ContainerState state) {
        return state == CONTAINER_STARTING || state == CONTAINER_RUNNING || state == CONTAINER_FROZEN ||
               state == CONTAINER_STOPPING || state == CONTAINER_REBOOTING;
}
