/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "address.h"
#include "idrange.h"
#include "interception.h"
#include "name.h"
#include "parse.h"
#include "setting-word.h"
#include "settings-table.h"
#include "slice.h"
#include "strv.h"
#include "utf8.h"

/* Strings. */

static int set_string(void *field, const char *value) {
        char **s = field, *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*s);
        *s = copy;
        return 0;
}

static void reset_string(const SettingRow *row, void *field) {
        char **s = field;

        free(*s);
        *s = NULL;
}

static int format_string(const SettingRow *row, const void *field, char ***values) {
        char *const *s = field;

        return *s ? strv_extend(values, *s) : 0;
}

/* In a file a backslash at the end of a line would join the next to it; what is
 * split into words is quoted there, but a plain string is not. */
static bool ends_in_backslash(const char *s) {
        return endswith(s, "\\");
}

static int parse_text(const SettingRow *row, void *field, const char *value, Error *error) {
        if (!utf8_is_printable(value) || ends_in_backslash(value) || strlen(value) > 1024)
                return setting_refuse(row, value, error);
        return set_string(field, value);
}

static int parse_template(const SettingRow *row, void *field, const char *value, Error *error) {
        _cleanup_free_ char *template = NULL, *variant = NULL;
        int r = name_split_template(value, &template, &variant, error);

        return r < 0 ? r : set_string(field, value);
}

static int parse_image(const SettingRow *row, void *field, const char *value, Error *error) {
        return name_is_image_id(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_path(const SettingRow *row, void *field, const char *value, Error *error) {
        return setting_word_is_absolute_path(value) && !ends_in_backslash(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_machine_id(const SettingRow *row, void *field, const char *value, Error *error) {
        return name_is_machine_id(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_hostname(const SettingRow *row, void *field, const char *value, Error *error) {
        return name_is_valid(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_slice(const SettingRow *row, void *field, const char *value, Error *error) {
        return slice_name_is_valid(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_mac(const SettingRow *row, void *field, const char *value, Error *error) {
        uint8_t mac[ADDRESS_MAC_SIZE];

        return address_parse_mac(value, mac) >= 0 ? set_string(field, value) : setting_refuse(row, value, error);
}

static int parse_cpus(const SettingRow *row, void *field, const char *value, Error *error) {
        _cleanup_strv_ char **ranges = NULL;

        if (strlen(value) > 512 || strv_split(value, ", ", &ranges) < 0 || !ranges[0])
                return setting_refuse(row, value, error);
        STRV_FOREACH(r, ranges)
                if (!setting_word_is_cpu_range(*r))
                        return setting_refuse(row, value, error);
        return set_string(field, value);
}

/* The default says so in the field too. A name cannot be a stack of profiles or one of
 * another policy namespace, which have & and : in them. */
static int parse_apparmor(const SettingRow *row, void *field, const char *value, Error *error) {
        if (streq(value, "generated")) {
                reset_string(row, field);
                return 0;
        }
        if (strlen(value) > 255 ||
            value[strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+/-")])
                return setting_refuse(row, value, error);
        return set_string(field, value);
}

/* Lists. */

static void reset_list(const SettingRow *row, void *field) {
        char ***l = field;

        *l = strv_free(*l);
}

static int format_list(const SettingRow *row, const void *field, char ***values) {
        char **const *l = field;
        int r;

        STRV_FOREACH(s, *l) {
                char *const one[] = { *s, NULL };

                r = strv_consume(values, strv_join_quoted(one));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int format_words(const SettingRow *row, const void *field, char ***values) {
        char **const *l = field;

        return *l && **l ? strv_consume(values, strv_join_quoted(*l)) : 0;
}

/* Each word of the value goes through the check and onto the list. */
static int parse_words(const SettingRow *row, void *field, const char *value, bool (*check)(const char *word),
                       Error *error) {
        _cleanup_strv_ char **words = NULL;
        char ***l = field;
        int r;

        r = strv_split_quoted(value, &words);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return setting_refuse(row, value, error);
        STRV_FOREACH(w, words)
                if (!check(*w))
                        return setting_refuse(row, *w, error);
        STRV_FOREACH(w, words) {
                r = strv_extend(l, *w);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int parse_users(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_user, error);
}

static int parse_profiles(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, name_is_valid, error);
}

static int parse_environment(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_assignment, error);
}

static int parse_command(const SettingRow *row, void *field, const char *value, Error *error) {
        _cleanup_strv_ char **words = NULL;
        char ***l = field;
        int r = strv_split_quoted(value, &words);

        if (r == -ENOMEM)
                return r;
        if (r < 0 || !utf8_is_valid(value) || !words[0] || !setting_word_is_absolute_path(words[0]))
                return setting_refuse(row, value, error);
        strv_free(*l);
        *l = TAKE_PTR(words);
        return 0;
}

static int parse_capabilities(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_capability, error);
}

static int parse_interceptions(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, interception_word_is_valid, error);
}

/* A "~" before the first word is for the whole value; each word is kept with its own. */
static int parse_system_calls(const SettingRow *row, void *field, const char *value, Error *error) {
        _cleanup_strv_ char **words = NULL;
        const bool refuses = *value == '~';
        char ***l = field;
        int r;

        r = strv_split(value + refuses, " ", &words);
        if (r < 0)
                return r;
        if (!words[0])
                return setting_refuse(row, value, error);
        for (int pass = 0; pass < 2; pass++)
                STRV_FOREACH(w, words) {
                        _cleanup_free_ char *word = NULL;

                        if (asprintf(&word, "%s%s", refuses ? "~" : "", *w) < 0)
                                return -ENOMEM;
                        if (pass == 0 && (**w == '~' || !syscall_filter_word_is_valid(word)))
                                return setting_refuse(row, *w, error);
                        r = pass == 0 ? 0 : strv_extend(l, word);
                        if (r < 0)
                                return r;
                }
        return 0;
}

static int parse_addresses(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_address_with_prefix, error);
}

static int parse_units(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_unit, error);
}

static int parse_hosts(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_address, error);
}

static int parse_binds(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_bind, error);
}

static int parse_tmpfs(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_tmpfs, error);
}

static int parse_devices(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_device, error);
}

static int parse_credentials(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_words(row, field, value, setting_word_is_credential, error);
}

/* Booleans, enums, numbers. */

/* Whether the policy knows it is for the host to say, at a start. */
static int parse_context(const SettingRow *row, void *field, const char *value, Error *error) {
        return setting_word_is_context(value) ? set_string(field, value) : setting_refuse(row, value, error);
}

static void reset_enum(const SettingRow *row, void *field) {
        *(int *) field = (int) row->initial;
}

static int parse_enum(const SettingRow *row, void *field, const char *value, Error *error) {
        const char *word;

        for (int i = 0; (word = row->word(i)); i++)
                if (streq(word, value)) {
                        *(int *) field = i;
                        return 0;
                }
        return setting_refuse(row, value, error);
}

/* One of whose words are yes and no: they may be written as booleans may. */
static int parse_enum_or_boolean(const SettingRow *row, void *field, const char *value, Error *error) {
        int b = parse_bool(value);

        return parse_enum(row, field, b < 0 ? value : b ? "yes" : "no", error);
}

static int format_enum(const SettingRow *row, const void *field, char ***values) {
        int value = *(const int *) field;

        return value == (int) row->initial ? 0 : strv_extend(values, row->word(value));
}

static int parse_stop_signal(const SettingRow *row, void *field, const char *value, Error *error) {
        return parse_signal(value, field) < 0 ? setting_refuse(row, value, error) : 0;
}

static void reset_signal(const SettingRow *row, void *field) {
        *(int *) field = 0;
}

static int format_signal(const SettingRow *row, const void *field, char ***values) {
        int sig = *(const int *) field;

        return sig == 0 ? 0 : strv_extend(values, signal_name(sig));
}

/* Both the first and the number of ids. */
static int parse_ids(const SettingRow *row, void *field, const char *value, Error *error) {
        uint32_t v;

        if (parse_u32(value, &v) < 0 || v % IDRANGE_COUNT != 0 || v < row->minimum || v > row->maximum)
                return setting_refuse(row, value, error);
        *(uint32_t *) field = v;
        return 0;
}

static void reset_u32(const SettingRow *row, void *field) {
        *(uint32_t *) field = (uint32_t) row->initial;
}

static int format_u32(const SettingRow *row, const void *field, char ***values) {
        uint32_t v = *(const uint32_t *) field;

        return v == (uint32_t) row->initial ? 0 : strv_extendf(values, "%u", v);
}

#define FIELD(f) .offset = offsetof(Settings, f), .size = sizeof(((Settings *) NULL)->f)
#define STRING .format = format_string, .reset = reset_string
#define LIST .format = format_list, .reset = reset_list, .is_list = true
#define ENUM(w) .parse = parse_enum, .format = format_enum, .reset = reset_enum, .word = w
#define TRISTATE .parse = parse_enum_or_boolean, .format = format_enum, .reset = reset_enum, .word = tristate_to_string, \
        .expected = "say yes, no or auto"

#define PAUSE_MAX_USEC (7 * 24 * 3600 * USEC_PER_SEC)
#define UNITS_EXPECTED "name other containers, or units of the host with their type, such as postgresql.service"

static const SettingRow rows[] = {
        { "Container", "Description", FIELD(description), STRING, .parse = parse_text, .trust = TRUST_IMAGE, .owners = true,
          .expected = "use one line of at most 1024 printable characters", .summary = "what the container is for" },
        { "Container", "Template", FIELD(template), .of_one = true, STRING, .parse = parse_template,
          .expected = "name one as TEMPLATE/VARIANT", .summary = "the template that the image was made from" },
        { "Container", "Image", FIELD(image), .of_one = true, STRING, .parse = parse_image,
          .expected = "name an image as ctrctl image list shows it", .summary = "the image below the container's root" },
        { "Container", "Profile", FIELD(profiles), LIST, .parse = parse_profiles, .of_one = true,
          .expected = "name profiles as ctrctl profile list shows them", .summary = "profiles, whose settings the container has before its own" },
        { "Container", "Runtime", FIELD(runtime), STRING, .parse = parse_path,
          .expected = "give the absolute path of an OCI runtime", .summary = "OCI runtime, instead of ctrrun" },
        { "Container", "MachineID", FIELD(machine_id), .of_one = true, STRING, .parse = parse_machine_id,
          .expected = "use 32 lower-case hexadecimal digits", .summary = "machine id, instead of the one chosen at creation" },
        { "Container", "Autostart", FIELD(autostart), .parse = parse_enum_or_boolean, .format = format_enum, .reset = reset_enum,
          .word = autostart_to_string, .initial = AUTOSTART_LAST, .expected = "say yes, no or last",
          .summary = "whether it is started when the host is booted; last: where it was up when the host went down" },
        { "Container", "StartDelaySec", FIELD(start_delay_usec), SETTING_TIME, .maximum = PAUSE_MAX_USEC,
          .expected = "give a time of at most 7d, such as 30s", .summary = "for how long it is held back then" },
        { "Container", "After", FIELD(after), LIST, .parse = parse_units, .expected = UNITS_EXPECTED,
          .summary = "what is started before it and stopped after it, where both are" },
        { "Container", "Requires", FIELD(requires), LIST, .parse = parse_units, .expected = UNITS_EXPECTED,
          .summary = "what is started with it, and without which it does not start" },
        { "Container", "Wants", FIELD(wants), LIST, .parse = parse_units, .expected = UNITS_EXPECTED,
          .summary = "what is started with it" },
        { "Container", "Restart", FIELD(restart), ENUM(restart_policy_to_string), .initial = RESTART_NO, .owners = true,
          .expected = "say no, on-failure, on-abnormal or always", .summary = "after which ends it is started again" },
        { "Container", "RestartSec", FIELD(restart_usec), SETTING_TIME, .initial = 100 * USEC_PER_MSEC,
          .maximum = PAUSE_MAX_USEC, .expected = "give a time of at most 7d, such as 5s", .summary = "pause before that" },
        { "Container", "RestartSteps", FIELD(restart_steps), SETTING_NUMBER, .maximum = 1000,
          .expected = "give a number of at most 1000", .summary = "restarts in which the pause grows to RestartMaxDelaySec=" },
        { "Container", "RestartMaxDelaySec", FIELD(restart_max_delay_usec), SETTING_TIME, .initial = USEC_INFINITY,
          .minimum = 1, .expected = "give a time, such as 5min, or infinity", .summary = "longest pause" },
        { "Container", "StartLimitIntervalSec", FIELD(start_limit_interval_usec), SETTING_TIME,
          .initial = 10 * USEC_PER_SEC, .expected = "give a time, such as 1min, infinity, or 0 for no limit",
          .summary = "in which it is restarted no more than StartLimitBurst= times" },
        { "Container", "StartLimitBurst", FIELD(start_limit_burst), SETTING_NUMBER, .initial = 5,
          .minimum = 1, .maximum = UINT32_MAX, .expected = "give a number of at least 1", .summary = "how many restarts there may be in StartLimitIntervalSec=" },
        { "Container", "Protected", FIELD(protect), SETTING_BOOLEAN, .summary = "whether it cannot be removed" },
        { "Container", "Ephemeral", FIELD(ephemeral), SETTING_BOOLEAN, .summary = "whether it is removed when its run ends" },
        { "Container", "Owner", FIELD(owners), LIST, .parse = parse_users,
          .expected = "name users of the host, or their numbers, but not nobody", .summary = "whose container it is: they use it without an administrator" },

        { "Exec", "Command", FIELD(command), .parse = parse_command, .format = format_words, .reset = reset_list, .secret = true, .owners = true,
          .expected = "give an absolute path and its arguments", .summary = "what runs as init, instead of the one found in the root" },
        { "Exec", "Environment", FIELD(environment), LIST, .parse = parse_environment, .secret = true, .owners = true,
          .expected = "write NAME=VALUE, quoted where it has blanks", .summary = "environment of init" },
        { "Exec", "Hostname", FIELD(hostname), STRING, .parse = parse_hostname, .trust = TRUST_IMAGE, .owners = true,
          .expected = "use 1 to 63 of a-z, 0-9 and \"-\"", .summary = "host name, instead of the container's name" },
        { "Exec", "LinkJournal", FIELD(link_journal), ENUM(journal_link_mode_to_string), .initial = JOURNAL_LINK_NO,
          .expected = "say no or guest", .summary = "whether the host's /var/log/journal leads to its journal" },
        { "Exec", "StopSignal", FIELD(stop_signal), .parse = parse_stop_signal, .format = format_signal, .reset = reset_signal,
          .trust = TRUST_IMAGE, .owners = true, .expected = "name a signal, such as SIGRTMIN+4", .summary = "what asks init to power off" },
        { "Exec", "StopTimeoutSec", FIELD(stop_timeout_usec), SETTING_TIME, .initial = 90 * USEC_PER_SEC,
          .minimum = 1, .expected = "give a time, such as 90s, or infinity", .summary = "after this a stop kills" },
        { "Exec", "StartTimeoutSec", FIELD(start_timeout_usec), SETTING_TIME, .initial = 90 * USEC_PER_SEC,
          .minimum = 1, .expected = "give a time, such as 90s, or infinity", .summary = "after this a start has failed" },
        { "Exec", "ExtendTimeoutMaxSec", FIELD(extend_timeout_max_usec), SETTING_TIME, .initial = 300 * USEC_PER_SEC,
          .expected = "give a time, such as 5min, infinity, or 0 for none", .summary = "how much more time init may ask for in a start or stop" },
        { "Exec", "NotifyReady", FIELD(notify_ready), TRISTATE, .trust = TRUST_IMAGE, .owners = true,
          .summary = "whether init says READY=1; auto: systemd does" },
        { "Exec", "ForwardJournal", FIELD(forward_journal), SETTING_BOOLEAN,
          .summary = "whether what its journal gets goes to the host's journal too" },
        { "Exec", "Credential", FIELD(credentials), LIST, .parse = parse_credentials,
          .expected = "write NAME:/PATH/OF/FILE", .summary = "a file of the host passed as a credential" },
        { "Exec", "ResolvConf", FIELD(resolv_conf), TRISTATE,
          .summary = "whether /etc/resolv.conf inside comes from DNS= or, with the host's network, from the host" },

        { "Files", "ReadOnly", FIELD(read_only), SETTING_BOOLEAN, .trust = TRUST_IMAGE, .summary = "root file system read-only" },
        { "Files", "LXCFS", FIELD(lxcfs), TRISTATE, .trust = TRUST_IMAGE,
          .summary = "whether files of /proc say what the container may use, by lxcfs; auto: where it is mounted" },
        { "Files", "Bind", FIELD(bind), LIST, .parse = parse_binds,
          .expected = "write /SOURCE[:/DESTINATION[:rbind|norbind]]", .summary = "file or directory of the host, mounted inside" },
        { "Files", "BindReadOnly", FIELD(bind_read_only), LIST, .parse = parse_binds,
          .expected = "write /SOURCE[:/DESTINATION[:rbind|norbind]]", .summary = "the same, read-only" },
        { "Files", "TemporaryFileSystem", FIELD(tmpfs), LIST, .parse = parse_tmpfs,
          .expected = "write /DESTINATION[:OPTIONS], such as /scratch:size=64m", .summary = "a tmpfs inside" },
        { "Files", "Device", FIELD(device), LIST, .parse = parse_devices,
          .expected = "write /dev/SOURCE[:/dev/DESTINATION][:ACCESS], such as /dev/fuse:rw",
          .summary = "a device of the host, with the permission to use it" },

        { "Network", "Mode", FIELD(network_mode), ENUM(network_mode_to_string), .initial = NETWORK_VETH, .expected = "say host, private or veth",
          .summary = "how the container is connected" },
        { "Network", "Address", FIELD(addresses), LIST, .parse = parse_addresses,
          .expected = "write ADDRESS/PREFIX, such as 10.0.0.2/24", .summary = "address of host0" },
        { "Network", "Gateway", FIELD(gateways), LIST, .parse = parse_hosts,
          .expected = "write an IPv4 or IPv6 address", .summary = "where the default route goes" },
        { "Network", "DNS", FIELD(dns), LIST, .parse = parse_hosts,
          .expected = "write an IPv4 or IPv6 address", .summary = "name server in /etc/resolv.conf" },
        { "Network", "MACAddress", FIELD(mac_address), STRING, .parse = parse_mac,
          .expected = "write six pairs of hexadecimal digits with colons; the first pair must be even",
          .summary = "MAC address of host0, instead of one from the name" },

        { "Resources", "MemoryMax", FIELD(memory_max), SETTING_BYTES, .initial = UINT64_MAX,
          .minimum = 1 << 20, .expected = "give bytes of at least 1M, with K, M, G or T, or infinity", .summary = "see systemd.resource-control(5)" },
        { "Resources", "MemoryHigh", FIELD(memory_high), SETTING_BYTES, .initial = UINT64_MAX,
          .minimum = 1 << 20, .expected = "give bytes of at least 1M, with K, M, G or T, or infinity", .summary = "see systemd.resource-control(5)" },
        { "Resources", "MemorySwapMax", FIELD(memory_swap_max), SETTING_BYTES, .initial = UINT64_MAX,
          .expected = "give bytes, with K, M, G or T, or infinity", .summary = "see systemd.resource-control(5)" },
        { "Resources", "CPUQuota", FIELD(cpu_quota_usec_per_sec), SETTING_PERCENT, .initial = UINT64_MAX,
          .minimum = 10000, .expected = "give a percentage of one CPU, such as 50%", .summary = "see systemd.resource-control(5)" },
        { "Resources", "CPUWeight", FIELD(cpu_weight), SETTING_NUMBER, .initial = UINT64_MAX,
          .minimum = 1, .maximum = 10000, .expected = "give a number from 1 to 10000", .summary = "see systemd.resource-control(5)" },
        { "Resources", "AllowedCPUs", FIELD(allowed_cpus), STRING, .parse = parse_cpus,
          .expected = "list CPUs, such as 0-3,6", .summary = "see systemd.resource-control(5)" },
        { "Resources", "IOWeight", FIELD(io_weight), SETTING_NUMBER, .initial = UINT64_MAX,
          .minimum = 1, .maximum = 10000, .expected = "give a number from 1 to 10000", .summary = "see systemd.resource-control(5)" },
        { "Resources", "TasksMax", FIELD(tasks_max), SETTING_NUMBER, .initial = 16384,
          .minimum = 1, .expected = "give a number, or infinity", .summary = "see systemd.resource-control(5)" },
        { "Resources", "Slice", FIELD(slice), STRING, .parse = parse_slice,
          .expected = "name a slice, such as machine-web.slice", .summary = "slice of the container's scope, instead of machine.slice" },

        { "Security", "UserNamespace", FIELD(user_namespace), .parse = parse_enum_or_boolean, .format = format_enum,
          .reset = reset_enum, .word = user_namespace_mode_to_string, .initial = USER_NAMESPACE_YES, .expected = "say yes, no or identity",
          .summary = "ids inside are mapped to a range of their own; without it root inside is root" },
        { "Security", "UIDBase", FIELD(uid_base), .of_one = true, .parse = parse_ids, .format = format_u32, .reset = reset_u32,
          .initial = UINT32_MAX, .minimum = IDRANGE_COUNT, .maximum = UIDS_END - IDRANGE_COUNT,
          .expected = "give a multiple of 65536, such as 524288", .summary = "first id outside, instead of one chosen at creation" },
        { "Security", "UIDCount", FIELD(uid_count), .parse = parse_ids, .format = format_u32, .reset = reset_u32,
          .initial = UINT32_MAX, .minimum = IDRANGE_COUNT, .maximum = 1024 * IDRANGE_COUNT,
          .expected = "give a multiple of 65536, such as 131072, of at most 67108864", .summary = "how many ids there are inside" },
        { "Security", "Nesting", FIELD(nesting), SETTING_BOOLEAN,
          .summary = "container engines work inside: more ids, more system calls, places for their storage" },
        { "Security", "Capability", FIELD(capability), LIST, .parse = parse_capabilities,
          .expected = "name capabilities, such as CAP_SYS_TIME; see capabilities(7)", .summary = "added to what a system container has" },
        { "Security", "DropCapability", FIELD(drop_capability), LIST, .parse = parse_capabilities,
          .expected = "name capabilities, such as CAP_SYS_TIME; see capabilities(7)", .trust = TRUST_IMAGE, .summary = "taken from it" },
        { "Security", "NoNewPrivileges", FIELD(no_new_privileges), SETTING_BOOLEAN, .trust = TRUST_IMAGE,
          .summary = "set-user-id programs gain nothing" },
        { "Security", "SeccompProfile", FIELD(seccomp_profile), ENUM(seccomp_profile_to_string), .initial = SECCOMP_DEFAULT,
          .expected = "say default, strict, nesting, privileged or unconfined", .summary = "which system calls there are inside" },
        { "Security", "SystemCallFilter", FIELD(system_call_filter), LIST, .parse = parse_system_calls,
          .expected = "name system calls or groups as in systemd.exec(5), such as @keyring, or ~@debug to refuse them",
          .summary = "system calls added to the profile, or with ~ taken from it" },
        { "Security", "InterceptSystemCalls", FIELD(intercept), LIST, .parse = parse_interceptions,
          .expected = "name any of mknod, setxattr, sysinfo and mount:TYPE, such as mount:ext4", .summary = "system calls that are done for it from outside" },
        { "Security", "AppArmorProfile", FIELD(apparmor_profile), STRING, .parse = parse_apparmor,
          .expected = "say generated or unconfined, or name a loaded profile with A-Z, a-z, 0-9 and any of _ . + / -",
          .summary = "what AppArmor allows its processes" },
        { "Security", "SELinuxContext", FIELD(selinux_context), STRING, .parse = parse_context,
          .expected = "write USER:ROLE:TYPE or USER:ROLE:TYPE:LEVEL, such as system_u:system_r:container_init_t",
          .summary = "SELinux context of its processes, instead of that which the policy has for containers" },
        { "Security", "SELinuxMountContext", FIELD(selinux_mount_context), STRING, .parse = parse_context,
          .expected = "write USER:ROLE:TYPE or USER:ROLE:TYPE:LEVEL, such as system_u:object_r:container_file_t",
          .summary = "SELinux context of its files" },
};

const SettingTable settings_table = { rows, ELEMENTSOF(rows), "ctr.conf(5)" };
