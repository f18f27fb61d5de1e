/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "capability.h"
#include "command.h"
#include "config.h"
#include "fd.h"
#include "json-text.h"
#include "lsm.h"
#include "mount-option.h"
#include "syscall-filter.h"

/* A config to begin with: what runc's and crun's `spec` give, in our order. */
static const char config_template[] =
        "{\n"
        "  \"ociVersion\": \"" OCI_VERSION "\",\n"
        "  \"process\": {\n"
        "    \"terminal\": true,\n"
        "    \"user\": { \"uid\": 0, \"gid\": 0 },\n"
        "    \"args\": [ \"sh\" ],\n"
        "    \"env\": [ \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\", \"TERM=xterm\" ],\n"
        "    \"cwd\": \"/\",\n"
        "    \"capabilities\": {\n"
        "      \"bounding\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
        "      \"effective\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
        "      \"permitted\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ]\n"
        "    },\n"
        "    \"rlimits\": [ { \"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024 } ],\n"
        "    \"noNewPrivileges\": true\n"
        "  },\n"
        "  \"root\": { \"path\": \"rootfs\", \"readonly\": true },\n"
        "  \"hostname\": \"ctrrun\",\n"
        "  \"mounts\": [\n"
        "    { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
        "    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
        "      \"options\": [ \"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\" ] },\n"
        "    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"%s ] },\n"
        "    { \"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\" ] },\n"
        "    { \"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] },\n"
        "    { \"destination\": \"/sys\", %s,\n"
        "      \"options\": [ %s\"nosuid\", \"noexec\", \"nodev\", \"ro\" ] },\n"
        "    { \"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\" ] }\n"
        "  ],\n"
        "  \"linux\": {\n"
        "%s"
        "    \"namespaces\": [\n"
        "      { \"type\": \"pid\" }, { \"type\": \"ipc\" }, { \"type\": \"uts\" }, { \"type\": \"mount\" },\n"
        "      { \"type\": \"cgroup\" }, { \"type\": \"%s\" }\n"
        "    ],\n"
        "%s"
        "    \"maskedPaths\": [ \"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\", \"/proc/latency_stats\",\n"
        "      \"/proc/timer_list\", \"/proc/timer_stats\", \"/proc/sched_debug\", \"/proc/scsi\", \"/sys/firmware\" ],\n"
        "    \"readonlyPaths\": [ \"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", \"/proc/sysrq-trigger\" ]\n"
        "  }\n"
        "}\n";

enum {
        KEY_ROOTLESS = 256,
};

typedef struct SpecArguments {
        const char *bundle;
        bool rootless;
} SpecArguments;

static int handle(int key, const char *value, void *data, Error *error) {
        SpecArguments *a = data;

        if (key == 'b')
                a->bundle = value;
        else
                a->rootless = true;
        return 0;
}

static int run_spec(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        SpecArguments a = { .bundle = "." };
        _cleanup_fd_ int directory = -EBADF, fd = -EBADF;
        char mappings[256] = "";
        int r;

        r = command_parse(command, argc, argv, handle, &a, error);
        if (r <= 0)
                return r;
        directory = open(a.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return error_set_errno(error, errno, "bundle %s", a.bundle);
        fd = openat(directory, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0)
                return error_set_errno(error, errno, "creating config.json");
        if (a.rootless)
                snprintf(mappings, sizeof(mappings),
                         "    \"uidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n"
                         "    \"gidMappings\": [ { \"containerID\": 0, \"hostID\": %u, \"size\": 1 } ],\n",
                         getuid(), getgid());
        /* A user's container is in the host's network, and so is what /sys shows. */
        if (dprintf(fd, config_template, a.rootless ? "" : ", \"gid=5\"",
                    a.rootless ? "\"source\": \"/sys\"" : "\"type\": \"sysfs\", \"source\": \"sysfs\"",
                    a.rootless ? "\"rbind\", \"rro\", " : "", mappings, a.rootless ? "user" : "network",
                    a.rootless ? ""
                               : "    \"resources\": { \"devices\": [ { \"allow\": false, \"access\": \"rwm\" } ] },\n") < 0)
                return error_set_errno(error, errno, "writing config.json");
        return 0;
}

static const CommandOption spec_options[] = {
        { 'b', "bundle", "DIR", "where it is written (default: the working directory)" },
        { KEY_ROOTLESS, "rootless", NULL, "for a user without privileges" },
        {},
};

const Command command_spec = {
        .name = "spec",
        .synopsis = "[OPTION…]",
        .help = "Writes a config.json to begin with.",
        .options = spec_options,
        .run = run_spec,
};

static json_t *words(const char *(*name)(size_t i)) {
        json_t *array = json_array();

        for (size_t i = 0; name(i); i++)
                json_array_append_new(array, json_string(name(i)));
        return array;
}

static json_t *seccomp_features(void) {
        return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions", words(syscall_filter_action_name),
                         "operators", words(syscall_filter_operator_name), "archs", words(syscall_filter_arch_name),
                         "knownFlags", words(syscall_filter_flag_name), "supportedFlags",
                         words(syscall_filter_flag_name));
}

/* runtime-spec, features-linux.md. */
static json_t *features(void) {
        json_t *hooks = json_array(), *options = json_array(), *namespaces = json_array(), *capabilities = json_array();
        const char *name;

        for (HookPoint i = 0; i < HOOK_MAX; i++)
                json_array_append_new(hooks, json_string(hook_point_to_string(i)));
        for (size_t i = 0; (name = mount_option_name(i)); i++)
                json_array_append_new(options, json_string(name));
        for (int i = 0; i < NAMESPACE_MAX; i++)
                json_array_append_new(namespaces, json_string(namespace_type_to_string((NamespaceType) i)));
        for (unsigned i = 0; (name = capability_name(i)); i++)
                json_array_append_new(capabilities, json_string(name));

        return json_pack("{s:s, s:s, s:o, s:o, s:{s:o, s:o, s:{s:b, s:b, s:b, s:b}, s:o,"
                         " s:{s:b}, s:{s:b}, s:{s:{s:b}}}, s:{s:s}}",
                         "ociVersionMin", "1.0.0", "ociVersionMax", OCI_VERSION, "hooks", hooks, "mountOptions", options,
                         "linux", "namespaces", namespaces, "capabilities", capabilities, "cgroup", "v1", 0, "v2", 1,
                         "systemd", 1, "systemdUser", 1, "seccomp", seccomp_features(), "apparmor",
                         "enabled", (int) apparmor_is_supported(), "selinux", "enabled", (int) selinux_is_supported(),
                         "mountExtensions", "idmap", "enabled", 1, "annotations",
                         "org.opencontainers.runc.checkpoint.enabled", "true");
}

static int run_features(const Command *command, const CommandGlobals *g, int argc, char **argv, Error *error) {
        _cleanup_free_ char *text = NULL;
        json_t *object;
        int r;

        r = command_parse(command, argc, argv, command_no_option, NULL, error);
        if (r <= 0)
                return r;
        object = features();
        text = object ? json_text(object, JSON_INDENT(2)) : NULL;
        json_decref(object);
        if (!text)
                return error_set_errno(error, ENOMEM, "features");
        return puts(text) < 0 ? error_set_errno(error, EIO, "printing") : 0;
}

const Command command_features = {
        .name = "features",
        .synopsis = "",
        .help = "Prints what this runtime can do, as JSON.",
        .run = run_features,
};
