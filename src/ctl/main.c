/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent.h"
#include "bus.h"
#include "ctl.h"

const Verb *const verbs[] = {
        &verb_list, &verb_show, &verb_status, &verb_top, &verb_security, &verb_get, &verb_set,
        &verb_edit, &verb_logs, &verb_events, &verb_create, &verb_run, &verb_clone, &verb_rename, &verb_remove, &verb_start, &verb_stop,
        &verb_restart, &verb_enable, &verb_disable, &verb_kill, &verb_freeze, &verb_thaw, &verb_attach, &verb_detach,
        &verb_bind, &verb_unbind, &verb_device_add, &verb_device_remove, &verb_wait, &verb_exec, &verb_shell,
        &verb_console, &verb_cp, &verb_image_list, &verb_image_remove, &verb_template_list, &verb_profile_list,
        &verb_profile_show, &verb_profile_edit, &verb_profile_remove, &verb_job_list,
        &verb_job_show, &verb_job_cancel, &verb_doctor, &verb_complete, NULL,
};

static void end(Ctl *ctl) {
        ctl_bus_close(ctl);
        agent_end();
}

int main(int argc, char **argv) {
        return ctl_main(argc, argv, end);
}
