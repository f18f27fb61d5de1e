/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "container-events.h"

static void put_addresses(Container *container, WireWriter *writer) {
        char text[ADDRESS_WATCH_TEXT_MAX];

        wire_put(writer, "ADDRESSES", address_watch_text(&container->run.addresses, text));
}

void container_put_state(void *userdata, WireWriter *writer) {
        Container *container = userdata;

        wire_put(writer, "PHASE", monitor_phase_to_string(container->phase));
        wire_put_u64(writer, "LEADER", (uint64_t) container->run.leader);
        guest_put(&container->guest, writer);
        wire_put_u64(writer, "STARTED_USEC", container->started);
        wire_put_u64(writer, "READY_USEC", container->ready);
        put_addresses(container, writer);
        wire_put(writer, "FROZEN", container->run.freezer.state == FREEZER_FROZEN ? "yes" : "no");
        wire_put(writer, "HOST_STOPS", container->host_stops ? "yes" : "no");
}

void container_tell_phase(Container *container) {
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "phase");
        container_put_state(container, &writer);
        control_send(&container->control, &writer);
}

void container_tell_guest(void *userdata) {
        Container *container = userdata;
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "status");
        guest_put(&container->guest, &writer);
        control_send(&container->control, &writer);
}

void container_tell_addresses(void *userdata) {
        Container *container = userdata;
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "addresses");
        put_addresses(container, &writer);
        control_send(&container->control, &writer);
}

void container_tell_exited(Container *container) {
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "exited");
        wire_put(&writer, "REASON", exit_reason_to_string(container->record.reason));
        wire_put_u64(&writer, "CODE", (uint64_t) container->record.code);
        wire_put_u64(&writer, "TIMESTAMP_USEC", container->record.timestamp);
        control_send(&container->control, &writer);
}

void container_tell_failed(Container *container) {
        WireWriter writer;

        wire_begin(&writer);
        wire_put(&writer, "EVENT", "failed");
        wire_put(&writer, "STAGE", container->failed_stage);
        wire_put_u64(&writer, "ERRNO", (uint64_t) container->failed_errno);
        wire_put(&writer, "MESSAGE", container->failed_message);
        control_send(&container->control, &writer);
}
