/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>

#include "unit-worker.h"

/* ctr-archive bounds what it remembers to half of that; the rest is its file systems'. */
#define BOUND_MEMORY (UINT64_C(1) << 30)
#define BOUND_TASKS UINT64_C(16)

/* Whoever has CAP_SYS_ADMIN is held back by none of it who wants out: it is against
 * mistakes. Of attributes that overlayfs writes nobody else may even know. */
static int append_capabilities(sd_bus_message *m, UnitWorkerKind kind) {
        static const int capabilities[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP, CAP_SYS_ADMIN };
        static const int of_templates[] = { CAP_SETGID, CAP_SETUID, CAP_SYS_CHROOT };
        uint64_t set = kind == UNIT_WORKER_COPY ? UINT64_C(1) << CAP_MKNOD : 0;

        for (size_t i = 0; i < ELEMENTSOF(capabilities); i++)
                set |= UINT64_C(1) << capabilities[i];
        for (size_t i = 0; kind == UNIT_WORKER_TEMPLATE && i < ELEMENTSOF(of_templates); i++)
                set |= UINT64_C(1) << of_templates[i];
        return sd_bus_message_append(m, "(sv)", "CapabilityBoundingSet", "t", set);
}

static int append_filters(sd_bus_message *m, UnitWorkerKind kind) {
        int r = sd_bus_message_append(m, "(sv)(sv)", "SystemCallErrorNumber", "i", EPERM, "RestrictNamespaces", "t",
                                      kind == UNIT_WORKER_TEMPLATE ? (uint64_t) (CLONE_NEWNS | CLONE_NEWPID) : UINT64_C(0));

        if (r >= 0 && kind == UNIT_WORKER_TEMPLATE)
                return sd_bus_message_append(m, "(sv)(sv)", "SystemCallFilter", "(bas)", 1, 2, "@system-service", "@mount",
                                             "RestrictAddressFamilies", "(bas)", 1, 3, "AF_UNIX", "AF_INET", "AF_INET6");
        return r < 0 ? r
                     : sd_bus_message_append(m, "(sv)(sv)", "SystemCallFilter", "(bas)", 1, 1, "@system-service",
                                             "RestrictAddressFamilies", "(bas)", 1, 1, "AF_UNIX");
}

static int append_walls(sd_bus_message *m, const UnitWorker *worker) {
        static const char *const booleans[] = {
                "PrivateTmp",        "ProtectHostname",      "ProtectClock",    "ProtectKernelTunables",
                "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "NoNewPrivileges",
                "RestrictRealtime",  "LockPersonality",      "MemoryDenyWriteExecute",
        };
        int r;

        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "ProtectSystem", "s", "strict", "ReadWritePaths", "as", 1,
                                  worker->writable, "ProtectHome", "s", "yes", "ProtectProc", "s", "invisible", "KeyringMode", "s",
                                  "private");
        for (size_t i = 0; i < ELEMENTSOF(booleans) && r >= 0; i++)
                r = sd_bus_message_append(m, "(sv)", booleans[i], "b", 1);
        if (r >= 0 && worker->kind == UNIT_WORKER_TEMPLATE)
                r = sd_bus_message_append(m, "(sv)", "PrivateDevices", "b", 1);
        if (r >= 0 && !worker->network)
                r = sd_bus_message_append(m, "(sv)", "PrivateNetwork", "b", 1);
        if (r >= 0)
                r = append_capabilities(m, worker->kind);
        if (r >= 0)
                r = append_filters(m, worker->kind);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "UMask", "u", 0022, "TimeoutStopUSec", "t", 5 * USEC_PER_SEC);
        return r;
}

/* What a container has put there decides what it takes to copy it. */
static int append_bounds(sd_bus_message *m) {
        return sd_bus_message_append(m, "(sv)(sv)", "MemoryMax", "t", UINT64_C(512) << 20, "TasksMax", "t", UINT64_C(8));
}

/* A ctrd that was killed is not started again before it has ended: what it writes to is
 * put aside by that ctrd. */
static int append_bond(sd_bus_message *m) {
        return sd_bus_message_append(m, "(sv)(sv)", "BindsTo", "as", 1, "ctrd.service", "After", "as", 1, "ctrd.service");
}

static int append_strings(sd_bus_message *m, const char *name, char *const *strings) {
        int r = sd_bus_message_open_container(m, 'r', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) strings);
        for (int i = 0; i < 2 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

int unit_append_program(sd_bus_message *m, char *const *argv) {
        int r = sd_bus_message_open_container(m, 'r', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "ExecStart");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", argv[0]);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) argv);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", 0);
        for (int i = 0; i < 4 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

int unit_start_worker(UnitClient *client, const UnitWorker *worker, UnitDone done, void *userdata, UnitRequest **ret) {
        sd_bus_message *m = NULL;
        int r;

        r = unit_new_transient(client, worker->unit, &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", worker->description, "Type", "s", "oneshot",
                                  "CollectMode", "s", "inactive-or-failed", "StandardOutputFileDescriptor", "h", worker->output,
                                  "StandardErrorFileDescriptor", "h", worker->log);
        if (r >= 0)
                r = append_walls(m, worker);
        if (r >= 0 && worker->kind == UNIT_WORKER_COPY)
                r = append_bond(m);
        if (r >= 0 && worker->kind == UNIT_WORKER_COPY)
                r = append_bounds(m);
        if (r >= 0 && worker->environment)
                r = append_strings(m, "Environment", worker->environment);
        if (r >= 0)
                r = unit_append_program(m, worker->argv);
        if (r >= 0)
                r = unit_send_transient(client, m, worker->unit, done, userdata, ret);
        sd_bus_message_unref(m);
        return r;
}

int unit_bound_worker(UnitClient *client, const char *unit, const char *description, pid_t pid, UnitDone done, void *userdata,
                      UnitRequest **ret) {
        sd_bus_message *m = NULL;
        int r = unit_new_transient(client, unit, &m);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", description, "PIDs", "au", 1, (uint32_t) pid,
                                  "CollectMode", "s", "inactive-or-failed", "MemoryMax", "t", BOUND_MEMORY, "TasksMax", "t", BOUND_TASKS);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "KillSignal", "i", SIGURG, "TimeoutStopUSec", "t", 5 * USEC_PER_SEC);
        if (r >= 0)
                r = unit_send_transient(client, m, unit, done, userdata, ret);
        sd_bus_message_unref(m);
        return r;
}
