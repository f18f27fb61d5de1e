/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A bundle's config.json: what is taken keeps every promise that what acts on it
 * relies on, and its rules for devices are a program that ends. */

#include "check-config.h"
#include "device-filter.h"
#include "fuzz.h"
#include "sysctl.h"
#include "unit-property.h"

static void check_namespaces(const Config *c) {
        const ConfigNamespace *n = c->namespaces;

        for (int i = 0; i < NAMESPACE_MAX; i++)
                promise(n[i].present ? !n[i].path || n[i].path[0] == '/' : !n[i].path);
        promise(n[NAMESPACE_MOUNT].present);
        promise(n[NAMESPACE_UTS].present || (!c->hostname && !c->domainname));
        promise(!config_new_namespace(c, NAMESPACE_USER) || (c->n_uids > 0 && c->n_gids > 0));
        promise(n[NAMESPACE_USER].present || (c->n_uids == 0 && c->n_gids == 0));
        promise(c->n_uids == 0 || id_map_check(c->uids, c->n_uids) >= 0);
        promise(c->n_gids == 0 || id_map_check(c->gids, c->n_gids) >= 0);
}

static void check_hooks(const Config *c) {
        for (int i = 0; i < HOOK_MAX; i++)
                for (size_t j = 0; j < c->hooks[i].n_hooks; j++) {
                        const ConfigHook *h = c->hooks[i].hooks + j;

                        promise(h->path && h->path[0] == '/' && h->timeout_usec > 0);
                        check_words(h->args);
                        check_words(h->env);
                }
}

static void check_devices(const Config *c) {
        for (size_t i = 0; i < c->n_devices; i++) {
                const ConfigDevice *d = c->devices + i;

                promise(d->path && d->path[0] == '/' && d->mode <= 07777);
                promise(d->type == S_IFCHR || d->type == S_IFBLK || d->type == S_IFIFO);
        }
}

/* Jumps stay inside, and the last instruction ends the program. */
static void check_device_filter(const Config *c) {
        size_t n = c->n_device_rules;
        _cleanup_free_ struct bpf_insn *program = malloc(DEVICE_FILTER_SIZE(n) * sizeof(*program));

        promise(program);
        size_t used = device_filter_build(c->device_rules, n, program);
        promise(used <= DEVICE_FILTER_SIZE(n));
        for (size_t i = 0; i < used; i++)
                if (BPF_CLASS(program[i].code) == BPF_JMP || BPF_CLASS(program[i].code) == BPF_JMP32)
                        promise(program[i].off >= 0 && i + 1 + (size_t) program[i].off < used + (i + 1 == used));
        promise(program[used - 1].code == (BPF_JMP | BPF_EXIT));
}

/* Files of one control group, and no other. */
static void check_resources(const Config *c) {
        for (size_t i = 0; i < c->n_resources; i++) {
                const ConfigResource *r = c->resources + i;

                promise(r->file && r->value && strchr(r->file, '.') && !strchr(r->file, '/') && r->file[0] != '.');
                promise(!r->controller || (*r->controller && !strpbrk(r->controller, "/. \n")));
        }
}

/* Names that the kernel takes, of directories below resctrl and of links. */
static void check_rdt_and_links(const Config *c) {
        if (c->rdt && c->rdt->group)
                promise(*c->rdt->group && !strchr(c->rdt->group, '/') && c->rdt->group[0] != '.');
        if (c->memory_policy)
                promise(!c->memory_policy->nodes || c->memory_policy->nodes->n <= NUMBER_SET_MAX);
        for (size_t i = 0; i < c->n_net_devices; i++) {
                const ConfigNetDevice *d = c->net_devices + i;

                promise(*d->name && strlen(d->name) < IF_NAMESIZE && !strpbrk(d->name, "/ \n"));
                promise(*d->inside && strlen(d->inside) < IF_NAMESIZE && !strpbrk(d->inside, "/ \n"));
                for (size_t j = 0; j < i; j++)
                        promise(!streq(d->inside, c->net_devices[j].inside));
        }
}

/* What systemd would be told: names of properties, each with a value that can be
 * written as D-Bus has it. */
static void check_unit(Config *c) {
        _cleanup_error_ Error error = ERROR_INIT, own = ERROR_INIT;
        UnitProperties properties = {};
        DBusWriter writer = {};
        UnitName name;
        int r;

        r = unit_name_parse(c->cgroups_path, "fuzz", false, &name, &error);
        fuzz_check_error(r, &error);
        if (r < 0)
                return;
        promise(endswith(name.unit, ".scope") || endswith(name.unit, ".slice"));
        promise(endswith(name.slice, ".slice") && !strchr(name.slice, '/') && !strchr(name.unit, '/'));
        r = unit_properties_new(c, "fuzz", &name, &properties, &own);
        fuzz_check_error(r, &own);
        if (r < 0)
                return;
        for (size_t i = 0; i < properties.n; i++) {
                _cleanup_free_ char *text = variant_format(&properties.list[i].value);

                promise(text && utf8_is_valid(properties.list[i].name));
        }
        unit_properties_put(&writer, &properties);
        promise(!writer.failed);
        dbus_writer_clear(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(config_freep) Config *c = NULL;
        _cleanup_error_ Error error = ERROR_INIT;
        int r = config_parse((const char *) data, size, &c, &error);

        fuzz_check_error(r, &error);
        promise((r >= 0) == !!c);
        if (r < 0)
                return 0;
        promise(startswith(c->oci_version, "1.") && !isempty(c->root_path));
        promise(!c->seccomp || json_is_object(c->seccomp));
        promise(!c->has_process || c->process.cwd);
        check_process(&c->process);
        check_namespaces(c);
        check_hooks(c);
        check_devices(c);
        check_device_filter(c);
        check_resources(c);
        check_rdt_and_links(c);
        check_unit(c);
        for (size_t i = 0; i < c->n_mounts; i++)
                check_mount(c->mounts + i);
        for (size_t i = 0; i < c->n_sysctls; i++)
                promise(sysctl_check(c, c->sysctls + i, NULL) >= 0);
        return 0;
}
