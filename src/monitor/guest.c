/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clock.h"
#include "guest.h"

#define TELL_INTERVAL (200 * USEC_PER_MSEC)

void guest_init(Guest *guest, Loop *loop, GuestHandler tell, void *userdata) {
        *guest = (Guest){ .loop = loop, .tell = tell, .userdata = userdata, .rest = TIMER_INIT };
}

static void guest_rested(void *userdata) {
        Guest *guest = userdata;

        if (guest->waits) {
                (void) timer_arm(&guest->rest, guest->loop, TELL_INTERVAL, guest_rested, guest);
                guest_flush(guest);
        }
}

void guest_take(Guest *guest, const NotifyMessage *message, bool booting) {
        bool news = false;

        if (message->has_status && !streq(guest->status, message->status)) {
                strcpy(guest->status, message->status);
                news = true;
        }
        if (message->target[0] && !streq(guest->target, message->target)) {
                strcpy(guest->target, message->target);
                news = true;
        }
        if (message->extend > 0 && booting) {
                uint64_t until = usec_add(now_usec(CLOCK_MONOTONIC), message->extend);

                news |= until > guest->extended;
                guest->extended = MAX(guest->extended, until);
        }
        if (!news)
                return;
        guest->waits = true;
        if (!guest->rest.source.loop)
                guest_rested(guest);
}

void guest_put(const Guest *guest, WireWriter *writer) {
        wire_put(writer, "STATUS", guest->status);
        wire_put(writer, "TARGET", guest->target);
        wire_put_u64(writer, "EXTENDED_USEC", guest->extended);
}

void guest_flush(Guest *guest) {
        if (!guest->waits)
                return;
        guest->waits = false;
        guest->tell(guest->userdata);
}

void guest_forget(Guest *guest) {
        guest->status[0] = guest->target[0] = 0;
        guest->extended = 0;
}

void guest_close(Guest *guest) {
        timer_disarm(&guest->rest);
}
