/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capability.h"
#include "capability-sets.h"

static int get(struct __user_cap_data_struct data[static 2]) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

        return syscall(SYS_capget, &header, data) < 0 ? -errno : 0;
}

static uint64_t join(uint32_t low, uint32_t high) {
        return (uint64_t) low | (uint64_t) high << 32;
}

static uint64_t read_bounding(void) {
        uint64_t mask = 0;

        for (unsigned cap = 0; cap < 64; cap++) {
                int r = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

                if (r < 0) /* past the last one that this kernel has */
                        break;
                if (r > 0)
                        mask |= UINT64_C(1) << cap;
        }
        return mask;
}

int capability_read(uint64_t *ret_permitted, uint64_t *ret_bounding) {
        struct __user_cap_data_struct data[2] = {};
        int r = get(data);

        if (r < 0)
                return r;
        *ret_permitted = join(data[0].permitted, data[1].permitted);
        if (ret_bounding)
                *ret_bounding = read_bounding();
        return 0;
}

int capability_drop_bounding(uint64_t keep, Error *error) {
        for (unsigned cap = 0; cap < 64; cap++) {
                if (keep & (UINT64_C(1) << cap))
                        continue;
                if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) >= 0)
                        continue;
                if (errno == EINVAL) /* past the last one that this kernel has */
                        return 0;
                /* Without CAP_SETPCAP it is still as wanted where it is not set. */
                if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
                        continue;
                return error_set_errno(error, EPERM, "dropping %s from the bounding set",
                                       strempty(capability_name(cap)));
        }
        return 0;
}

uint64_t capability_missing(const CapabilitySets *sets) {
        struct __user_cap_data_struct data[2] = {};

        if (get(data) < 0)
                return 0;
        return (sets->bounding | sets->effective | sets->inheritable | sets->permitted | sets->ambient) &
               ~join(data[0].permitted, data[1].permitted);
}

int capability_apply(const CapabilitySets *sets, Error *error) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        uint64_t had, permitted, effective, inheritable, ambient;
        int r;

        r = get(data);
        if (r < 0)
                return error_set_errno(error, r, "reading capabilities");
        had = join(data[0].permitted, data[1].permitted);

        permitted = sets->permitted & had;
        effective = sets->effective & permitted;
        inheritable = sets->inheritable & had;
        ambient = sets->ambient & permitted & inheritable;
        for (unsigned i = 0; i < 2; i++) {
                data[i].permitted = (uint32_t) (permitted >> (32 * i));
                data[i].effective = (uint32_t) (effective >> (32 * i));
                data[i].inheritable = (uint32_t) (inheritable >> (32 * i));
        }
        if (syscall(SYS_capset, &header, data) < 0)
                return error_set_errno(error, errno, "setting capabilities");

        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
                return error_set_errno(error, errno, "clearing ambient capabilities");
        for (unsigned cap = 0; ambient >> cap && cap < 64; cap++)
                if ((ambient & (UINT64_C(1) << cap)) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
                        return error_set_errno(error, errno, "raising ambient %s", strempty(capability_name(cap)));
        return 0;
}
