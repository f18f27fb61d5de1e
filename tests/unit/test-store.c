/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What ctrd keeps on disk: identities, exit records, images, the directory of a
 * run. In directories of this process's own, mounted over the real ones.
 */

#include <signal.h>
#include <jansson.h>
#include <sys/sysmacros.h>

#include "bundle-fixture.h"
#include "exit-record.h"
#include "idpool.h"
#include "launch.h"
#include "manager.h"
#include "paths.h"

static int store_setup(void **state) {
        (void) umount2("/var/lib", MNT_DETACH);
        (void) umount2("/run", MNT_DETACH);
        if (mount("none", "/var/lib", "tmpfs", 0, "") < 0 || mount("none", "/run", "tmpfs", 0, "") < 0)
                return -1;
        if (file_mkdir_parents(PATH_IMAGES "/debian-bookworm/rootfs", 0755) < 0 || file_mkdir_parents(PATH_CONTAINERS "/web", 0700) < 0)
                return -1;
        return 0;
}
#define T_STORE(f) cmocka_unit_test_setup_teardown(f, store_setup, NULL)

static const Identity good_identity = {
        .machine_id = (char *) "0123456789abcdef0123456789abcdef",
        .image = (char *) "debian-bookworm",
        .template = (char *) "debian/bookworm",
        .uid_base = 4294836224,
        .uid_count = 65536,
        .mcs = { 3, 700 },
        .created_usec = 1700000000000000,
};

static void identity_has_the_address_of_its_name_or_its_own(void **state) {
        static const uint8_t own[ADDRESS_MAC_SIZE] = { 2, 0, 0x5e, 0x10, 0, 1 };
        _cleanup_(identity_clear) Identity loaded = {};
        uint8_t address[ADDRESS_MAC_SIZE], named[ADDRESS_MAC_SIZE];
        Identity i = good_identity;

        name_mac_address("web", "container", named);
        identity_mac(&i, "web", address);
        assert_memory_equal(address, named, sizeof(address));

        memcpy(i.mac, own, sizeof(own));
        assert_ok(identity_save("web", &i, NULL));
        assert_ok(identity_load("web", &loaded, NULL));
        identity_mac(&loaded, "web", address);
        assert_memory_equal(address, own, sizeof(address));
}

static void identity_survives_the_disk(void **state) {
        _cleanup_(identity_clear) Identity i = {};
        struct stat st;

        assert_ok(identity_save("web", &good_identity, NULL));
        assert_ok(stat(PATH_CONTAINERS "/web/identity.json", &st));
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_ok(identity_load("web", &i, NULL));
        assert_string_equal(i.machine_id, good_identity.machine_id);
        assert_string_equal(i.image, good_identity.image);
        assert_string_equal(i.template, good_identity.template);
        assert_int_equal(i.uid_base, good_identity.uid_base);
        assert_int_equal(i.uid_count, 65536);
        assert_true(i.mcs.low == 3 && i.mcs.high == 700);
        assert_true(i.created_usec == good_identity.created_usec);
}

static void identity_needs_no_template(void **state) {
        _cleanup_(identity_clear) Identity i = {};
        Identity without = good_identity;

        without.template = NULL;
        assert_ok(identity_save("web", &without, NULL));
        assert_ok(identity_load("web", &i, NULL));
        assert_null(i.template);
}

static void damaged_identity_is_told(void **state) {
        static const char *const bad[] = {
                "", "{", "[]", "{}", "\"x\"", "{\"machine_id\": 1}",
                "{\"machine_id\": \"x\", \"image\": \"i\", \"uid_base\": 0, \"uid_count\": 0, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 0, \"uid_count\": 0, \"mac\": \"x\", \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"../x\", \"uid_base\": 0, \"uid_count\": 0, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": -1, \"uid_count\": 0, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 4294967296, \"uid_count\": 0, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 0, \"uid_count\": 4294967296, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 4294901760, \"uid_count\": 65537, \"created_usec\": 0}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 0, \"uid_count\": 0, \"created_usec\": -1}",
                "{\"machine_id\": \"0123456789abcdef0123456789abcdef\", \"image\": \"i\", \"uid_base\": 0, \"uid_base\": 1, \"uid_count\": 0, \"created_usec\": 0}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ Error e = ERROR_INIT;
                Identity identity = { .uid_base = 42 };

                test_write(PATH_CONTAINERS "/web/identity.json", bad[i]);
                if (identity_load("web", &identity, &e) >= 0)
                        fail_msg("taken: %s", bad[i]);
                test_assert_error(&e, EIO, NULL, "web/identity.json");
                assert_int_equal(identity.uid_base, 42);
        }
}

static void exit_record_survives_the_disk(void **state) {
        for (ExitReason reason = 0; reason < _EXIT_REASON_MAX; reason++) {
                _cleanup_(exit_record_clear) ExitRecord r = EXIT_RECORD_NONE;
                const ExitRecord record = { reason, 255, 1700000000000000, reason % 2 ? (char *) "why \"so\"" : NULL };

                assert_ok(exit_record_save("web", &record));
                assert_ok(exit_record_load("web", &r));
                assert_int_equal(r.reason, reason);
                assert_int_equal(r.code, 255);
                assert_true(r.timestamp_usec == record.timestamp_usec);
                assert_true(streq_ptr(r.message, record.message));
        }
}

static void exit_record_of_the_monitor_is_read(void **state) {
        _cleanup_(exit_record_clear) ExitRecord r = EXIT_RECORD_NONE;

        test_write(PATH_CONTAINERS "/web/exit.json", "{\"reason\": \"poweroff\", \"code\": 0, \"timestamp_usec\": 5, \"message\": \"\", \"new\": 1}\n");
        assert_ok(exit_record_load("web", &r));
        assert_int_equal(r.reason, EXIT_POWEROFF);
        assert_null(r.message);
}

static void exit_record_that_is_none_is_refused(void **state) {
        static const char *const bad[] = {
                "", "{}", "[]", "{\"reason\": \"bored\", \"code\": 0, \"timestamp_usec\": 5}", "{\"reason\": \"exited\", \"timestamp_usec\": 5}",
                "{\"reason\": \"exited\", \"code\": 256, \"timestamp_usec\": 5}", "{\"reason\": \"exited\", \"code\": -1, \"timestamp_usec\": 5}",
                "{\"reason\": \"exited\", \"code\": 0, \"timestamp_usec\": -5}", "{\"reason\": \"exited\", \"code\": \"0\", \"timestamp_usec\": 5}",
        };
        ExitRecord r = EXIT_RECORD_NONE;

        assert_int_equal(exit_record_load("web", &r), -ENOENT);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                test_write(PATH_CONTAINERS "/web/exit.json", bad[i]);
                if (exit_record_load("web", &r) >= 0)
                        fail_msg("taken: %s", bad[i]);
                assert_int_equal(r.reason, _EXIT_REASON_INVALID);
        }
}

#define ROOTFS PATH_IMAGES "/debian-bookworm/rootfs"

static void image_make(const char *init_target) {
        Image image = {
                .template = (char *) "debian", .variant = (char *) "bookworm", .os_name = (char *) "Debian", .created_usec = 5, .size = 7,
        };

        assert_ok(image_write(PATH_IMAGES "/debian-bookworm", &image, NULL));
        if (!init_target)
                return;
        assert_ok(file_mkdir_parents(ROOTFS "/sbin", 0755));
        assert_ok(file_mkdir_parents(ROOTFS "/usr/lib/systemd", 0755));
        assert_ok(file_mkdir_parents(ROOTFS "/bin", 0755));
        char path[256];
        snprintf(path, sizeof(path), ROOTFS "%s", init_target);
        test_write(path, "#!");
        assert_ok(chmod(path, 0755));
}

static Image *image_get(void) {
        _cleanup_error_ Error e = ERROR_INIT;
        Image *image = NULL;

        if (image_load("debian-bookworm", &image, &e) < 0)
                fail_msg("%s", error_message(&e));
        return image;
}

static void image_survives_the_disk(void **state) {
        test_needs(SYS_openat2);
        image_make(NULL);
        _cleanup_(image_freep) Image *i = image_get();

        assert_string_equal(i->id, "debian-bookworm");
        assert_string_equal(i->template, "debian");
        assert_string_equal(i->variant, "bookworm");
        assert_string_equal(i->os_name, "Debian");
        assert_int_equal(i->created_usec, 5);
        assert_int_equal(i->size, 7);
        assert_int_equal(i->stop_signal, 0);
        assert_null(i->init_path);
        assert_null(i->machine_id);
}

static void init_is_recognised_through_its_link(void **state) {
        test_needs(SYS_openat2);
        const struct {
                const char *file, *link;
                int stop_signal;
                bool notifies;
        } cases[] = {
                { "/usr/lib/systemd/systemd", "/lib/systemd/systemd", SIGRTMIN + 4, true },
                { "/bin/busybox", "../bin/busybox", SIGUSR2, false },
                { "/bin/busybox.static", "/bin/busybox.static", SIGUSR2, false },
                { "/sbin/openrc-init", "openrc-init", SIGINT, false },
                { "/sbin/sysvinit", "sysvinit", SIGPWR, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                (void) unlink(ROOTFS "/sbin/init");
                image_make(cases[i].file);
                if (i == 0)
                        assert_ok(symlink("usr/lib", ROOTFS "/lib"));
                assert_ok(symlink(cases[i].link, ROOTFS "/sbin/init"));
                _cleanup_(image_freep) Image *image = image_get();
                assert_int_equal(image->stop_signal, cases[i].stop_signal);
                assert_int_equal(image->notifies, cases[i].notifies);
                assert_string_equal(image->init_path, "/sbin/init");
        }
}

static void facts_of_the_template_are_kept_and_go_first(void **state) {
        test_needs(SYS_openat2);
        image_make("/bin/myinit");
        assert_ok(symlink("/bin/myinit", ROOTFS "/first"));
        _cleanup_(image_freep) Image *made = image_get();
        assert_int_equal(image_add_fact(made, "no fact"), -EINVAL);
        assert_int_equal(image_add_fact(made, "=x"), -EINVAL);
        assert_ok(image_add_fact(made, "INIT=/first"));
        assert_ok(image_add_fact(made, "STOP_SIGNAL=SIGHUP"));
        assert_ok(image_add_fact(made, "NOTIFY=yes"));
        assert_ok(image_add_fact(made, "OS_ID=test"));
        assert_ok(image_write(PATH_IMAGES "/debian-bookworm", made, NULL));

        _cleanup_(image_freep) Image *image = image_get();
        assert_string_equal(image->init_path, "/first");
        assert_int_equal(image->stop_signal, SIGHUP);
        assert_true(image->notifies);
        assert_string_equal(image_fact(image, "OS_ID"), "test");
        assert_null(image_fact(image, "OS"));
}

/* What an image holds is data: its links lead nowhere else. */
static void init_outside_of_the_root_is_none(void **state) {
        test_needs(SYS_openat2);
        image_make(NULL);
        assert_ok(file_mkdir_parents(ROOTFS "/sbin", 0755));
        assert_ok(symlink("/usr/bin/env", ROOTFS "/sbin/init"));
        assert_ok(symlink("../../../../../../../../usr/bin/env", ROOTFS "/init"));
        _cleanup_(image_freep) Image *a = image_get();
        assert_null(a->init_path);
}

static void init_must_be_a_program(void **state) {
        test_needs(SYS_openat2);
        image_make("/sbin/init");
        assert_ok(chmod(ROOTFS "/sbin/init", 0644));
        _cleanup_(image_freep) Image *a = image_get();
        assert_null(a->init_path);
        assert_ok(unlink(ROOTFS "/sbin/init"));
        assert_ok(mkdir(ROOTFS "/sbin/init", 0755));
        _cleanup_(image_freep) Image *b = image_get();
        assert_null(b->init_path);
}

static void machine_id_of_an_image(void **state) {
        test_needs(SYS_openat2);
        static const struct {
                const char *text, *id;
        } cases[] = {
                { "0123456789abcdef0123456789abcdef\n", "0123456789abcdef0123456789abcdef" },
                { "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef" },
                { "", NULL },
                { "uninitialized\n", NULL },
                { "00000000000000000000000000000000\n", NULL },
        };

        image_make(NULL);
        assert_ok(file_mkdir_parents(ROOTFS "/etc", 0755));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                test_write(ROOTFS "/etc/machine-id", cases[i].text);
                _cleanup_(image_freep) Image *image = image_get();
                assert_true(streq_ptr(image->machine_id, cases[i].id));
        }
        /* nothing that would block, or be another's */
        assert_ok(unlink(ROOTFS "/etc/machine-id"));
        assert_ok(mkfifo(ROOTFS "/etc/machine-id", 0644));
        _cleanup_(image_freep) Image *a = image_get();
        assert_null(a->machine_id);
        assert_ok(unlink(ROOTFS "/etc/machine-id"));
        assert_ok(symlink("/../../../../../../etc/machine-id", ROOTFS "/etc/machine-id"));
        _cleanup_(image_freep) Image *b = image_get();
        assert_null(b->machine_id);
}

static void damaged_image_is_told(void **state) {
        static const char *const bad[] = { "", "{}", "[]", "{\"created_usec\": 1}", "{\"created_usec\": \"1\", \"size\": 1}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ Error e = ERROR_INIT;
                Image *image = NULL;

                test_write(PATH_IMAGES "/debian-bookworm/image.json", bad[i]);
                assert_true(image_load("debian-bookworm", &image, &e) < 0);
                test_assert_error(&e, EIO, NULL, "debian-bookworm/image.json");
                assert_null(image);
        }
        image_make(NULL);
        assert_ok(rmdir(ROOTFS));
        assert_ok(symlink("/", ROOTFS));
        _cleanup_error_ Error e = ERROR_INIT;
        Image *image = NULL;
        assert_true(image_load("debian-bookworm", &image, &e) < 0);
        assert_null(image);
}

/* Bound over the files of this host. */
static void accounts(const char *passwd, const char *subuid) {
        const struct {
                const char *path, *text;
        } files[] = { { "/etc/passwd", passwd }, { "/etc/group", "root:x:0:\n" }, { "/etc/subuid", subuid }, { "/etc/subgid", "" } };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                test_write("/var/lib/file", files[i].text);
                if (!test_exists(files[i].path))
                        continue;
                char copy[64];
                snprintf(copy, sizeof(copy), "/var/lib/file%zu", i);
                test_write(copy, files[i].text);
                assert_ok(mount(copy, files[i].path, "none", MS_BIND, ""));
        }
}

static void accounts_end(void) {
        (void) umount2("/etc/passwd", MNT_DETACH);
        (void) umount2("/etc/group", MNT_DETACH);
        (void) umount2("/etc/subuid", MNT_DETACH);
        (void) umount2("/etc/subgid", MNT_DETACH);
}

/* What a container that has no ids yet is given. base: what UIDBase= asks for. */
static int assign(Manager *manager, uint32_t base, uint32_t *ret_base, Error *error) {
        const Settings settings = { .user_namespace = USER_NAMESPACE_YES, .uid_base = base, .uid_count = UINT32_MAX };
        Identity identity = {};
        int r = idpool_assign(manager, "web", &settings, &identity, error);

        if (r > 0)
                *ret_base = identity.uid_base;
        return r;
}

static void ids_of_accounts_are_not_given_away(void **state) {
        test_needs(SYS_openat2); /* /proc/self/uid_map */
        Manager manager = {};
        uint32_t base, again;

        if (!test_exists("/etc/subuid"))
                skip();
        accounts("root:x:0:0::/root:/bin/sh\nbig:x:600000:600000::/:/bin/sh\n:::::\njunk\nx:y:z\n", "alice:655360:65536\nbob:junk:1\n");
        _cleanup_error_ Error e = ERROR_INIT;
        int a = assign(&manager, 589824, &base, &e), b = assign(&manager, 655360, &base, NULL),
            c = assign(&manager, 524288, &base, NULL), d = assign(&manager, UINT32_MAX, &again, NULL);
        accounts_end();
        assert_int_equal(a, -EBUSY);
        test_assert_error(&e, EBUSY, "InvalidSettings", "589824 to 655359");
        assert_int_equal(b, -EBUSY);
        assert_int_equal(c, 1);
        assert_int_equal(base, 524288);
        assert_int_equal(d, 1);
        assert_int_equal(again % 65536, 0);
}

static void ids_follow_the_settings(void **state) {
        test_needs(SYS_openat2); /* /proc/self/uid_map */
        Settings settings = { .user_namespace = USER_NAMESPACE_YES, .uid_base = UINT32_MAX, .uid_count = UINT32_MAX };
        Container self = { .name = (char *) "web", .identity = { .uid_base = 1048576000, .uid_count = 65536 } };
        Identity *i = &self.identity;
        Manager manager = {};

        /* What fits stays; what is its own already is not somebody else's. */
        assert_ok(map_put(&manager.containers, self.name, &self));
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 0);
        settings.uid_base = 1048576000;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 0);
        settings.uid_count = 131072;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 1);
        assert_true(i->uid_base == 1048576000 && i->uid_count == 131072);
        settings.uid_base = settings.uid_count = UINT32_MAX;
        settings.nesting = true;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 1);
        assert_true(i->uid_base >= 524288 && i->uid_count == 1048576);
        settings.user_namespace = USER_NAMESPACE_IDENTITY;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 1);
        assert_true(i->uid_base == 0 && i->uid_count == 65536);
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 0);
        settings.user_namespace = USER_NAMESPACE_NO;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 1);
        assert_true(i->uid_base == 0 && i->uid_count == 0);
        settings.user_namespace = USER_NAMESPACE_YES;
        settings.nesting = false;
        assert_int_equal(idpool_assign(&manager, "web", &settings, i, NULL), 1);
        assert_true(i->uid_base >= 524288 && i->uid_count == 65536);
        /* A refusal changes nothing. */
        Identity before = *i;
        Container other = { .name = (char *) "other", .identity = { .uid_base = 1048576000, .uid_count = 65536 } };
        assert_ok(map_put(&manager.containers, other.name, &other));
        settings.uid_base = 1048576000;
        assert_true(idpool_assign(&manager, "web", &settings, i, NULL) < 0);
        assert_memory_equal(&before, i, sizeof(before));
        map_clear(&manager.containers);
}

static void ids_of_other_containers_are_not_given_away(void **state) {
        test_needs(SYS_openat2); /* /proc/self/uid_map */
        Container other = { .name = (char *) "other", .identity = { .uid_base = 524288, .uid_count = 65536 } };
        Manager manager = {};
        uint32_t base;

        assert_ok(map_put(&manager.containers, other.name, &other));
        assert_int_equal(assign(&manager, 524288, &base, NULL), -EBUSY);
        other.identity.uid_count = 0; /* without a user namespace */
        int r = assign(&manager, 1048576000, &base, NULL);
        map_clear(&manager.containers);
        assert_int_equal(r, 1);
}

static json_t *load(const char *path) {
        json_t *j = json_load_file(path, 0, NULL);

        assert_non_null(j);
        return j;
}

static void assert_file(const char *path, mode_t mode, uid_t owner) {
        struct stat st;

        if (lstat(path, &st) < 0)
                fail_msg("%s: %s", path, strerror(errno));
        if (st.st_mode != mode || st.st_uid != owner || st.st_gid != owner)
                fail_msg("%s is 0%o of %u", path, st.st_mode, st.st_uid);
}

#define RUN PATH_RUN "/web"

static void run_has_all_that_will_be_read(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_fixture_ Fixture f;

        test_write("/var/lib/secret", "s3cret");
        fixture_init(&f, "[Exec]\nCredential=db:/var/lib/secret\n[Network]\nDNS=10.0.0.1 fd00::1\n");
        if (launch_prepare(&f.launch, &e) < 0)
                fail_msg("%s", error_message(&e));
        assert_null(f.launch.host_os);
        assert_true(f.launch.credentials);
        assert_true(f.launch.resolv_conf);

        assert_file(RUN, S_IFDIR | 0700, 0);
        assert_file(RUN "/plan", S_IFREG | 0600, 0);
        assert_file(RUN "/bundle/config.json", S_IFREG | 0600, 0);
        assert_file(RUN "/host", S_IFDIR | 0755, 524288);
        assert_file(RUN "/host/container-manager", S_IFREG | 0444, 524288);
        assert_file(RUN "/host/credentials", S_IFDIR | 0700, 524288);
        assert_file(RUN "/host/credentials/db", S_IFREG | 0400, 524288);
        assert_file(RUN "/host/incoming", S_IFDIR | 0700, 524288);
        assert_file(RUN "/host/inaccessible/reg", S_IFREG | 0000, 0);
        assert_file(RUN "/host/inaccessible/dir", S_IFDIR | 0000, 524288);
        assert_file(RUN "/host/inaccessible/fifo", S_IFIFO | 0000, 0);
        assert_file(RUN "/host/inaccessible/sock", S_IFSOCK | 0000, 0);
        test_assert_content(RUN "/host/container-manager", "ctrd");
        test_assert_content(RUN "/host/container-uuid", "01234567-89ab-cdef-0123-456789abcdef");
        test_assert_content(RUN "/host/credentials/db", "s3cret");
        test_assert_content(RUN "/resolv.conf", "nameserver 10.0.0.1\nnameserver fd00::1\n");

        _cleanup_json_ json_t *config = load(RUN "/bundle/config.json");
        assert_true(json_holds(json_at(config, "process.env"), "CREDENTIALS_DIRECTORY=/run/host/credentials"));
        assert_true(launch_remove("web") >= 0);
        assert_false(test_exists(RUN));
}

static void failed_preparation_leaves_nothing(void **state) {
        _cleanup_error_ Error a = ERROR_INIT, b = ERROR_INIT;
        _cleanup_fixture_ Fixture f, g;
        size_t before = test_count_fds();

        fixture_init(&f, "[Exec]\nCredential=db:/var/lib/none\n");
        assert_true(launch_prepare(&f.launch, &a) < 0);
        test_assert_error(&a, ENOENT, NULL, "credential db from /var/lib/none");
        assert_false(test_exists(RUN));

        fixture_init(&g, "");
        g.image.init_path = NULL;
        assert_true(launch_prepare(&g.launch, &b) < 0);
        test_assert_error(&b, ENOENT, "StartFailed", "no init");
        assert_false(test_exists(RUN));
        assert_int_equal(test_count_fds(), before);
}

static void too_large_a_credential_is_told(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_fixture_ Fixture f;

        test_write("/run/large", "");
        assert_ok(truncate("/run/large", 2 << 20));
        fixture_init(&f, "[Exec]\nCredential=large:/run/large\n");
        assert_true(launch_prepare(&f.launch, &e) < 0);
        test_assert_error(&e, E2BIG, NULL, "credential large");
}

static void a_credential_is_a_file(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "[Exec]\nCredential=zero:/dev/zero\n");
        assert_true(launch_prepare(&f.launch, &e) < 0);
        test_assert_error(&e, EINVAL, "InvalidSettings", "/dev/zero");
}

static void nobody_else_may_walk_into_a_run(void **state) {
        _cleanup_fixture_ Fixture f;

        fixture_init(&f, "[Container]\nRuntime=/usr/bin/crun\n");
        assert_ok(launch_prepare(&f.launch, NULL));
        assert_file(RUN, S_IFDIR | 0700, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T_STORE(identity_survives_the_disk),
                T_STORE(identity_has_the_address_of_its_name_or_its_own),
                T_STORE(identity_needs_no_template),
                T_STORE(damaged_identity_is_told),
                T_STORE(exit_record_survives_the_disk),
                T_STORE(exit_record_of_the_monitor_is_read),
                T_STORE(exit_record_that_is_none_is_refused),
                T_STORE(image_survives_the_disk),
                T_STORE(init_is_recognised_through_its_link),
                T_STORE(facts_of_the_template_are_kept_and_go_first),
                T_STORE(init_outside_of_the_root_is_none),
                T_STORE(init_must_be_a_program),
                T_STORE(machine_id_of_an_image),
                T_STORE(damaged_image_is_told),
                T_STORE(ids_of_accounts_are_not_given_away),
                T_STORE(ids_follow_the_settings),
                T_STORE(ids_of_other_containers_are_not_given_away),
                T_STORE(run_has_all_that_will_be_read),
                T_STORE(failed_preparation_leaves_nothing),
                T_STORE(too_large_a_credential_is_told),
                T_STORE(a_credential_is_a_file),
                T_STORE(nobody_else_may_walk_into_a_run),
        };

        /* Files are given to ids that only root of the host has. */
        if (getuid() != 0 || !test_private_mounts()) {
                printf("1..0 # SKIP only root may give files away and mount\n");
                return 0;
        }
        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
