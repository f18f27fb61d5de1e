/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <linux/bpf.h>

#include "config.h"
#include "mount.h"
#include "sysctl.h"
#include "test.h"

#define HEAD "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"}"
#define MOUNT_NS "\"namespaces\":[{\"type\":\"mount\"}]"
#define PROCESS(more) ",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"]" more "}"
#define LINUX(more) ",\"linux\":{" MOUNT_NS more "}"

static Config *parse(const char *text) {
        _cleanup_error_ Error error = ERROR_INIT;
        Config *c = NULL;
        int r = config_parse(text, strlen(text), &c, &error);

        if (r < 0)
                print_error("%s\n", error_message(&error));
        assert_int_equal(r, 0);
        return c;
}

static void refused(const char *text, const char *why) {
        _cleanup_error_ Error error = ERROR_INIT;
        Config *c = NULL;

        assert_true(config_parse(text, strlen(text), &c, &error) < 0);
        assert_null(c);
        if (!strstr(error_message(&error), why))
                print_error("%s: %s\n", text, error_message(&error));
        assert_non_null(strstr(error_message(&error), why));
}

static void smallest(void **state) {
        _cleanup_(config_freep) Config *c = parse(HEAD LINUX("") "}");

        assert_string_equal(c->root_path, "r");
        assert_false(c->has_process);
        assert_true(config_new_namespace(c, NAMESPACE_MOUNT));
        assert_false(c->namespaces[NAMESPACE_PID].present);
}

static void process_fields(void **state) {
        _cleanup_(config_freep) Config *c = parse(HEAD PROCESS(
                ",\"user\":{\"uid\":7,\"gid\":8,\"umask\":18,\"additionalGids\":[9]},\"env\":[\"A=b\"],\"oomScoreAdj\":-5,"
                "\"capabilities\":{\"effective\":[\"CAP_KILL\",\"CAP_WHAT\"]},\"unknown\":[1,{}],"
                "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":18446744073709551615}]")
                LINUX("") "}");
        const ConfigProcess *p = &c->process;

        assert_int_equal(p->uid, 7);
        assert_int_equal(p->gid, 8);
        assert_int_equal(p->umask, 022);
        assert_int_equal(p->n_groups, 1);
        assert_int_equal(p->groups[0], 9);
        assert_string_equal(p->env[0], "A=b");
        assert_true(p->has_oom_score_adj);
        assert_int_equal(p->oom_score_adj, -5);
        assert_true(p->capabilities.effective == 1 << 5);
        assert_string_equal(p->unknown_capabilities[0], "CAP_WHAT");
        assert_true(p->rlimits[0].hard == UINT64_MAX);
}

static void scheduling(void **state) {
        _cleanup_(config_freep) Config *c = parse(HEAD PROCESS(
                ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\",\"SCHED_FLAG_RECLAIM\"],"
                "\"nice\":-3,\"runtime\":1,\"deadline\":2,\"period\":18446744073709551615},"
                "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":4},"
                "\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"7\"}")
                LINUX(",\"intelRdt\":{\"schemata\":[\"L3:0=f\",\"MB:0=9\"],\"enableMonitoring\":true},"
                      "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}") "}");
        const ConfigProcess *p = &c->process;

        assert_true(p->scheduler.present && p->io_priority.present);
        assert_int_equal(p->scheduler.policy, 6);
        assert_int_equal(p->scheduler.flags, 3);
        assert_int_equal(p->scheduler.nice, -3);
        assert_true(p->scheduler.runtime == 1 && p->scheduler.deadline == 2 && p->scheduler.period == UINT64_MAX);
        assert_int_equal(p->io_priority.value, 3 << 13 | 4);
        assert_true(number_set_has(p->initial_cpus, 1) && number_set_has(p->final_cpus, 7));
        assert_int_equal(c->memory_policy->mode, 2 | 1 << 15);
        assert_string_equal(c->rdt->schemata, "L3:0=f\nMB:0=9\n");
        assert_true(c->rdt->monitor);
        assert_true(number_set_has(c->memory_policy->nodes, 0));
}

static void an_empty_memory_policy(void **state) {
        _cleanup_(config_freep) Config *c = parse(HEAD LINUX(",\"memoryPolicy\":{}") "}");

        assert_null(c->memory_policy);
}

static void scheduling_refusals(void **state) {
        refused(HEAD PROCESS(",\"scheduler\":{}") LINUX("") "}", "process.scheduler.policy is missing");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"X\"}") LINUX("") "}", "unknown value \"X\"");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"SCHED_RR\"}") LINUX("") "}", "1 to 99");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}") LINUX("") "}", "else 0");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}") LINUX("") "}", "out of range");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"period\":1}") LINUX("") "}", "SCHED_DEADLINE");
        refused(HEAD PROCESS(",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}") LINUX("") "}", "flags: unknown");
        refused(HEAD PROCESS(",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}") LINUX("") "}", "out of range");
        refused(HEAD PROCESS(",\"ioPriority\":{\"priority\":1}") LINUX("") "}", "ioPriority.class is missing");
        refused(HEAD PROCESS(",\"execCPUAffinity\":{\"initial\":\"a\"}") LINUX("") "}", "no list of numbers");
        refused(HEAD LINUX(",\"intelRdt\":{\"closID\":\"../x\"}") "}", "name of a directory");
        refused(HEAD LINUX(",\"intelRdt\":{\"memBwSchema\":\"L3:0=f\"}") "}", "begins with");
        refused(HEAD LINUX(",\"netDevices\":{\"eth0\":{\"name\":\"a/b\"}}") "}", "no name of a network device");
        refused(HEAD LINUX(",\"netDevices\":{\"a\":{\"name\":\"c\"},\"b\":{\"name\":\"c\"}}") "}", "two devices are to be c");
        refused(HEAD LINUX(",\"netDevices\":{\"eth0\":{}}") "}", "need a network namespace");
        refused(HEAD LINUX(",\"memoryPolicy\":{\"mode\":\"MPOL_X\"}") "}", "unknown value");
        refused(HEAD LINUX(",\"memoryPolicy\":{\"nodes\":\"0\"}") "}", "mode is missing");
        refused(HEAD LINUX(",\"maskedPaths\":[\"../x\"]") "}", "must be an absolute path");
        refused(HEAD LINUX(",\"readonlyPaths\":[\"/x\",\"\"]") "}", "must be an absolute path");
        refused(HEAD LINUX(",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}") "}", "nodes is missing");
        refused(HEAD LINUX(",\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}") "}", "take none");
}

static void process_refusals(void **state) {
        refused(HEAD ",\"process\":{\"args\":[\"x\"]}" LINUX("") "}", "process.cwd is missing");
        refused(HEAD ",\"process\":{\"cwd\":\"x\"}" LINUX("") "}", "absolute");
        refused(HEAD PROCESS(",\"args\":\"x\"") LINUX("") "}", "duplicate");
        refused(HEAD PROCESS(",\"env\":[1]") LINUX("") "}", "process.env must be a list of strings");
        refused(HEAD PROCESS(",\"env\":[\"a\\u0000b\"]") LINUX("") "}", "");
        refused(HEAD PROCESS(",\"user\":{\"uid\":-1}") LINUX("") "}", "out of range");
        refused(HEAD PROCESS(",\"user\":{\"uid\":4294967295}") LINUX("") "}", "no id");
        refused(HEAD PROCESS(",\"user\":{\"uid\":4294967296}") LINUX("") "}", "out of range");
        refused(HEAD PROCESS(",\"oomScoreAdj\":1001") LINUX("") "}", "out of range");
        refused(HEAD PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]") LINUX("") "}", "RLIMIT_X");
        refused(HEAD PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]") LINUX("") "}", "above");
        refused(HEAD PROCESS(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
                             "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]") LINUX("") "}", "twice");
}

static void document_refusals(void **state) {
        refused("", "line");
        refused("[]", "must be an object");
        refused("{\"ociVersion\":\"1.0.0\",", "line 1");
        refused("{\"root\":{\"path\":\"r\"}" LINUX("") "}", "ociVersion is missing");
        refused("{\"ociVersion\":\"2.0.0\",\"root\":{\"path\":\"r\"}" LINUX("") "}", "1.x");
        refused("{\"ociVersion\":\"1.0.0\"" LINUX("") "}", "root.path is missing");
        refused(HEAD "}", "mount namespace");
        refused(HEAD ",\"hostname\":\"x\"" LINUX("") "}", "uts namespace");
        refused(HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"mount\"}]}}", "twice");
        refused(HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"mnt\"}]}}", "unknown type");
        refused(HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}]}}", "uidMappings");
        refused(HEAD LINUX(",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":0}]") "}", "uidMappings");
        refused(HEAD LINUX(",\"rootfsPropagation\":\"loud\"") "}", "loud");
        refused(HEAD ",\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}" LINUX("") "}", "absolute");
}

static void mounts(void **state) {
        _cleanup_(config_freep) Config *c = parse(
                HEAD ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"rw\",\"noexec\",\"size=1k\"]},"
                     "{\"destination\":\"/b\",\"source\":\"/s\",\"options\":[\"rbind\",\"rro\",\"rslave\",\"strictatime\"]}]" LINUX("") "}");
        const ConfigMount *a = c->mounts, *b = c->mounts + 1;

        assert_int_equal(c->n_mounts, 2);
        assert_true(a->options.set == MOUNT_ATTR_NOEXEC);
        assert_true(a->options.clear == MOUNT_ATTR_RDONLY);
        assert_string_equal(a->data[0], "size=1k");
        assert_null(a->data[1]);
        assert_true(b->options.bind && b->options.bind_recursive);
        assert_true(b->options.recursive_set == MOUNT_ATTR_RDONLY);
        assert_true(b->options.set == MOUNT_ATTR_STRICTATIME);
        assert_true(b->options.clear == MOUNT_ATTR__ATIME);
        assert_true(b->options.propagation == MS_SLAVE && b->options.propagation_recursive);

        refused(HEAD ",\"mounts\":[{\"source\":\"/s\"}]" LINUX("") "}", "destination is missing");
        refused(HEAD ",\"mounts\":[{\"destination\":\"/s\"}]" LINUX("") "}", "neither");
        refused(HEAD ",\"mounts\":[{\"destination\":\"/s\",\"type\":\"bind\"}]" LINUX("") "}", "no source");
        refused(HEAD ",\"mounts\":[{\"destination\":\"/s\",\"type\":\"tmpfs\",\"options\":[\"idmap\"]}]" LINUX("") "}", "bind");
}

static void all_mount_options_are_known(void **state) {
        const char *name;
        size_t n = 0;

        for (; (name = mount_option_name(n)); n++) {
                MountOptions o = {};

                assert_int_equal(mount_options_add(&o, name), 1);
        }
        assert_true(n > 40);
        assert_int_equal(mount_options_add(&(MountOptions){}, "size=1"), 0);
        assert_int_equal(mount_options_add(&(MountOptions){}, "r"), 0);
        assert_int_equal(mount_options_add(&(MountOptions){}, ""), 0);
}

static void device_rules(void **state) {
        _cleanup_(config_freep) Config *c = parse(HEAD LINUX(",\"resources\":{\"devices\":["
                "{\"allow\":false,\"access\":\"rwm\"},{\"allow\":false,\"type\":\"a\"},"
                "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":200,\"access\":\"rw\"},"
                "{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":-1,\"access\":\"m\"}]}") "}");
        const ConfigDeviceRule *r = c->device_rules;

        assert_int_equal(c->n_device_rules, 4);
        for (size_t i = 0; i < 2; i++) {
                assert_false(r[i].allow);
                assert_int_equal(r[i].type, BPF_DEVCG_DEV_BLOCK | BPF_DEVCG_DEV_CHAR);
                assert_int_equal(r[i].access, BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
                assert_true(r[i].major == -1 && r[i].minor == -1);
        }
        assert_true(r[2].allow && r[2].major == 10 && r[2].minor == 200);
        assert_int_equal(r[2].type, BPF_DEVCG_DEV_CHAR);
        assert_int_equal(r[2].access, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
        assert_true(r[3].major == 8 && r[3].minor == -1);
        assert_int_equal(r[3].access, BPF_DEVCG_ACC_MKNOD);

        refused(HEAD LINUX(",\"resources\":{\"devices\":[1]}") "}", "object");
        refused(HEAD LINUX(",\"resources\":{\"devices\":[{\"type\":\"p\"}]}") "}", "unknown type \"p\"");
        refused(HEAD LINUX(",\"resources\":{\"devices\":[{\"access\":\"rx\"}]}") "}", "not made of r, w and m");
        refused(HEAD LINUX(",\"resources\":{\"devices\":[{\"major\":-2}]}") "}", "out of range");
}

static void sysctls(void **state) {
        static const char *const good[] = { "net.ipv4.ip_forward", "net/ipv4/ip_forward", "net.ipv4.conf.eth0/1.forwarding",
                                            "kernel.shmmax", "fs.mqueue.msg_max" };
        static const char *const bad[] = { "", ".", "/", "kernel.core_pattern", "net", "net.", "/net/ipv4", "net/../kernel/x",
                                           "net//ipv4", "kernel.shmmax.x", "kernel.hostname", "vm.swappiness", "net/./x" };
        _cleanup_(config_freep) Config *c =
                parse(HEAD ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\"},{\"type\":\"ipc\"}]}}");

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_int_equal(sysctl_check(c, &(ConfigSysctl){ good[i], "1" }, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_true(sysctl_check(c, &(ConfigSysctl){ bad[i], "1" }, NULL) < 0);
}

static void tables(void **state) {
        for (int i = 0; i < NAMESPACE_MAX; i++)
                assert_int_equal(namespace_type_from_string(namespace_type_to_string((NamespaceType) i)), i);
        assert_true(namespace_type_from_string("") < 0);
        assert_null(namespace_type_to_string(NAMESPACE_MAX));
        uint64_t set = 0;
        assert_true(config_capability_add("sys_admin", &set) && config_capability_add("CAP_CHOWN", &set));
        assert_true(set == (UINT64_C(1) << 21 | 1));
        assert_false(config_capability_add("CAP_", &set) || config_capability_add("", &set));
        for (HookPoint i = 0; i < HOOK_MAX; i++)
                assert_non_null(hook_point_to_string(i));
        assert_null(hook_point_to_string(HOOK_INVALID));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(smallest), T(process_fields), T(process_refusals), T(scheduling), T(scheduling_refusals), T(an_empty_memory_policy),
                T(document_refusals), T(mounts), T(all_mount_options_are_known), T(device_rules), T(sysctls), T(tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
