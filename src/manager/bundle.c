/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>

#include "apparmor-profile.h"
#include "bundle.h"
#include "bundle-devices.h"
#include "bundle-mounts.h"
#include "bundle-seccomp.h"
#include "capability.h"
#include "environment.h"
#include "interception.h"
#include "json-list.h"
#include "name.h"
#include "paths.h"
#include "slice.h"
#include "strv.h"
#include "utf8.h"

const char *launch_init_path(const Launch *launch) {
        return launch->settings->command ? launch->settings->command[0] : launch->image->init_path;
}

/* Of a Command= nothing is known: it need not be the image's init. */
bool launch_expects_ready(const Launch *launch) {
        if (launch->settings->notify_ready != TRISTATE_AUTO)
                return launch->settings->notify_ready == TRISTATE_YES;
        return !launch->settings->command && launch->image->notifies;
}

int launch_stop_signal(const Launch *launch) {
        if (launch->settings->stop_signal)
                return launch->settings->stop_signal;
        return launch->settings->command || !launch->image->stop_signal ? SIGTERM : launch->image->stop_signal;
}

static uint64_t capability_set(const Launch *launch) {
        const Settings *s = launch->settings;
        uint64_t set = capability_default_set();

        /* Loads profiles into the policy namespace that is the container's, and into
         * no other: policy is seen from one's own label (aa_policy_admin_capable()). */
        if (apparmor_label_is_stacked(launch->apparmor))
                set |= UINT64_C(1) << CAP_MAC_ADMIN;
        STRV_FOREACH(c, s->capability)
                set |= UINT64_C(1) << capability_from_name(*c);
        STRV_FOREACH(c, s->drop_capability)
                set &= ~(UINT64_C(1) << capability_from_name(*c));
        return set;
}

static json_t *capabilities(const Launch *launch) {
        uint64_t set = capability_set(launch);
        json_t *names = json_array();

        for (int i = 0; i < CAPABILITY_COUNT; i++)
                if (set & (UINT64_C(1) << i))
                        json_array_append_new(names, json_string(capability_name(i)));

        /* Inheritable and ambient stay empty: with them, programs without file
         * capabilities would get what they should not (CVE-2022-29162). */
        return json_pack("{s:O, s:O, s:o}", "bounding", names, "effective", names, "permitted", names);
}

/* The network is connected by a hook, so that it is done at each start and
 * reboot, by whatever runtime, and undone by its counterpart. */
static json_t *compile_hooks(const Launch *launch) {
        const Settings *s = launch->settings;
        _cleanup_strv_ char **up = NULL, **down = NULL;
        char interface[NAME_INTERFACE_MAX], text[ADDRESS_MAC_TEXT_MAX];
        uint8_t mac[ADDRESS_MAC_SIZE];
        json_t *hooks;
        int r = 0;

        if (s->network_mode == NETWORK_HOST)
                return NULL;

        strv_extend(&up, "ctr-network");
        strv_extend(&up, s->network_mode == NETWORK_VETH ? "up" : "loopback");
        if (s->network_mode == NETWORK_VETH) {
                name_host_interface(launch->name, interface);
                r = strv_extendf(&up, "--name=%s", launch->name);
                if (r >= 0)
                        r = strv_extendf(&up, "--host-interface=%s", interface);
                identity_mac(launch->identity, launch->name, mac);
                if (r >= 0)
                        r = strv_extendf(&up, "--container-mac=%s", s->mac_address ?: address_format_mac(mac, text));
                STRV_FOREACH(a, s->addresses)
                        r = r < 0 ? r : strv_extendf(&up, "--address=%s", *a);
                STRV_FOREACH(g, s->gateways)
                        r = r < 0 ? r : strv_extendf(&up, "--gateway=%s", *g);
        }
        if (r < 0)
                return NULL;
        hooks = json_pack("{s:[{s:s, s:o, s:i}]}", "createRuntime", "path", PATH_NETWORK, "args", json_strings(up), "timeout", 30);

        if (hooks && s->network_mode == NETWORK_VETH) {
                strv_extend(&down, "ctr-network");
                strv_extend(&down, "down");
                strv_extendf(&down, "--name=%s", launch->name);
                strv_extendf(&down, "--host-interface=%s", interface);
                json_object_set_new(hooks, "poststop",
                                    json_pack("[{s:s, s:o, s:i}]", "path", PATH_NETWORK, "args", json_strings(down), "timeout", 30));
        }
        return hooks;
}

static json_t *compile_linux(const Launch *launch) {
        const Settings *s = launch->settings;
        const Identity *i = launch->identity;
        json_t *namespaces, *linux_part, *seccomp;
        char slice[SLICE_PATH_MAX], cgroup[SLICE_PATH_MAX + 256];

        namespaces = json_pack("[{s:s},{s:s},{s:s},{s:s},{s:s}]", "type", "pid", "type", "mount", "type", "uts", "type",
                               "ipc", "type", "cgroup");
        if (s->network_mode != NETWORK_HOST)
                json_array_append_new(namespaces, json_pack("{s:s}", "type", "network"));
        if (s->user_namespace)
                json_array_append_new(namespaces, json_pack("{s:s}", "type", "user"));

        slice_path(s->slice ?: SLICE_DEFAULT, slice);
        snprintf(cgroup, sizeof(cgroup), "%s/ctr-%s.scope/payload", slice, launch->name);
        linux_part = json_pack("{s:o, s:s, s:s, s:o, s:o}", "namespaces", namespaces, "cgroupsPath", cgroup,
                               /* services inside use mount namespaces of their own */
                               "rootfsPropagation", "shared", "maskedPaths",
                               json_words("/proc/kallsyms /proc/kcore /proc/keys /proc/sysrq-trigger /proc/timer_list"),
                               "readonlyPaths", json_words("/proc/acpi /proc/asound /proc/bus /proc/fs /proc/irq /proc/scsi"));
        if (linux_part && s->user_namespace) {
                json_t *map = json_pack("[{s:i, s:I, s:I}]", "containerID", 0, "hostID", (json_int_t) i->uid_base, "size",
                                        (json_int_t) i->uid_count);

                json_object_set(linux_part, "uidMappings", map);
                json_object_set_new(linux_part, "gidMappings", map);
        }
        seccomp = bundle_seccomp(s, capability_set(launch));
        if (seccomp && s->intercept) {
                char listener[256];

                snprintf(listener, sizeof(listener), "%s/intercept.sock", launch->dir);
                json_object_set_new(seccomp, "listenerPath", json_string(listener));
        }
        /* What confines is there, or the bundle is not. */
        if ((!seccomp && errno == ENOMEM) ||
            (launch->selinux.mount &&
             json_object_set_new(linux_part, "mountLabel", json_string(launch->selinux.mount)) < 0) ||
            (seccomp && json_object_set_new(linux_part, "seccomp", seccomp) < 0) ||
            json_object_set_new(linux_part, "resources", json_pack("{s:o}", "devices", bundle_device_rules(launch))) < 0 ||
            (launch->n_devices > 0 && json_object_set_new(linux_part, "devices", bundle_devices(launch)) < 0)) {
                json_decref(linux_part);
                return NULL;
        }
        return linux_part;
}

json_t *bundle_process(const Launch *launch, char *const *argv, char *const *environment, const char *directory,
                       uint32_t uid, uint32_t gid, bool terminal) {
        return json_pack("{s:b, s:{s:I, s:I}, s:o, s:o, s:s, s:o, s:b, s:s*, s:s*}", "terminal", terminal, "user", "uid",
                         (json_int_t) uid, "gid", (json_int_t) gid, "args", json_strings(argv), "env", json_strings(environment), "cwd",
                         directory, "capabilities", capabilities(launch), "noNewPrivileges",
                         launch->settings->no_new_privileges, "apparmorProfile", launch->apparmor,
                         "selinuxLabel", launch->selinux.process);
}

int bundle_compile(const Launch *launch, json_t **ret, Error *error) {
        const Settings *s = launch->settings;
        _cleanup_strv_ char **environment = NULL, **argv = NULL;
        _cleanup_free_ char *rootfs = NULL;
        json_t *config, *mounts, *hooks;
        int r;

        if (!launch_init_path(launch))
                return error_set(error, ENOENT, "StartFailed",
                                 "image %s has no init: install one in its template, or set Command= to what is to run",
                                 launch->image->id);
        r = environment_of_init(launch, &environment);
        if (r >= 0 && !s->command)
                r = strv_extend(&argv, launch->image->init_path);
        if (r >= 0 && asprintf(&rootfs, "%s/rootfs", launch->dir) < 0)
                r = -ENOMEM;
        if (r >= 0)
                r = bundle_mounts(launch, &mounts);
        if (r < 0)
                return r;

        config = json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o, s:{s:s, s:s}}", "ociVersion", "1.0.2", "process",
                           bundle_process(launch, s->command ?: argv, environment, "/", 0, 0, true), "root", "path", rootfs,
                           "readonly", s->read_only, "hostname", s->hostname ?: launch->name, "mounts", mounts, "linux",
                           compile_linux(launch), "annotations", "org.ctrd1.name", launch->name, "org.ctrd1.pdeathsig", "9");
        if (!config)
                return -ENOMEM;
        if (launch->files_max > 0)
                json_object_set_new(json_object_get(config, "process"), "rlimits",
                                    json_pack("[{s:s, s:I, s:I}]", "type", "RLIMIT_NOFILE", "soft",
                                              (json_int_t) MIN(launch->files_max, (uint64_t) FILES_SOFT), "hard",
                                              (json_int_t) MIN(launch->files_max, (uint64_t) FILES_HARD)));
        hooks = compile_hooks(launch);
        if (hooks)
                json_object_set_new(config, "hooks", hooks);
        *ret = config;
        return 0;
}

/* Values of the plan come from names, paths and numbers that were checked; still,
 * one with a newline must not become two lines (Incus CVE-2026-23953). */
static int plan_line(char ***plan, const char *key, const char *value, Error *error) {
        if (strchr(value, '\n'))
                return error_set(error, EINVAL, "InvalidSettings", "a value for %s has a line break in it", key);
        return strv_extendf(plan, "%s=%s\n", key, value);
}

static void plan_time(uint64_t usec, char ret[static 32]) {
        if (usec == USEC_INFINITY)
                strcpy(ret, "infinity");
        else
                snprintf(ret, 32, "%llu", (unsigned long long) usec);
}

static int intercepted_mounts(const Settings *s, char **ret) {
        _cleanup_strv_ char **types = NULL;

        STRV_FOREACH(word, s->intercept) {
                const char *type = interception_mount_type(*word);
                int r = type ? strv_extend(&types, type) : 0;

                if (r < 0)
                        return r;
        }
        *ret = types ? strv_join(types, ",") : NULL;
        return types && !*ret ? -ENOMEM : 0;
}

int plan_compile(const Launch *launch, char **ret, Error *error) {
        const Settings *s = launch->settings;
        _cleanup_strv_ char **plan = NULL;
        _cleanup_free_ char *types = NULL;
        char lower[512], store[512], bundle[512], rootfs[512], notify[512], log[512], record[512], boot_id[512], map[64], number[32],
                timeout[32], extend[32];
        int r = intercepted_mounts(s, &types);

        if (r < 0)
                return r;

        snprintf(lower, sizeof(lower), PATH_IMAGES "/%s/rootfs", launch->image->id);
        snprintf(store, sizeof(store), PATH_CONTAINERS "/%s/fs", launch->name);
        snprintf(bundle, sizeof(bundle), "%s/bundle", launch->dir);
        snprintf(rootfs, sizeof(rootfs), "%s/rootfs", launch->dir);
        snprintf(notify, sizeof(notify), "%s/host/notify", launch->dir);
        snprintf(log, sizeof(log), PATH_CONTAINERS "/%s/console.log", launch->name);
        snprintf(record, sizeof(record), PATH_CONTAINERS "/%s/exit.json", launch->name);
        snprintf(boot_id, sizeof(boot_id), "%s/boot_id", launch->dir);
        snprintf(map, sizeof(map), "0 %u %u", launch->identity->uid_base, launch->identity->uid_count);
        snprintf(number, sizeof(number), "%d", launch_stop_signal(launch));
        plan_time(s->stop_timeout_usec, timeout);
        plan_time(s->extend_timeout_max_usec, extend);

        const struct {
                const char *key, *value;
        } lines[] = {
                { "NAME", launch->name },
                { "RUNTIME", s->runtime ?: PATH_RUNTIME },
                { "BUNDLE", bundle },
                { "INTERCEPTOR", s->intercept ? PATH_INTERCEPT : NULL },
                { "INTERCEPTED_MOUNTS", types },
                { "ROOTFS", rootfs },
                { "ROOT", "overlay" },
                { "LOWER", lower },
                { "STORE", store },
                { "IDMAP", s->user_namespace ? map : NULL },
                { "MOUNT_CONTEXT", launch->selinux.mount },
                { "STOP_SIGNAL", number },
                { "STOP_TIMEOUT_USEC", timeout },
                { "EXTEND_MAX_USEC", extend },
                { "NOTIFY", launch_expects_ready(launch) ? "yes" : "no" },
                { "NOTIFY_SOCKET", notify },
                { "CONSOLE_LOG", log },
                { "CONSOLE_LOG_MAX", "1048576" },
                { "EXIT_RECORD", record },
                { "BOOT_ID", boot_id },
                { "VIEWS", s->lxcfs != TRISTATE_NO ? PATH_LXCFS : NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines) && r >= 0; i++)
                if (lines[i].value)
                        r = plan_line(&plan, lines[i].key, lines[i].value, error);
        if (r < 0)
                return r;
        *ret = strv_join(plan, "");
        return *ret ? 0 : -ENOMEM;
}
