/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every key of the table: what it takes, how that is written, what it refuses,
 * who may set it. A key without a row here fails.
 */

#include <ctype.h>

#include "settings.h"
#include "strv.h"
#include "test.h"
#include "utf8.h"

#define _cleanup_settings_ _cleanup_(settings_freep)

typedef struct Case {
        const char *key;
        bool image; /* may be set by what came with an image */
        struct {
                const char *value;
                const char *written; /* NULL: the same; "": it is the default */
        } good[12];
        const char *bad[24];
} Case;

#define BYTES_BAD "0", "1", "1023K", "1m", "-1", "50%", "much", "18446744073709551616", "18446744073709551615", "1M x"
#define UNITS                                                                                                                       \
        { { "db" }, { "a.service" }, { "getty@tty1.service" }, { "dev-a\\\\x2db.device", "\"dev-a\\\\x2db.device\"" } },                  \
        { "Db", "-a", "a.b", ".service", "a@.service", "@b.service", "a b.", "a/b.service", "ctr-db.scope", "ctr-start@db.service", \
          "ctr@db.target", "a.servicex", "*.service", "%i.service", "caf\xc3\xa9.service" }
#define WEIGHT_BAD "0", "10001", "-1", "1.5", "infinity", "100%", "18446744073709551615", "idle"

static const Case cases[] = {
        { "Description", true,
          { { "a web server" }, { "it's \"quoted\"" }, { "caf\xc3\xa9" }, { " a ", "a" }, { "a\\\\b" }, { "# no comment" } },
          { "a\nb", "a\tb", "\x1b[2J", "caf\xe9", "\x7f", "ends in \\", "\xc2\x9b" } },
        { "Template", false, { { "debian/bookworm" }, { "busybox" } }, { "a/b/c", "Debian", "../x", "/x", "a b" } },
        { "Image", false, { { "debian-bookworm" }, { "a.b_c" } }, { "../x", ".x", "A", "a/b", "a b", "-a" } },
        { "Profile", false, { { "nesting" }, { "low-memory" } }, { "../x", "x.conf", "Nesting", "-a", "a/b", "a\\", "nesting," } },
        { "Runtime", false, { { "/usr/bin/crun" }, { "/opt/my runtime" } }, { "crun", "/a/../b", "/a\nb", "/a\\", "/caf\xe9" } },
        { "MachineID", false, { { "0123456789abcdef0123456789abcdef" } },
          { "0123456789ABCDEF0123456789ABCDEF", "0123", "00000000000000000000000000000000", "0123456789abcdef0123456789abcdef0",
            "01234567-89ab-cdef-0123-456789abcdef" } },
        { "Autostart", false, { { "yes" }, { "1", "yes" }, { "no" }, { "off", "no" }, { "last", "" } }, { "LAST", "2", "always", "yes no" } },
        { "StartDelaySec", false, { { "30s" }, { "0", "" }, { "7d", "604800s" } }, { "infinity", "8d", "-1", "soon" } },
        { "After", false, UNITS },
        { "Requires", false, UNITS },
        { "Wants", false, UNITS },
        { "Restart", false, { { "no", "" }, { "on-failure" }, { "on-abnormal" }, { "always" } }, { "yes", "on-success", "1", "Always" } },
        { "RestartSec", false, { { "5s" }, { "0", "0s" }, { "100ms", "" }, { "1ms", "1000us" } }, { "infinity", "8d", "-1", "soon" } },
        { "RestartSteps", false, { { "0", "" }, { "10" }, { "1000" } }, { "1001", "-1", "infinity", "many", "1.5" } },
        { "RestartMaxDelaySec", false, { { "5min", "300s" }, { "infinity", "" } }, { "0", "-1", "soon" } },
        { "StartLimitIntervalSec", false, { { "1min", "60s" }, { "10s", "" }, { "0", "0s" }, { "infinity" } }, { "-1", "soon" } },
        { "StartLimitBurst", false, { { "5", "" }, { "1" }, { "4294967295" } }, { "0", "-1", "infinity", "4294967296" } },
        { "Protected", false, { { "yes" }, { "no", "" } }, { "auto", "2" } },
        { "Ephemeral", false, { { "yes" }, { "no", "" } }, { "auto", "2" } },
        { "Owner", false, { { "ann" }, { "1000" }, { "0" }, { "Ann.B_c-1@example.org" } },
          { "nobody", "65534", "65535", "4294967295", "-1", "1e3", "1000x", "ann,ben", "a:b", "../x", ".x", "-x", "a/b", "caf\xc3\xa9", "a\\nb", "\"\"" } },

        { "Command", false,
          { { "/bin/sh" }, { "/bin/sh -c 'a b'", "/bin/sh -c \"a b\"" }, { "/bin/x \"\"" }, { "\"/bin/a b\" c" },
            { "/bin/x \"a\nb\"", "/bin/x \"a\\nb\"" }, { "/bin/x '\r'", "/bin/x \"\r\"" } },
          { "sh", "./x", "'/bin/sh", "\"\"", "/bin/sh \"open", "/a/../b", "/bin/sh caf\xe9", "-c", "/bin/x \\" } },
        { "Environment", false,
          { { "A=1" }, { "_a9=" }, { "\"A=b c\"" }, { "A=\"b c\"", "\"A=b c\"" }, { "A==" }, { "'A=it\\'s'", "\"A=it's\"" }, { "A=caf\xc3\xa9" } },
          { "A", "=1", "1A=2", "A B=1", "\"A B=1\"", "A-B=1", "A.B=1", "\"A=1", "A=1\\", "A=\"x\ny\"", "A=caf\xe9", "A=\x01", "A=1 B", "\"\"" } },
        { "Hostname", true, { { "web" }, { "a-1" } }, { "Web", "a.b", "-a", "a-", "a b", "a_b" } },
        { "LinkJournal", false, { { "guest" }, { "no", "" } }, { "yes", "host", "guest no" } },
        { "StopSignal", true, { { "SIGTERM" }, { "TERM", "SIGTERM" }, { "15", "SIGTERM" }, { "RTMIN+4", "SIGRTMIN+4" }, { "SIGRTMAX", "SIGRTMIN+30" } },
          { "0", "65", "32", "33", "-1", "SIGFOO", "sigterm", "RTMIN+31", "TERM KILL" } },
        { "StopTimeoutSec", false, { { "10s" }, { "10", "10s" }, { "1min 30s", "" }, { "90", "" }, { "1ms", "1000us" }, { "infinity" }, { "2h", "7200s" } },
          { "0", "0s", "-1", "soon", "1y", "10 s", "1s,", "18446744073709551615us" } },
        { "StartTimeoutSec", false, { { "10s" }, { "90s", "" }, { "infinity" }, { "1us" } }, { "0", "-1", "soon", "never" } },
        { "ExtendTimeoutMaxSec", false, { { "10s" }, { "5min", "" }, { "infinity" }, { "0", "0s" } }, { "-1", "soon", "never" } },
        { "NotifyReady", true, { { "yes" }, { "no" }, { "auto", "" }, { "1", "yes" }, { "off", "no" } }, { "maybe", "2", "yes please", "AUTO" } },
        { "ForwardJournal", false, { { "yes" }, { "no", "" }, { "1", "yes" } }, { "maybe", "auto" } },
        { "Credential", false, { { "db:/etc/db.pw" }, { "a.b:/x:y" }, { "\"a:/b c\"" } },
          { "db", "db:", ":/x", "db:relative", "a/b:/x", "..:/x", ".:/x", "a b:/x", "db:/a/../b" } },
        { "ResolvConf", false, { { "yes" }, { "no" }, { "auto", "" } }, { "host", "2" } },

        { "ReadOnly", true, { { "yes" }, { "true", "yes" }, { "no", "" }, { "0", "" } }, { "auto", "ro", "2" } },
        { "LXCFS", true, { { "yes" }, { "no" }, { "auto", "" } }, { "perhaps", "2" } },
        { "Bind", false, { { "/srv" }, { "/srv:/data" }, { "/srv:/data:rbind" }, { "/srv:/data:norbind" }, { "\"/my dir:/d\"" }, { "/:/host" } },
          { "srv", "/srv:", ":/srv", "/srv::rbind", "/srv:data", "/srv:/", "/srv:/data:ro", "/srv:/data:rbind:x", "/srv:/data:rbind,exec", "/a/../b", "/a:/b/..", "/a:/caf\xe9" } },
        { "BindReadOnly", false, { { "/srv" }, { "/srv:/data:norbind" } }, { "srv", "/srv:/", "/srv:/data:rw", "/a:/b:" } },
        { "TemporaryFileSystem", false, { { "/scratch" }, { "/scratch:size=64m,mode=1777" }, { "/a:size=10%" } },
          { "scratch", "/", "/:size=1m", ":size=1m", "/a:SIZE=1", "/a:size=1m:x", "'/a:a b'", "/a/../b", "/a:x/y", "/a:size=1m;x" } },

        { "Device", false, { { "/dev/fuse" }, { "/dev/fuse:r" }, { "/dev/sda1:/dev/disk:rwm" } },
          { "/dev", "/dev/", "/etc/passwd", "fuse", "/dev/../etc/passwd", "/dev/a//b", "/dev/fuse:x", "/dev/fuse:rr", "/dev/fuse:",
            "/dev/a:/dev/b:/dev/c", "/dev/a:/etc/b", "/dev/fuse:rwmr", ":/dev/fuse" } },
        { "Mode", false, { { "host" }, { "private" }, { "veth", "" } }, { "Host", "bridge", "none", "yes" } },
        { "Address", false, { { "10.0.0.2/24" }, { "fd00::2/64" }, { "0.0.0.0/0" }, { "::1/128" } },
          { "10.0.0.2", "10.0.0.2/33", "10.0.0.2/-1", "10.0.0.2/", "/24", "10.0.0/24", "fd00::2/129", "host/24", "10.0.0.256/8", "10.0.0.2/024x", "10.0.0.2/24/24" } },
        { "Gateway", false, { { "10.0.0.1" }, { "fe80::1" } }, { "10.0.0.1/24", "gw", "10.0.0", "fe80::1%eth0", "fe80::g" } },
        { "DNS", false, { { "10.0.0.1" }, { "2001:db8::53" } }, { "dns.example", "10.0.0.1:53", "[::1]", "1" } },
        { "MACAddress", false, { { "02:00:00:00:00:01" }, { "aa:BB:cc:DD:ee:FF" } },
          { "02:00:00:00:00", "01:00:00:00:00:01", "02-00-00-00-00-01", "02:00:00:00:00:0g", "02:+1:00:00:00:01", "02: 1:00:00:00:01",
            "02:0x:00:00:00:01", "2:0:0:0:0:1", "02:00:00:00:00:01:02", "020000000001", "ff:ff:ff:ff:ff:ff", "02:-1:00:00:00:01" } },

        { "MemoryMax", false, { { "1M", "1048576" }, { "1.5G", "1610612736" }, { "1048576" }, { "infinity", "" } }, { BYTES_BAD } },
        { "MemoryHigh", false, { { "1T", "1099511627776" }, { "infinity", "" } }, { BYTES_BAD } },
        { "MemorySwapMax", false, { { "0" }, { "1K", "1024" }, { "infinity", "" } }, { "-1", "1k", "all", "18446744073709551615" } },
        { "CPUQuota", false, { { "50%" }, { "1%" }, { "400%" }, { "1000000%" } },
          { "0%", "50", "%", "-1%", "1.5%", "1000001%", "infinity", "50%%", "0000000000000050%x", "99999999999999999999%" } },
        { "CPUWeight", false, { { "1" }, { "100" }, { "10000" } }, { WEIGHT_BAD } },
        { "AllowedCPUs", false, { { "0" }, { "0-3" }, { "0-3,6" }, { "0 2 4-5" }, { "1023" } },
          { "a", "-", "3-", "-3", "3-1", "1024", "0-1024", ",", "1--2", "1-2-3", "0x1", "99999999999999999999", "1;2", "1,,a" } },
        { "IOWeight", false, { { "1" }, { "10000" } }, { WEIGHT_BAD } },
        { "TasksMax", false, { { "1" }, { "infinity" }, { "16384", "" }, { "4194304" } }, { "0", "-1", "50%", "1K", "18446744073709551615" } },
        { "Slice", false, { { "machine-web.slice" }, { "machine.slice" }, { "a-b-c-d-e-f-g-h.slice" } },
          { "machine", ".slice", "-.slice", "-web.slice", "machine-.slice", "machine--web.slice", "web.service", "a/b.slice", "../x.slice", "a b.slice", "a\\x2d.slice",
            "a-b-c-d-e-f-g-h-i.slice", "caf\xe9.slice" } },

        { "UserNamespace", false, { { "yes", "" }, { "no" }, { "off", "no" }, { "identity" } }, { "auto", "pick", "65536", "Identity" } },
        { "UIDBase", false, { { "65536" }, { "524288" }, { "4294836224" } },
          { "0", "1000", "65535", "524289", "4294901760", "4294967296", "-65536", "0x80000", "pick" } },
        { "UIDCount", false, { { "65536" }, { "1048576" }, { "67108864" } }, { "0", "1000", "65537", "67174400", "-65536", "infinity" } },
        { "Nesting", false, { { "yes" }, { "no", "" } }, { "auto", "deep" } },
        { "Capability", false, { { "CAP_SYS_TIME" }, { "cap_sys_time" } }, { "SYS_TIME", "all", "CAP_", "25", "CAP_SYS_TIME,CAP_BPF" } },
        { "DropCapability", true, { { "CAP_CHOWN" }, { "cap_chown" } }, { "CHOWN", "all", "~CAP_CHOWN" } },
        { "NoNewPrivileges", true, { { "yes" }, { "no", "" } }, { "auto", "2" } },
        { "SeccompProfile", false, { { "strict" }, { "default", "" }, { "unconfined" } }, { "none", "Default", "yes" } },
        { "SystemCallFilter", false, { { "@mount" }, { "~read" }, { "~read:EACCES" } },
          { "~", "reed", "@moutn", "read:EPERM", "~read:EFOO", "read ~write", "read,write" } },
        { "InterceptSystemCalls", false, { { "mknod" }, { "setxattr" }, { "sysinfo" } }, { "mount", "Mknod", "mknod,sysinfo", "bpf" } },
        { "AppArmorProfile", false, { { "generated", "" }, { "unconfined" }, { "/usr/sbin/mine" }, { "ctr-web" }, { "a//b" } },
          { "a b", "a//&:b:", ":ns:a", "&a", "a\"b", "a,", "{a,b}", "a*", "@{A}", "a#", "a\\" } },
        { "SELinuxContext", false, { { "system_u:system_r:container_init_t" }, { "a:b:c:s0" }, { "a:b:c_t:s0-s0:c1.c5,c9" } },
          { "unconfined", "a:b", "a:b:", "::c", "a:b:c:", "a b:c:d", "a:b:c:s0 x", "a:b:c,d", "a:b:\"c\"", "a:b:c:s0\\" } },
        { "SELinuxMountContext", false, { { "system_u:object_r:container_file_t" }, { "a:b:c:s0:c0,c1023" } }, { "none", "a:b:c:s0=x", "a/b:c:d" } },
};

#define EACH_CASE(c) for (const Case *c = cases; c < cases + ELEMENTSOF(cases); c++)

static SettingInfo info(const char *key) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key))
                        return settings_key(i);
        fail_msg("there is no key %s", key);
        return (SettingInfo){};
}

static void every_key_has_a_case_here(void **state) {
        assert_int_equal(settings_keys(), ELEMENTSOF(cases));
        for (size_t i = 0; i < settings_keys(); i++)
                assert_string_equal(settings_key(i).key, cases[i].key);
}

static void keys_are_unique_and_well_named(void **state) {
        for (size_t i = 0; i < settings_keys(); i++) {
                SettingInfo a = settings_key(i);

                assert_true(isupper((unsigned char) *a.key));
                for (const char *p = a.key; *p; p++)
                        assert_true(isalnum((unsigned char) *p));
                assert_true(isupper((unsigned char) *a.section));
                assert_false(isempty(a.summary));
                assert_false(endswith(a.summary, "."));
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(a.key, settings_key(j).key);
        }
}

/* settings_format() writes a section once. */
static void rows_of_a_section_stand_together(void **state) {
        for (size_t i = 1; i < settings_keys(); i++)
                if (!streq(settings_key(i).section, settings_key(i - 1).section))
                        for (size_t j = 0; j < i; j++)
                                assert_string_not_equal(settings_key(j).section, settings_key(i).section);
}

static void good_values_are_written_back_and_mean_the_same(void **state) {
        EACH_CASE(c) {
                assert_non_null(c->good[0].value);
                for (size_t i = 0; i < ELEMENTSOF(c->good) && c->good[i].value; i++) {
                        _cleanup_settings_ Settings *s = settings_new(), *again = settings_new();
                        _cleanup_free_ char *expected = NULL, *text = NULL, *text2 = NULL;
                        const char *written = c->good[i].written ?: c->good[i].value;
                        _cleanup_error_ Error e = ERROR_INIT;

                        if (settings_set(s, info(c->key).section, c->key, c->good[i].value, "", TRUST_ADMIN, &e) < 0)
                                fail_msg("%s", error_message(&e));
                        assert_ok(settings_format(s, &text));
                        if (*written)
                                assert_ok(asprintf(&expected, "[%s]\n%s=%s\n", info(c->key).section, c->key, written));
                        assert_string_equal(text, expected ?: "");

                        if (settings_parse(again, text, "x", TRUST_ADMIN, &e) < 0)
                                fail_msg("%s", error_message(&e));
                        assert_ok(settings_format(again, &text2));
                        assert_string_equal(text2, text);
                }
        }
}

static void bad_values_are_refused_in_a_sentence(void **state) {
        EACH_CASE(c) {
                assert_non_null(c->bad[0]);
                for (size_t i = 0; i < ELEMENTSOF(c->bad) && c->bad[i]; i++) {
                        _cleanup_settings_ Settings *s = settings_new();
                        _cleanup_error_ Error e = ERROR_INIT;
                        _cleanup_free_ char *text = NULL;

                        if (settings_set(s, NULL, c->key, c->bad[i], "", TRUST_ADMIN, &e) >= 0)
                                fail_msg("%s=%s is taken", c->key, c->bad[i]);
                        /* a bad template is a bad name */
                        assert_true(error_has_name(&e, streq(c->key, "Template") ? "InvalidName" : "InvalidSettings"));
                        if (!streq(c->key, "Template") && !strstr(error_message(&e), c->key))
                                fail_msg("%s does not name %s=", error_message(&e), c->key);
                        assert_true(utf8_is_printable(error_message(&e)));
                        assert_ok(settings_format(s, &text));
                        assert_string_equal(text, "");
                }
        }
}

static void long_values_are_cut_in_the_sentence(void **state) {
        char value[5000];

        memset(value, '\x01', sizeof(value));
        value[sizeof(value) - 1] = 0;
        EACH_CASE(c) {
                _cleanup_settings_ Settings *s = settings_new();
                _cleanup_error_ Error e = ERROR_INIT;

                assert_true(settings_set(s, NULL, c->key, value, "", TRUST_ADMIN, &e) < 0);
                assert_true(strlen(error_message(&e)) < 600);
        }
}

static void lists_append_and_reset_and_others_replace(void **state) {
        EACH_CASE(c) {
                _cleanup_settings_ Settings *s = settings_new();
                _cleanup_strv_ char **values = NULL, **none = NULL;
                const char *a = c->good[0].value, *b = c->good[1].value ?: a;
                bool b_is_default = c->good[1].written && !*c->good[1].written;

                assert_ok(settings_set(s, NULL, c->key, a, "", TRUST_ADMIN, NULL));
                assert_ok(settings_set(s, NULL, c->key, b, "", TRUST_ADMIN, NULL));
                assert_ok(settings_get(s, c->key, &values));
                assert_int_equal(strv_length(values), info(c->key).is_list ? 2 : b_is_default ? 0 : 1);

                assert_ok(settings_set(s, NULL, c->key, "", "", TRUST_ADMIN, NULL));
                assert_ok(settings_get(s, c->key, &none));
                assert_null(none);
        }
}

static void image_may_set_only_what_is_marked(void **state) {
        size_t n = 0;

        EACH_CASE(c) {
                _cleanup_settings_ Settings *s = settings_new();
                _cleanup_error_ Error e = ERROR_INIT;
                _cleanup_free_ char *text = NULL, *fragment = NULL;

                assert_int_equal(info(c->key).trust == TRUST_IMAGE, c->image);
                assert_ok(asprintf(&fragment, "[%s]\n%s=%s\n", info(c->key).section, c->key, c->good[0].value));
                int r = settings_parse(s, fragment, "image.conf", TRUST_IMAGE, &e);
                if (c->image) {
                        assert_int_equal(r, 0);
                        n++;
                        continue;
                }
                assert_int_equal(r, -EPERM);
                test_assert_error(&e, EPERM, "InvalidSettings", c->key);
                test_assert_error(&e, EPERM, "InvalidSettings", "image.conf:2: ");
                assert_ok(settings_format(s, &text));
                assert_string_equal(text, "");
        }
        assert_true(n > 0);
}

/* To take a restriction away is to set something too. */
static void image_may_not_reset_either(void **state) {
        EACH_CASE(c) {
                _cleanup_settings_ Settings *s = settings_new();

                if (!c->image)
                        assert_int_equal(settings_set(s, NULL, c->key, "", "", TRUST_IMAGE, NULL), -EPERM);
        }
}

/* Each of these would give an image more than its user meant to give. */
static void what_reaches_the_host_is_never_for_images(void **state) {
        static const char *const keys[] = {
                "Bind", "BindReadOnly", "Capability", "UserNamespace", "UIDBase", "Mode", "Runtime", "Credential", "Image", "TasksMax",
                "MemoryMax", "Address", "Command", "StopTimeoutSec", "MachineID", "ResolvConf",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                assert_int_equal(info(keys[i]).trust, TRUST_ADMIN);
}

static void all_keys_together_survive_a_file(void **state) {
        _cleanup_settings_ Settings *s = settings_new(), *again = settings_new();
        _cleanup_free_ char *text = NULL, *text2 = NULL;

        EACH_CASE(c)
                assert_ok(settings_set(s, NULL, c->key, c->good[0].value, "", TRUST_ADMIN, NULL));
        assert_ok(settings_format(s, &text));
        assert_ok(settings_parse(again, text, "x", TRUST_ADMIN, NULL));
        assert_ok(settings_format(again, &text2));
        assert_string_equal(text, text2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(every_key_has_a_case_here),
                T(keys_are_unique_and_well_named),
                T(rows_of_a_section_stand_together),
                T(good_values_are_written_back_and_mean_the_same),
                T(bad_values_are_refused_in_a_sentence),
                T(long_values_are_cut_in_the_sentence),
                T(lists_append_and_reset_and_others_replace),
                T(image_may_set_only_what_is_marked),
                T(image_may_not_reset_either),
                T(what_reaches_the_host_is_never_for_images),
                T(all_keys_together_survive_a_file),
        };

        return cmocka_run_group_tests_name("settings-table", tests, NULL, NULL);
}
