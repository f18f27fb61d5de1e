/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>
#include <strings.h>

#include "capability.h"

static const char *const names[CAPABILITY_COUNT] = {
#define C(x) [x] = #x
        C(CAP_CHOWN),         C(CAP_DAC_OVERRIDE),   C(CAP_DAC_READ_SEARCH), C(CAP_FOWNER),
        C(CAP_FSETID),        C(CAP_KILL),           C(CAP_SETGID),          C(CAP_SETUID),
        C(CAP_SETPCAP),       C(CAP_LINUX_IMMUTABLE), C(CAP_NET_BIND_SERVICE), C(CAP_NET_BROADCAST),
        C(CAP_NET_ADMIN),     C(CAP_NET_RAW),        C(CAP_IPC_LOCK),        C(CAP_IPC_OWNER),
        C(CAP_SYS_MODULE),    C(CAP_SYS_RAWIO),      C(CAP_SYS_CHROOT),      C(CAP_SYS_PTRACE),
        C(CAP_SYS_PACCT),     C(CAP_SYS_ADMIN),      C(CAP_SYS_BOOT),        C(CAP_SYS_NICE),
        C(CAP_SYS_RESOURCE),  C(CAP_SYS_TIME),       C(CAP_SYS_TTY_CONFIG),  C(CAP_MKNOD),
        C(CAP_LEASE),         C(CAP_AUDIT_WRITE),    C(CAP_AUDIT_CONTROL),   C(CAP_SETFCAP),
        C(CAP_MAC_OVERRIDE),  C(CAP_MAC_ADMIN),      C(CAP_SYSLOG),          C(CAP_WAKE_ALARM),
        C(CAP_BLOCK_SUSPEND), C(CAP_AUDIT_READ),     C(CAP_PERFMON),         C(CAP_BPF),
        C(CAP_CHECKPOINT_RESTORE),
#undef C
};

int capability_from_name(const char *name) {
        for (int i = 0; i < CAPABILITY_COUNT; i++)
                if (strcasecmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

const char *capability_name(int cap) {
        return cap >= 0 && cap < CAPABILITY_COUNT ? names[cap] : NULL;
}

uint64_t capability_default_set(void) {
        static const int without[] = {
                CAP_SYS_MODULE,    CAP_SYS_RAWIO,     CAP_SYS_PACCT, CAP_SYS_TIME,
                CAP_AUDIT_CONTROL, CAP_AUDIT_READ,    CAP_SYSLOG,    CAP_WAKE_ALARM,
                CAP_BLOCK_SUSPEND, CAP_MAC_OVERRIDE,  CAP_MAC_ADMIN, CAP_PERFMON,
                CAP_BPF,           CAP_CHECKPOINT_RESTORE,
        };
        uint64_t set = (UINT64_C(1) << CAPABILITY_COUNT) - 1;

        for (size_t i = 0; i < ELEMENTSOF(without); i++)
                set &= ~(UINT64_C(1) << without[i]);
        return set;
}
