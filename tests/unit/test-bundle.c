/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bundle-fixture.h"
#include "bundle-mounts.h"
#include "interception.h"
#include "paths.h"

static json_t *compile_launch(const Fixture *f) {
        _cleanup_error_ Error e = ERROR_INIT;
        json_t *config = NULL;

        if (bundle_compile(&f->launch, &config, &e) < 0)
                fail_msg("%s", error_message(&e));
        assert_true(json_is_object(config));
        return config;
}

static json_t *compile(const char *settings) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, settings);
        return compile_launch(&f);
}

/* The last mount on a destination, as a shell would see it, or NULL. */
static json_t *mount_at(const json_t *config, const char *destination) {
        json_t *mounts = json_object_get(config, "mounts"), *found = NULL;

        for (size_t i = 0; i < json_array_size(mounts); i++)
                if (streq(json_string_value(json_at(json_array_get(mounts, i), "destination")), destination))
                        found = json_array_get(mounts, i);
        return found;
}

static void assert_mount(const json_t *config, const char *destination, const char *type, const char *source,
                         const char *options) {
        json_t *m = mount_at(config, destination);

        if (!m)
                fail_msg("nothing is mounted on %s", destination);
        assert_json_string(m, "type", type);
        assert_json_string(m, "source", source);
        assert_json_words(json_at(m, "options"), options);
}

static const char *env(const json_t *config, const char *name) {
        json_t *list = json_at(config, "process.env");
        const char *found = NULL;

        for (size_t i = 0; i < json_array_size(list); i++) {
                const char *e = json_string_value(json_array_get(list, i)), *v = startswith(e, name);

                if (v && *v == '=') {
                        if (found)
                                fail_msg("%s is there twice", name);
                        found = v + 1;
                }
        }
        return found;
}

static bool has_namespace(const json_t *config, const char *type) {
        json_t *list = json_at(config, "linux.namespaces");

        for (size_t i = 0; i < json_array_size(list); i++)
                if (streq(json_string_value(json_at(json_array_get(list, i), "type")), type))
                        return true;
        return false;
}

static void root_host_name_and_cgroup_are_the_containers(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_json_string(c, "ociVersion", "1.0.2");
        assert_json_string(c, "root.path", "/run/ctrd/containers/web/rootfs");
        assert_true(json_is_false(json_at(c, "root.readonly")));
        assert_json_string(c, "hostname", "web");
        assert_json_string(c, "linux.cgroupsPath", "/machine.slice/ctr-web.scope/payload");
        assert_json_string(c, "linux.rootfsPropagation", "shared");
}

static void annotations_name_it_and_bind_it_to_its_parent(void **state) {
        _cleanup_json_ json_t *c = compile("");
        json_t *a = json_object_get(c, "annotations");

        assert_string_equal(json_string_value(json_object_get(a, "org.ctrd1.name")), "web");
        assert_string_equal(json_string_value(json_object_get(a, "org.ctrd1.pdeathsig")), "9");
}

static void settings_of_root_and_host_name_are_taken(void **state) {
        _cleanup_json_ json_t *c = compile("[Exec]\nHostname=www\n[Files]\nReadOnly=yes\n[Security]\nNoNewPrivileges=yes\n");

        assert_json_string(c, "hostname", "www");
        assert_true(json_is_true(json_at(c, "root.readonly")));
        assert_true(json_is_true(json_at(c, "process.noNewPrivileges")));
}

static void init_runs_as_root_on_a_terminal(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_json_words(json_at(c, "process.args"), "/sbin/init");
        assert_json_string(c, "process.cwd", "/");
        assert_true(json_is_true(json_at(c, "process.terminal")));
        assert_true(json_is_false(json_at(c, "process.noNewPrivileges")));
        assert_int_equal(json_integer_value(json_at(c, "process.user.uid")), 0);
        assert_int_equal(json_integer_value(json_at(c, "process.user.gid")), 0);
}

static void command_runs_instead_of_init(void **state) {
        _cleanup_json_ json_t *c = compile("[Exec]\nCommand=/bin/sh -c 'echo \"a b\"'\n");
        json_t *args = json_at(c, "process.args");

        assert_int_equal(json_array_size(args), 3);
        assert_string_equal(json_string_value(json_array_get(args, 2)), "echo \"a b\"");
}

static void image_without_init_is_told(void **state) {
        _cleanup_fixture_ Fixture f;
        _cleanup_error_ Error e = ERROR_INIT;
        json_t *config = (json_t *) 1;

        fixture_init(&f, "");
        f.image.init_path = NULL;
        assert_int_equal(bundle_compile(&f.launch, &config, &e), -ENOENT);
        test_assert_error(&e, ENOENT, "StartFailed", "image debian-bookworm has no init");
        assert_ptr_equal(config, (json_t *) 1);

        assert_ok(settings_set(f.settings, NULL, "Command", "/bin/x", "", TRUST_ADMIN, NULL));
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_json_words(json_at(c, "process.args"), "/bin/x");
}

static void init_is_told_where_it_runs(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_string_equal(env(c, "container"), "ctrd");
        assert_string_equal(env(c, "container_uuid"), "01234567-89ab-cdef-0123-456789abcdef");
        assert_string_equal(env(c, "NOTIFY_SOCKET"), "/run/host/notify");
        assert_string_equal(env(c, "HOME"), "/root");
        assert_string_equal(env(c, "USER"), "root");
        assert_string_equal(env(c, "LOGNAME"), "root");
        assert_non_null(strstr(env(c, "PATH"), "/usr/sbin"));
        assert_non_null(env(c, "TERM"));
        assert_null(env(c, "CREDENTIALS_DIRECTORY"));
        assert_null(env(c, "container_host_id"));
}

static void nothing_of_our_environment_goes_in(void **state) {
        assert_ok(setenv("CTRD_SECRET", "x", 1));
        _cleanup_json_ json_t *c = compile("");
        assert_ok(unsetenv("CTRD_SECRET"));
        assert_null(env(c, "CTRD_SECRET"));
        assert_null(env(c, "INVOCATION_ID"));
}

static void credentials_are_announced_when_there_are_any(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.credentials = true;
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_string_equal(env(c, "CREDENTIALS_DIRECTORY"), "/run/host/credentials");
}

static void host_is_described(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.host_os = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                           "# comment\n"
                           "VERSION_ID=\"12\"\n"
                           "ID=debian\n"
                           "BUILD_ID='a b'\n"
                           "XVARIANT_ID=no\n"
                           "VARIANT_ID=\"open\n";
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_string_equal(env(c, "container_host_id"), "debian");
        assert_string_equal(env(c, "container_host_version_id"), "12");
        assert_string_equal(env(c, "container_host_build_id"), "a b");
        assert_null(env(c, "container_host_variant_id"));
}

static void host_with_a_strange_description_starts_all_the_same(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.host_os = "ID=\xff\nVERSION_ID=1\n\n==\nID\n";
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_null(env(c, "container_host_id"));
        assert_string_equal(env(c, "container_host_version_id"), "1");
}

static void settings_override_the_environment(void **state) {
        _cleanup_json_ json_t *c = compile("[Exec]\nEnvironment=TERM=xterm A=1\nEnvironment=A=2 \"B=x y\" PATHS=/z\n");

        assert_string_equal(env(c, "TERM"), "xterm");
        assert_string_equal(env(c, "A"), "2");
        assert_string_equal(env(c, "B"), "x y");
        assert_string_equal(env(c, "PATHS"), "/z");
        assert_string_not_equal(env(c, "PATH"), "/z");
}

static void kernel_files_are_masked(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_json_words(json_at(c, "linux.maskedPaths"),
                          "/proc/kallsyms /proc/kcore /proc/keys /proc/sysrq-trigger /proc/timer_list");
        assert_json_words(json_at(c, "linux.readonlyPaths"), "/proc/acpi /proc/asound /proc/bus /proc/fs /proc/irq /proc/scsi");
}

static void system_mounts_are_those_of_a_container(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_mount(c, "/proc", "proc", "proc", "nosuid noexec nodev");
        assert_mount(c, "/sys", "sysfs", "sysfs", "ro nosuid noexec nodev");
        assert_mount(c, "/sys/fs/cgroup", "cgroup", "cgroup", "rw nosuid noexec nodev");
        assert_mount(c, "/run/host", "bind", "/run/ctrd/containers/web/host", "bind ro nosuid noexec nodev");
        assert_mount(c, "/proc/sys/kernel/random/boot_id", "bind", "/run/ctrd/containers/web/boot_id",
                     "bind ro nosuid noexec nodev");
        for (const char *const *p = (const char *const[]){ "/dev", "/dev/shm", "/run", "/tmp", NULL }; *p; p++)
                assert_json_string(mount_at(c, *p), "type", "tmpfs");
        assert_json_string(mount_at(c, "/dev/pts"), "type", "devpts");
        assert_true(json_holds(json_at(mount_at(c, "/dev/pts"), "options"), "newinstance"));
        assert_json_string(mount_at(c, "/dev/mqueue"), "type", "mqueue");
        assert_null(mount_at(c, "/etc/resolv.conf"));
        assert_null(json_at(c, "linux.devices"));
}

static void every_mount_is_nosuid_and_none_is_below_a_later_one(void **state) {
        _cleanup_json_ json_t *c = compile("[Files]\nBind=/srv\nBindReadOnly=/opt\nTemporaryFileSystem=/scratch\n");
        json_t *mounts = json_object_get(c, "mounts");

        for (size_t i = 0; i < json_array_size(mounts); i++) {
                json_t *m = json_array_get(mounts, i);
                const char *destination = json_string_value(json_at(m, "destination"));

                assert_true(*destination == '/');
                assert_true(json_holds(json_at(m, "options"), "nosuid"));
                for (size_t j = i + 1; j < json_array_size(mounts); j++) {
                        const char *later = json_string_value(json_at(json_array_get(mounts, j), "destination"));
                        const char *rest = startswith(destination, later);

                        if (rest && (*rest == '/' || *rest == 0))
                                fail_msg("%s covers %s", later, destination);
                }
        }
}

static void sysctls_of_the_host_are_read_only(void **state) {
        _cleanup_json_ json_t *c = compile("");

        assert_mount(c, "/proc/sys", "bind", "/proc/sys", "bind x-ctrrun.inside ro nosuid noexec nodev");
        assert_mount(c, "/proc/sys/kernel/hostname", "bind", "/proc/sys/kernel/hostname", "bind x-ctrrun.inside rw nosuid noexec nodev");
        assert_mount(c, "/proc/sys/net", "bind", "/proc/sys/net", "bind x-ctrrun.inside rw nosuid noexec nodev");
        assert_null(mount_at(c, "/proc/sys/kernel"));
        assert_null(mount_at(c, "/proc/sys/vm"));
        assert_null(mount_at(c, "/proc/sys/kernel/core_pattern"));
}

/* What comes from the host, root inside cannot make writable. */
static void with_ids_of_the_host_sysctls_come_from_it(void **state) {
        static const char *const modes[] = { "no", "identity" };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_json_ json_t *c = NULL;
                char text[64];

                snprintf(text, sizeof(text), "[Security]\nUserNamespace=%s\n", modes[i]);
                c = compile(text);
                assert_mount(c, "/proc/sys", "bind", "/proc/sys", "bind ro nosuid noexec nodev");
                assert_mount(c, "/proc/sys/kernel/hostname", "bind", "/proc/sys/kernel/hostname", "bind rw nosuid noexec nodev");
        }
}

static void user_namespace_maps_the_range(void **state) {
        _cleanup_json_ json_t *c = compile("");
        const char *const maps[] = { "linux.uidMappings", "linux.gidMappings" };

        assert_true(has_namespace(c, "user"));
        for (size_t i = 0; i < 2; i++) {
                json_t *map = json_array_get(json_at(c, maps[i]), 0);

                assert_int_equal(json_array_size(json_at(c, maps[i])), 1);
                assert_int_equal(json_integer_value(json_at(map, "containerID")), 0);
                assert_int_equal(json_integer_value(json_at(map, "hostID")), 524288);
                assert_int_equal(json_integer_value(json_at(map, "size")), 65536);
        }
}

static void largest_range_is_no_negative_number(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.identity.uid_base = 4294836224;
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_true(json_integer_value(json_at(json_array_get(json_at(c, "linux.uidMappings"), 0), "hostID")) == 4294836224);
}

static void without_user_namespace_nothing_is_mapped(void **state) {
        _cleanup_json_ json_t *c = compile("[Security]\nUserNamespace=no\n[Files]\nBind=/srv\n");

        assert_false(has_namespace(c, "user"));
        assert_null(json_at(c, "linux.uidMappings"));
        assert_null(json_at(c, "linux.gidMappings"));
        assert_json_words(json_at(mount_at(c, "/srv"), "options"), "rbind rw nosuid nodev");
}

static void other_namespaces_are_always_own(void **state) {
        static const char *const settings[] = { "", "[Security]\nUserNamespace=no\n[Network]\nMode=host\n" };
        static const char *const types[] = { "pid", "mount", "uts", "ipc", "cgroup" };

        for (size_t i = 0; i < ELEMENTSOF(settings); i++) {
                _cleanup_json_ json_t *c = compile(settings[i]);

                for (size_t j = 0; j < ELEMENTSOF(types); j++)
                        assert_true(has_namespace(c, types[j]));
        }
}

static void veth_is_connected_by_hooks(void **state) {
        _cleanup_json_ json_t *c = compile("");
        json_t *up = json_array_get(json_at(c, "hooks.createRuntime"), 0), *down = json_array_get(json_at(c, "hooks.poststop"), 0);

        assert_true(has_namespace(c, "network"));
        assert_json_string(up, "path", PATH_NETWORK);
        assert_json_words(json_at(up, "args"), "ctr-network up --name=web --host-interface=ve-web --container-mac=22:56:74:9c:76:4f");
        assert_true(json_integer_value(json_at(up, "timeout")) > 0);
        assert_json_string(down, "path", PATH_NETWORK);
        assert_json_words(json_at(down, "args"), "ctr-network down --name=web --host-interface=ve-web");
}

static void addresses_go_to_the_hook_in_order(void **state) {
        _cleanup_json_ json_t *c = compile("[Network]\n"
                                           "Address=10.0.0.2/24 fd00::2/64\n"
                                           "Gateway=10.0.0.1\n"
                                           "Gateway=fd00::1\n"
                                           "MACAddress=02:00:00:00:00:01\n");

        assert_json_words(json_at(json_array_get(json_at(c, "hooks.createRuntime"), 0), "args"),
                          "ctr-network up --name=web --host-interface=ve-web --container-mac=02:00:00:00:00:01 "
                          "--address=10.0.0.2/24 --address=fd00::2/64 --gateway=10.0.0.1 --gateway=fd00::1");
}

static void private_network_has_its_loopback_alone(void **state) {
        _cleanup_json_ json_t *c = compile("[Network]\nMode=private\n");

        assert_true(has_namespace(c, "network"));
        assert_json_words(json_at(json_array_get(json_at(c, "hooks.createRuntime"), 0), "args"), "ctr-network loopback");
        assert_null(json_at(c, "hooks.poststop"));
        assert_mount(c, "/sys", "sysfs", "sysfs", "ro nosuid noexec nodev");
        assert_non_null(mount_at(c, "/proc/sys/net"));
}

static void host_network_is_not_touched(void **state) {
        _cleanup_json_ json_t *c = compile("[Network]\nMode=host\n");

        assert_false(has_namespace(c, "network"));
        assert_null(json_at(c, "hooks"));
        assert_null(mount_at(c, "/proc/sys/net"));
        assert_mount(c, "/sys", "bind", "/sys", "rbind rro nosuid noexec nodev");
}

static void capabilities_are_the_default_set_in_three_sets_alone(void **state) {
        _cleanup_json_ json_t *c = compile("");
        json_t *caps = json_at(c, "process.capabilities");

        assert_int_equal(json_object_size(caps), 3);
        assert_null(json_object_get(caps, "inheritable"));
        assert_null(json_object_get(caps, "ambient"));
        assert_true(json_equal(json_object_get(caps, "bounding"), json_object_get(caps, "effective")));
        assert_true(json_equal(json_object_get(caps, "bounding"), json_object_get(caps, "permitted")));
        assert_true(json_holds(json_object_get(caps, "bounding"), "CAP_SYS_ADMIN"));
        assert_false(json_holds(json_object_get(caps, "bounding"), "CAP_SYS_TIME"));
        assert_false(json_holds(json_object_get(caps, "bounding"), "CAP_SYS_MODULE"));
}

static void label_goes_to_the_process(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.apparmor = "unconfined";
        _cleanup_json_ json_t *c = compile_launch(&f), *none = compile("");
        assert_json_string(c, "process.apparmorProfile", "unconfined");
        assert_null(json_at(none, "process.apparmorProfile"));
        assert_null(mount_at(c, "/sys/kernel/security"));
        assert_false(json_holds(json_at(c, "process.capabilities.bounding"), "CAP_MAC_ADMIN"));
}

/* Profiles inside are loaded by its root, with tools that look for securityfs. */
static void policy_namespace_can_be_used(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.apparmor = "ctr-web//&:lxc-ctrd-web:unconfined";
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_json_string(c, "process.apparmorProfile", "ctr-web//&:lxc-ctrd-web:unconfined");
        assert_mount(c, "/sys/kernel/security", "bind", "/sys/kernel/security", "bind rw nosuid noexec nodev");
        assert_true(json_holds(json_at(c, "process.capabilities.bounding"), "CAP_MAC_ADMIN"));

        assert_ok(settings_set(f.settings, NULL, "DropCapability", "CAP_MAC_ADMIN", "", TRUST_ADMIN, NULL));
        _cleanup_json_ json_t *d = compile_launch(&f);
        assert_false(json_holds(json_at(d, "process.capabilities.bounding"), "CAP_MAC_ADMIN"));
}

static void capabilities_are_added_and_dropped(void **state) {
        _cleanup_json_ json_t *c = compile("[Security]\nCapability=cap_sys_time CAP_BPF\nDropCapability=CAP_MKNOD CAP_BPF\n");
        const char *const sets[] = { "bounding", "effective", "permitted" };

        for (size_t i = 0; i < 3; i++) {
                json_t *set = json_object_get(json_at(c, "process.capabilities"), sets[i]);

                assert_true(json_holds(set, "CAP_SYS_TIME"));
                assert_false(json_holds(set, "CAP_MKNOD"));
                assert_false(json_holds(set, "CAP_BPF")); /* dropping wins */
        }
        assert_null(json_at(c, "process.capabilities.ambient"));
}

static void all_capabilities_can_be_dropped(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        for (int i = 0; i < 41; i++) {
                json_t *c = compile_launch(&f);
                const char *first = json_string_value(json_array_get(json_at(c, "process.capabilities.bounding"), 0));

                if (first)
                        assert_ok(settings_set(f.settings, NULL, "DropCapability", first, "", TRUST_ADMIN, NULL));
                json_decref(c);
        }
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_int_equal(json_array_size(json_at(c, "process.capabilities.bounding")), 0);
        assert_true(json_is_array(json_at(c, "process.capabilities.permitted")));
}

static json_t *seccomp_rule(const json_t *config, const char *name, const char *action) {
        json_t *rules = json_at(config, "linux.seccomp.syscalls");

        for (size_t i = 0; i < json_array_size(rules); i++) {
                json_t *rule = json_array_get(rules, i);

                if (json_holds(json_at(rule, "names"), name) && streq(json_string_value(json_at(rule, "action")), action))
                        return rule;
        }
        return NULL;
}

static void system_calls_are_filtered(void **state) {
        _cleanup_json_ json_t *c = compile(""), *none = compile("[Security]\nSeccompProfile=unconfined\n"),
                              *strict = compile("[Security]\nSeccompProfile=strict\nSystemCallFilter=~@mount:EACCES\n");

        assert_json_string(c, "linux.seccomp.defaultAction", "SCMP_ACT_ERRNO");
        assert_int_equal(json_integer_value(json_at(c, "linux.seccomp.defaultErrnoRet")), ENOSYS);
        assert_non_null(seccomp_rule(c, "mount", "SCMP_ACT_ALLOW"));
        assert_non_null(seccomp_rule(c, "init_module", "SCMP_ACT_ERRNO"));
        /* Allowed by a condition, or the refusals would not count. */
        assert_int_equal(json_array_size(json_at(seccomp_rule(c, "ioctl", "SCMP_ACT_ALLOW"), "args")), 1);
        assert_int_equal(json_array_size(json_at(seccomp_rule(c, "ioctl", "SCMP_ACT_ERRNO"), "args")), 1);
        assert_int_equal(json_integer_value(json_at(seccomp_rule(c, "socket", "SCMP_ACT_ERRNO"), "errnoRet")), EAFNOSUPPORT);
        assert_null(seccomp_rule(c, "unshare", "SCMP_ACT_ERRNO"));
        assert_non_null(seccomp_rule(strict, "unshare", "SCMP_ACT_ERRNO"));
        assert_int_equal(json_integer_value(json_at(seccomp_rule(strict, "mount", "SCMP_ACT_ERRNO"), "errnoRet")), EACCES);
        assert_null(json_at(none, "linux.seccomp"));
}

static void mounts_are_notified_of_where_they_are_new(void **state) {
        _cleanup_json_ json_t *c = compile("[Security]\nInterceptSystemCalls=mount:ext4 mknod\n"), *plain = compile("");
        json_t *rule = seccomp_rule(c, "mount", "SCMP_ACT_NOTIFY");
        json_t *args = json_at(rule, "args");

        assert_int_equal(json_integer_value(json_at(json_array_get(args, 0), "index")), 3);
        assert_int_equal(json_integer_value(json_at(json_array_get(args, 0), "value")), INTERCEPTION_NOT_NEW);
        assert_int_equal(json_integer_value(json_at(json_array_get(args, 0), "valueTwo")), 0);
        assert_int_equal(json_array_size(json_at(seccomp_rule(c, "mount", "SCMP_ACT_ALLOW"), "args")), 1);
        STRV_FOREACH(name, STRINGS("fsopen", "fspick")) {
                assert_null(seccomp_rule(c, *name, "SCMP_ACT_ALLOW"));
                assert_non_null(seccomp_rule(plain, *name, "SCMP_ACT_ALLOW"));
        }
        assert_null(seccomp_rule(plain, "mount", "SCMP_ACT_NOTIFY"));
}

/* The last rules are kept: they are nobody else's. */
static void rules_are_those_of_the_settings(void **state) {
        static const char *const texts[] = { "", "[Security]\nSeccompProfile=strict\n", "[Security]\nSystemCallFilter=~@mount\n",
                                             "[Security]\nSeccompProfile=unconfined\nSystemCallFilter=~@mount\n",
                                             "[Security]\nInterceptSystemCalls=sysinfo\n",
                                             "[Security]\nInterceptSystemCalls=mount:ext4\n",
                                             "[Security]\nSeccompProfile=nesting\n" };
        json_t *first[ELEMENTSOF(texts)];

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                first[i] = compile(texts[i]);
                for (size_t j = 0; j < i; j++)
                        assert_false(json_equal(json_at(first[i], "linux.seccomp.syscalls"),
                                                json_at(first[j], "linux.seccomp.syscalls")));
        }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                for (size_t j = 0; j < ELEMENTSOF(texts); j++) {
                        _cleanup_json_ json_t *other = compile(texts[j]), *again = compile(texts[i]);

                        assert_true(json_equal(json_at(other, "linux.seccomp"), json_at(first[j], "linux.seccomp")));
                        assert_true(json_equal(json_at(again, "linux.seccomp"), json_at(first[i], "linux.seccomp")));
                }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                json_decref(first[i]);
}

static void attachments_are_exchanged_and_all_else_stays(void **state) {
        const char *const before = "[Files]\nBind=/a:/1\nBindReadOnly=/b:/2\nTemporaryFileSystem=/3\n",
                   *const after = "[Files]\nBind=/c:/4:norbind\nTemporaryFileSystem=/3:size=1m /5\n";
        _cleanup_json_ json_t *changed = compile(before), *fresh = compile(after), *back = json_deep_copy(changed);
        _cleanup_(settings_freep) Settings *a = settings_new(), *b = settings_new();
        json_t *mounts = json_object_get(changed, "mounts");

        assert_ok(settings_parse(a, before, "a", TRUST_ADMIN, NULL));
        assert_ok(settings_parse(b, after, "b", TRUST_ADMIN, NULL));
        assert_ok(bundle_replace_attachments(mounts, a, b, true));
        assert_true(json_equal(mounts, json_object_get(fresh, "mounts")));
        assert_ok(bundle_replace_attachments(mounts, b, a, true));
        assert_true(json_equal(mounts, json_object_get(back, "mounts")));

        /* More than there are. */
        json_array_clear(mounts);
        assert_int_equal(bundle_replace_attachments(mounts, a, b, true), -EBADMSG);
}

static void binds_keep_owners_by_an_id_map(void **state) {
        _cleanup_json_ json_t *c = compile("[Files]\n"
                                           "Bind=/srv /home:/mnt/home:norbind\n"
                                           "BindReadOnly=/opt:/o:rbind \"/my dir\"\n");

        assert_mount(c, "/srv", "bind", "/srv", "rbind rw ridmap nosuid nodev");
        assert_mount(c, "/mnt/home", "bind", "/home", "bind rw idmap nosuid nodev");
        assert_mount(c, "/o", "bind", "/opt", "rbind ro ridmap nosuid nodev");
        assert_mount(c, "/my dir", "bind", "/my dir", "rbind ro ridmap nosuid nodev");
}

static void tmpfs_options_are_split(void **state) {
        _cleanup_json_ json_t *c = compile("[Files]\nTemporaryFileSystem=/a /b:size=1m,mode=1777\n");

        assert_mount(c, "/a", "tmpfs", "tmpfs", "nosuid nodev mode=755");
        assert_mount(c, "/b", "tmpfs", "tmpfs", "nosuid nodev size=1m mode=1777");
}

static void resolv_conf_is_bound_where_there_is_one(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "");
        f.launch.resolv_conf = true;
        _cleanup_json_ json_t *c = compile_launch(&f);
        assert_mount(c, "/etc/resolv.conf", "bind", "/run/ctrd/containers/web/resolv.conf", "bind ro nosuid noexec nodev");
}

static void longest_name_fits_everywhere(void **state) {
        _cleanup_fixture_ Fixture f;
        char name[64], cgroup[256];

        memset(name, 'n', 63);
        name[63] = 0;
        fixture_init(&f, "");
        f.launch.name = name;
        _cleanup_json_ json_t *c = compile_launch(&f);
        snprintf(cgroup, sizeof(cgroup), "/machine.slice/ctr-%s.scope/payload", name);
        assert_json_string(c, "linux.cgroupsPath", cgroup);
        assert_json_string(c, "hostname", name);
}

static void same_launch_gives_the_same_bundle(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "[Exec]\nEnvironment=A=1\n[Files]\nBind=/srv\n");
        _cleanup_json_ json_t *a = compile_launch(&f), *b = compile_launch(&f);
        assert_true(json_equal(a, b));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(root_host_name_and_cgroup_are_the_containers),
                T(annotations_name_it_and_bind_it_to_its_parent),
                T(settings_of_root_and_host_name_are_taken),
                T(init_runs_as_root_on_a_terminal),
                T(command_runs_instead_of_init),
                T(image_without_init_is_told),
                T(init_is_told_where_it_runs),
                T(nothing_of_our_environment_goes_in),
                T(credentials_are_announced_when_there_are_any),
                T(host_is_described),
                T(host_with_a_strange_description_starts_all_the_same),
                T(settings_override_the_environment),
                T(kernel_files_are_masked),
                T(system_mounts_are_those_of_a_container),
                T(every_mount_is_nosuid_and_none_is_below_a_later_one),
                T(sysctls_of_the_host_are_read_only),
                T(with_ids_of_the_host_sysctls_come_from_it),
                T(user_namespace_maps_the_range),
                T(largest_range_is_no_negative_number),
                T(without_user_namespace_nothing_is_mapped),
                T(other_namespaces_are_always_own),
                T(veth_is_connected_by_hooks),
                T(addresses_go_to_the_hook_in_order),
                T(private_network_has_its_loopback_alone),
                T(host_network_is_not_touched),
                T(capabilities_are_the_default_set_in_three_sets_alone),
                T(label_goes_to_the_process),
                T(policy_namespace_can_be_used),
                T(capabilities_are_added_and_dropped),
                T(all_capabilities_can_be_dropped),
                T(system_calls_are_filtered),
                T(rules_are_those_of_the_settings),
                T(mounts_are_notified_of_where_they_are_new),
                T(binds_keep_owners_by_an_id_map),
                T(attachments_are_exchanged_and_all_else_stays),
                T(tmpfs_options_are_split),
                T(resolv_conf_is_bound_where_there_is_one),
                T(longest_name_fits_everywhere),
                T(same_launch_gives_the_same_bundle),
        };

        return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
