/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bundle.h"
#include "capability.h"
#include "name.h"
#include "parse.h"
#include "paths.h"
#include "strv.h"
#include "utf8.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

const char *launch_init_path(const Launch *launch) {
        return launch->settings->command ? launch->settings->command[0] : launch->image->init_path;
}

/* Of a Command= nothing is known: it need not be the image's init. */
static InitKind launch_init_kind(const Launch *launch) {
        return launch->settings->command ? INIT_NONE : launch->image->init;
}

bool launch_expects_ready(const Launch *launch) {
        if (launch->settings->notify_ready != TRISTATE_AUTO)
                return launch->settings->notify_ready == TRISTATE_YES;
        return init_kind_notifies(launch_init_kind(launch));
}

int launch_stop_signal(const Launch *launch) {
        return launch->settings->stop_signal ?: init_kind_stop_signal(launch_init_kind(launch));
}

/* container_host_*: what kind of host this is; Container Interface of systemd. */
static int add_host_os(const Launch *launch, char ***environment) {
        static const struct {
                const char *key, *variable;
        } fields[] = {
                { "ID=", "container_host_id" },
                { "VERSION_ID=", "container_host_version_id" },
                { "BUILD_ID=", "container_host_build_id" },
                { "VARIANT_ID=", "container_host_variant_id" },
        };
        _cleanup_strv_ char **lines = NULL;
        int r;

        r = strv_split(strempty(launch->host_os), "\n", &lines);
        STRV_FOREACH(line, lines)
                for (size_t i = 0; i < ELEMENTSOF(fields) && r >= 0; i++) {
                        const char *v = startswith(*line, fields[i].key);
                        _cleanup_strv_ char **words = NULL;

                        if (v && utf8_is_valid(v) && strv_split_quoted(v, &words) >= 0 && words[0])
                                r = strv_extendf(environment, "%s=%s", fields[i].variable, words[0]);
                }
        return r;
}

static int add_defaults(char ***environment, const char *term) {
        int r;

        r = strv_extend(environment, "PATH=" PATH_DEFAULT);
        if (r >= 0)
                r = strv_extendf(environment, "TERM=%s", term);
        if (r >= 0)
                r = strv_extend(environment, "container=ctrd");
        return r;
}

/* Adds assignments; one of the same name that is there already is replaced. */
static int merge_environment(char ***environment, char *const *more) {
        STRV_FOREACH(m, more) {
                size_t n = strcspn(*m, "=") + 1;
                char **found = NULL;
                int r;

                for (char **e = *environment; e && *e; e++)
                        if (strncmp(*e, *m, n) == 0)
                                found = e;
                if (found) {
                        char *copy = strdup(*m);

                        if (!copy)
                                return -ENOMEM;
                        free(*found);
                        *found = copy;
                        continue;
                }
                r = strv_extend(environment, *m);
                if (r < 0)
                        return r;
        }
        return 0;
}

int launch_environment(const Launch *launch, char ***ret) {
        _cleanup_strv_ char **environment = NULL;
        const char *id = launch->identity->machine_id;
        int r;

        r = add_defaults(&environment, "vt220");
        if (r >= 0)
                r = strv_extendf(&environment, "container_uuid=%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16,
                                 id + 20);
        if (r >= 0)
                r = strv_extend(&environment, "HOME=/root");
        if (r >= 0)
                r = strv_extend(&environment, "USER=root");
        if (r >= 0)
                r = strv_extend(&environment, "LOGNAME=root");
        if (r >= 0)
                r = strv_extend(&environment, "NOTIFY_SOCKET=/run/host/notify");
        if (r >= 0 && launch->credentials)
                r = strv_extend(&environment, "CREDENTIALS_DIRECTORY=/run/host/credentials");
        if (r >= 0)
                r = add_host_os(launch, &environment);
        if (r >= 0)
                r = merge_environment(&environment, launch->settings->environment);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}

static json_t *strings(char *const *l) {
        json_t *a = json_array();

        STRV_FOREACH(s, l)
                if (json_array_append_new(a, json_string(*s)) < 0) {
                        json_decref(a);
                        return NULL;
                }
        return a;
}

/* The lists fit on one line of the sources when written as words. */
static json_t *words(const char *text) {
        _cleanup_strv_ char **l = NULL;

        return strv_split(text, " ", &l) < 0 ? NULL : strings(l);
}

static json_t *capabilities(const Settings *s) {
        uint64_t set = capability_default_set();
        json_t *names = json_array();

        STRV_FOREACH(c, s->capability)
                set |= UINT64_C(1) << capability_from_name(*c);
        STRV_FOREACH(c, s->drop_capability)
                set &= ~(UINT64_C(1) << capability_from_name(*c));
        for (int i = 0; i < CAPABILITY_COUNT; i++)
                if (set & (UINT64_C(1) << i))
                        json_array_append_new(names, json_string(capability_name(i)));

        /* Inheritable and ambient stay empty: with them, programs without file
         * capabilities would get what they should not (CVE-2022-29162). */
        return json_pack("{s:O, s:O, s:o}", "bounding", names, "effective", names, "permitted", names);
}

static int add_mount(json_t *mounts, const char *destination, const char *type, const char *source, const char *options) {
        json_t *m = json_pack("{s:s, s:s, s:s, s:o}", "destination", destination, "type", type, "source", source, "options",
                              words(options));

        return json_array_append_new(mounts, m) < 0 ? -ENOMEM : 0;
}

static int add_bind_from(json_t *mounts, const Launch *launch, const char *name, const char *destination,
                         const char *options) {
        _cleanup_free_ char *source = NULL;

        if (asprintf(&source, "%s/%s", launch->dir, name) < 0)
                return -ENOMEM;
        return add_mount(mounts, destination, "bind", source, options);
}

/* /proc/sys is read-only but for what belongs to namespaces that the container
 * owns. Each piece is a bind of the host's: which network's or which host name a
 * file stands for is decided by who opens it. */
static int add_sysctls(json_t *mounts, const Launch *launch) {
        static const char *const own[] = {
                "kernel/hostname", "kernel/domainname", "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni",
                "kernel/sem",      "kernel/shmall",     "kernel/shmmax", "kernel/shmmni", "fs/mqueue",
        };
        int r;

        r = add_mount(mounts, "/proc/sys", "bind", "/proc/sys", "bind ro nosuid noexec nodev");
        for (size_t i = 0; i < ELEMENTSOF(own) && r >= 0; i++) {
                char path[64];

                snprintf(path, sizeof(path), "/proc/sys/%s", own[i]);
                r = add_mount(mounts, path, "bind", path, "bind rw nosuid noexec nodev");
        }
        if (r >= 0 && launch->settings->network_mode != NETWORK_HOST)
                r = add_mount(mounts, "/proc/sys/net", "bind", "/proc/sys/net", "bind rw nosuid noexec nodev");
        return r;
}

static int add_system_mounts(json_t *mounts, const Launch *launch) {
        int r;

        r = add_mount(mounts, "/proc", "proc", "proc", "nosuid noexec nodev");
        if (r >= 0)
                r = add_sysctls(mounts, launch);
        if (r >= 0)
                r = add_bind_from(mounts, launch, "boot_id", "/proc/sys/kernel/random/boot_id", "bind ro nosuid noexec nodev");
        /* A sysfs shows the network of the namespace that it is mounted in, and
         * only its owner may mount it: with the host's network it is the host's. */
        if (r >= 0 && launch->settings->network_mode == NETWORK_HOST)
                r = add_mount(mounts, "/sys", "bind", "/sys", "rbind rro nosuid noexec nodev");
        else if (r >= 0)
                r = add_mount(mounts, "/sys", "sysfs", "sysfs", "ro nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/sys/fs/cgroup", "cgroup", "cgroup", "rw nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=4m nr_inodes=64k");
        if (r >= 0)
                r = add_mount(mounts, "/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5");
        if (r >= 0)
                r = add_mount(mounts, "/dev/shm", "tmpfs", "shm", "nosuid nodev mode=1777");
        if (r >= 0)
                r = add_mount(mounts, "/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/run", "tmpfs", "tmpfs", "nosuid nodev strictatime mode=755 size=20% nr_inodes=800k");
        if (r >= 0)
                r = add_bind_from(mounts, launch, "host", "/run/host", "bind ro nosuid noexec nodev");
        if (r >= 0)
                r = add_mount(mounts, "/tmp", "tmpfs", "tmpfs", "nosuid nodev strictatime mode=1777 nr_inodes=1m");
        if (r >= 0 && launch->resolv_conf)
                r = add_bind_from(mounts, launch, "resolv.conf", "/etc/resolv.conf", "bind ro nosuid noexec nodev");
        return r;
}

/* SOURCE[:DESTINATION[:rbind|norbind]] */
static int add_binds(json_t *mounts, char *const *binds, bool user_namespace, const char *mode) {
        STRV_FOREACH(b, binds) {
                _cleanup_strv_ char **parts = NULL;
                _cleanup_free_ char *options = NULL;
                size_t n;
                int r;

                r = strv_split(*b, ":", &parts);
                if (r < 0)
                        return r;
                n = strv_length(parts);
                bool recursive = n < 3 || streq(parts[2], "rbind");
                /* Files keep their owners: what is the host's id 0 is id 0 inside,
                 * by an id-mapped mount and not by a chown. */
                if (asprintf(&options, "%s %s%s nosuid nodev", recursive ? "rbind" : "bind", mode,
                             !user_namespace ? "" : recursive ? " ridmap" : " idmap") < 0)
                        return -ENOMEM;
                r = add_mount(mounts, parts[n > 1 ? 1 : 0], "bind", parts[0], options);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_tmpfs(json_t *mounts, char *const *list) {
        STRV_FOREACH(t, list) {
                _cleanup_strv_ char **parts = NULL;
                _cleanup_free_ char *options = NULL;
                int r;

                r = strv_split(*t, ":", &parts);
                if (r < 0)
                        return r;
                if (asprintf(&options, "nosuid nodev %s", strv_length(parts) > 1 ? parts[1] : "mode=755") < 0)
                        return -ENOMEM;
                for (char *c = options; *c; c++)
                        if (*c == ',')
                                *c = ' ';
                r = add_mount(mounts, parts[0], "tmpfs", "tmpfs", options);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compile_mounts(const Launch *launch, json_t **ret) {
        const Settings *s = launch->settings;
        json_t *mounts = json_array();
        int r;

        r = add_system_mounts(mounts, launch);
        if (r >= 0)
                r = add_binds(mounts, s->bind, s->user_namespace, "rw");
        if (r >= 0)
                r = add_binds(mounts, s->bind_read_only, s->user_namespace, "ro");
        if (r >= 0)
                r = add_tmpfs(mounts, s->tmpfs);
        if (r < 0) {
                json_decref(mounts);
                return r;
        }
        *ret = mounts;
        return 0;
}

/* The network is connected by a hook, so that it is done at each start and
 * reboot, by whatever runtime, and undone by its counterpart. */
static json_t *compile_hooks(const Launch *launch) {
        const Settings *s = launch->settings;
        _cleanup_strv_ char **up = NULL, **down = NULL;
        char interface[NAME_INTERFACE_MAX];
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
                if (r >= 0 && s->mac_address)
                        r = strv_extendf(&up, "--container-mac=%s", s->mac_address);
                STRV_FOREACH(a, s->addresses)
                        r = r < 0 ? r : strv_extendf(&up, "--address=%s", *a);
                STRV_FOREACH(g, s->gateways)
                        r = r < 0 ? r : strv_extendf(&up, "--gateway=%s", *g);
        }
        if (r < 0)
                return NULL;
        hooks = json_pack("{s:[{s:s, s:o, s:i}]}", "createRuntime", "path", PATH_NETWORK, "args", strings(up), "timeout", 30);

        if (hooks && s->network_mode == NETWORK_VETH) {
                strv_extend(&down, "ctr-network");
                strv_extend(&down, "down");
                strv_extendf(&down, "--name=%s", launch->name);
                strv_extendf(&down, "--host-interface=%s", interface);
                json_object_set_new(hooks, "poststop",
                                    json_pack("[{s:s, s:o, s:i}]", "path", PATH_NETWORK, "args", strings(down), "timeout", 30));
        }
        return hooks;
}

static json_t *compile_linux(const Launch *launch) {
        const Settings *s = launch->settings;
        const Identity *i = launch->identity;
        json_t *namespaces, *linux_part;
        char cgroup[256];

        namespaces = json_pack("[{s:s},{s:s},{s:s},{s:s},{s:s}]", "type", "pid", "type", "mount", "type", "uts", "type",
                               "ipc", "type", "cgroup");
        if (s->network_mode != NETWORK_HOST)
                json_array_append_new(namespaces, json_pack("{s:s}", "type", "network"));
        if (s->user_namespace)
                json_array_append_new(namespaces, json_pack("{s:s}", "type", "user"));

        snprintf(cgroup, sizeof(cgroup), "/machine.slice/ctr-%s.scope/payload", launch->name);
        linux_part = json_pack("{s:o, s:s, s:s, s:o, s:o}", "namespaces", namespaces, "cgroupsPath", cgroup,
                               /* services inside use mount namespaces of their own */
                               "rootfsPropagation", "shared", "maskedPaths",
                               words("/proc/kallsyms /proc/kcore /proc/keys /proc/sysrq-trigger /proc/timer_list"),
                               "readonlyPaths", words("/proc/acpi /proc/asound /proc/bus /proc/fs /proc/irq /proc/scsi"));
        if (linux_part && s->user_namespace) {
                json_t *map = json_pack("[{s:i, s:I, s:I}]", "containerID", 0, "hostID", (json_int_t) i->uid_base, "size",
                                        (json_int_t) i->uid_count);

                json_object_set(linux_part, "uidMappings", map);
                json_object_set_new(linux_part, "gidMappings", map);
        }
        return linux_part;
}

static json_t *compile_process(const Launch *launch, char *const *argv, char *const *environment, const char *directory,
                               uint32_t uid, uint32_t gid, bool terminal) {
        return json_pack("{s:b, s:{s:I, s:I}, s:o, s:o, s:s, s:o, s:b}", "terminal", terminal, "user", "uid",
                         (json_int_t) uid, "gid", (json_int_t) gid, "args", strings(argv), "env", strings(environment), "cwd",
                         directory, "capabilities", capabilities(launch->settings), "noNewPrivileges",
                         launch->settings->no_new_privileges);
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
        r = launch_environment(launch, &environment);
        if (r >= 0 && !s->command)
                r = strv_extend(&argv, launch->image->init_path);
        if (r >= 0 && asprintf(&rootfs, "%s/rootfs", launch->dir) < 0)
                r = -ENOMEM;
        if (r >= 0)
                r = compile_mounts(launch, &mounts);
        if (r < 0)
                return r;

        config = json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o, s:{s:s, s:s}}", "ociVersion", "1.0.2", "process",
                           compile_process(launch, s->command ?: argv, environment, "/", 0, 0, true), "root", "path", rootfs,
                           "readonly", s->read_only, "hostname", s->hostname ?: launch->name, "mounts", mounts, "linux",
                           compile_linux(launch), "annotations", "org.ctrd1.name", launch->name, "org.ctrd1.pdeathsig", "9");
        if (!config)
                return -ENOMEM;
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

int plan_compile(const Launch *launch, char **ret, Error *error) {
        const Settings *s = launch->settings;
        _cleanup_strv_ char **plan = NULL;
        char lower[512], store[512], bundle[512], rootfs[512], notify[512], log[512], record[512], map[64], number[32],
                timeout[32];
        int r = 0;

        snprintf(lower, sizeof(lower), PATH_IMAGES "/%s/rootfs", launch->image->id);
        snprintf(store, sizeof(store), PATH_CONTAINERS "/%s/fs", launch->name);
        snprintf(bundle, sizeof(bundle), "%s/bundle", launch->dir);
        snprintf(rootfs, sizeof(rootfs), "%s/rootfs", launch->dir);
        snprintf(notify, sizeof(notify), "%s/host/notify", launch->dir);
        snprintf(log, sizeof(log), PATH_CONTAINERS "/%s/console.log", launch->name);
        snprintf(record, sizeof(record), PATH_CONTAINERS "/%s/exit.json", launch->name);
        snprintf(map, sizeof(map), "0 %u %u", launch->identity->uid_base, launch->identity->uid_count);
        snprintf(number, sizeof(number), "%d", launch_stop_signal(launch));
        if (s->stop_timeout_usec == USEC_INFINITY)
                strcpy(timeout, "infinity");
        else
                snprintf(timeout, sizeof(timeout), "%llu", (unsigned long long) s->stop_timeout_usec);

        const struct {
                const char *key, *value;
        } lines[] = {
                { "NAME", launch->name },
                { "RUNTIME", s->runtime ?: PATH_RUNTIME },
                { "BUNDLE", bundle },
                { "ROOTFS", rootfs },
                { "ROOT", "overlay" },
                { "LOWER", lower },
                { "STORE", store },
                { "IDMAP", s->user_namespace ? map : NULL },
                { "STOP_SIGNAL", number },
                { "STOP_TIMEOUT_USEC", timeout },
                { "NOTIFY", launch_expects_ready(launch) ? "yes" : "no" },
                { "NOTIFY_SOCKET", notify },
                { "CONSOLE_LOG", log },
                { "CONSOLE_LOG_MAX", "1048576" },
                { "EXIT_RECORD", record },
        };

        for (size_t i = 0; i < ELEMENTSOF(lines) && r >= 0; i++)
                if (lines[i].value)
                        r = plan_line(&plan, lines[i].key, lines[i].value, error);
        if (r < 0)
                return r;
        *ret = strv_join(plan, "");
        return *ret ? 0 : -ENOMEM;
}

void exec_request_clear(ExecRequest *request) {
        strv_free(request->argv);
        strv_free(request->environment);
        free(request->directory);
        free(request->user);
        *request = (ExecRequest){};
}

static bool is_user_name(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n <= 32 && *s != '-' &&
               strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

/* Names are looked up by the container's own programs: its passwd is written by
 * the container, and its name service may be more than a file. */
int exec_request_resolve(ExecRequest *request, bool login, Error *error) {
        /* $1 is the user. su(1) makes a proper login (PAM, logind session); where
         * there is none, root gets a shell all the same. */
        static const char *const login_script = "if command -v su >/dev/null 2>&1; then exec su -l \"$1\"; "
                                                "elif [ \"$1\" = root ]; then cd; exec /bin/sh -l; "
                                                "else echo \"no su here: only root can have a shell\" >&2; exit 127; fi";
        static const char *const user_script = "u=$1; shift; exec su -s /bin/sh \"$u\" -c 'exec \"$0\" \"$@\"' -- \"$@\"";
        const char *user = request->user ?: "root";
        _cleanup_strv_ char **argv = NULL;
        uint32_t uid;
        int r;

        if (!login && *user && strspn(user, "0123456789") == strlen(user)) {
                if (parse_u32(user, &uid) < 0 || uid >= 65536)
                        return error_set(error, EINVAL, "InvalidArguments", "%.32s is no id of the container: it has 0 to 65535",
                                         user);
                request->uid = request->gid = uid;
                return 0;
        }
        if (!is_user_name(user))
                return error_set(error, EINVAL, "InvalidArguments", "\"%.64s\" is no user name", user);
        if (!login && streq(user, "root"))
                return 0;

        r = strv_extend(&argv, "/bin/sh");
        if (r >= 0)
                r = strv_extend(&argv, "-c");
        if (r >= 0)
                r = strv_extend(&argv, login ? login_script : user_script);
        if (r >= 0)
                r = strv_extend(&argv, "sh");
        if (r >= 0)
                r = strv_extend(&argv, user);
        STRV_FOREACH(a, request->argv)
                r = r < 0 ? r : strv_extend(&argv, *a);
        if (r < 0)
                return r;
        strv_free(request->argv);
        request->argv = TAKE_PTR(argv);
        return 0;
}

int exec_compile(const Launch *launch, const ExecRequest *request, json_t **ret) {
        _cleanup_strv_ char **environment = NULL;
        json_t *process;
        int r;

        r = add_defaults(&environment, "xterm");
        if (r >= 0)
                r = strv_extend(&environment, request->uid == 0 ? "HOME=/root" : "HOME=/");
        if (r >= 0)
                r = merge_environment(&environment, request->environment);
        if (r < 0)
                return r;
        process = compile_process(launch, request->argv, environment, request->directory ?: "/", request->uid, request->gid,
                                  request->terminal);
        if (!process)
                return -ENOMEM;
        if (request->terminal && request->columns > 0 && request->rows > 0)
                json_object_set_new(process, "consoleSize",
                                    json_pack("{s:I, s:I}", "width", (json_int_t) request->columns, "height",
                                              (json_int_t) request->rows));
        *ret = process;
        return 0;
}
