/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit-reader.h"
#include "unit-worker.h"

/* The journal of the host counts what the service says, and is the one thing that it can
 * reach. */
static int append_reader(sd_bus_message *m) {
        static const char *const booleans[] = {
                "DynamicUser", "PrivateNetwork", "PrivateDevices", "PrivateIPC", "ProtectHostname", "ProtectClock", "ProtectKernelTunables",
                "ProtectKernelModules", "ProtectKernelLogs", "ProtectControlGroups", "NoNewPrivileges", "RestrictRealtime",
                "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute",
        };
        int r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "ProtectSystem", "s", "strict", "ProtectHome", "s", "yes", "ProtectProc",
                                      "s", "invisible", "ProcSubset", "s", "pid", "KeyringMode", "s", "private");

        for (size_t i = 0; i < ELEMENTSOF(booleans) && r >= 0; i++)
                r = sd_bus_message_append(m, "(sv)", booleans[i], "b", 1);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "CapabilityBoundingSet", "t", UINT64_C(0), "RestrictAddressFamilies",
                                          "(bas)", 1, 1, "AF_UNIX", "RestrictNamespaces", "t", UINT64_C(0), "SystemCallFilter", "(bas)", 1,
                                          1, "@system-service");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "SystemCallErrorNumber", "i", EPERM, "MemoryMax", "t",
                                          UINT64_C(64) << 20, "TasksMax", "t", UINT64_C(8), "LogRateLimitIntervalUSec", "t",
                                          30 * USEC_PER_SEC, "LogRateLimitBurst", "u", UINT32_C(1000));
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "TimeoutStopUSec", "t", 5 * USEC_PER_SEC);
        return r;
}

int unit_start_reader(UnitClient *client, const char *unit, const char *description, char *const *argv, int input, UnitDone done,
                      void *userdata, UnitRequest **ret) {
        sd_bus_message *m = NULL;
        int r = unit_new_transient(client, unit, &m);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sv)(sv)(sv)", "Description", "s", description, "Type", "s", "exec", "CollectMode", "s",
                                  "inactive-or-failed");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)", "StandardInputFileDescriptor", "h", input);
        if (r >= 0)
                r = append_reader(m);
        if (r >= 0)
                r = unit_append_program(m, argv);
        if (r >= 0)
                r = unit_send_transient(client, m, unit, done, userdata, ret);
        sd_bus_message_unref(m);
        return r;
}
