/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "name.h"
#include "test.h"

/* N times the same letter. */
static const char *letters(size_t n) {
        static char text[600];

        assert_true(n < sizeof(text));
        memset(text, 'a', n);
        text[n] = 0;
        return text;
}

static void containers_that_are_named_well(void **state) {
        static const char *const good[] = { "a", "0", "web", "web-1", "a--b", "123", "a-b-c" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                if (!name_is_valid(good[i]) || name_check(good[i], NULL) < 0)
                        fail_msg("\"%s\" is refused", good[i]);
        assert_true(name_is_valid(letters(63)));
        assert_false(name_is_valid(letters(64)));
}

static void containers_that_are_not(void **state) {
        static const char *const bad[] = {
                "", "-", "-a", "a-", "A", "Web", "a.b", "a_b", "a/b", "/", ".", "..", "a b", " a", "a ", "a\n", "a\tb", "é", "a@b", "a:b",
                "a\\x2d", "*", "a%s", "\x7f", "a\x01",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (name_is_valid(bad[i]))
                        fail_msg("\"%s\" is taken", bad[i]);
        assert_false(name_is_valid(NULL));
}

static void bad_name_is_explained(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;

        assert_int_equal(name_check("No Good", &e), -EINVAL);
        test_assert_error(&e, EINVAL, "InvalidName", "\"No Good\"");
        test_assert_error(&e, EINVAL, "InvalidName", "1 to 63");
        assert_int_equal(name_check(NULL, NULL), -EINVAL);
        error_clear(&e);
        name_check(letters(599), &e);
        assert_true(strlen(error_message(&e)) < 300);
}

static void templates_with_and_without_variant(void **state) {
        _cleanup_free_ char *t = NULL, *v = NULL, *t2 = NULL, *v2 = (char *) "";

        assert_ok(name_split_template("debian/12.5_x-y", &t, &v, NULL));
        assert_string_equal(t, "debian");
        assert_string_equal(v, "12.5_x-y");
        assert_ok(name_split_template("busybox", &t2, &v2, NULL));
        assert_string_equal(t2, "busybox");
        assert_null(v2);
}

static void references_that_name_no_template(void **state) {
        static const char *const bad[] = {
                "", "/", "a/", "/a", "a/b/c", "a//b", "../a", "a/..", "a/.b", ".a", "-a", "a/-b", "_a", "Debian", "a/B", "a b", "a\n", "a/b\n", "é",
                "a/b%",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ Error e = ERROR_INIT;
                char *t = NULL, *v = NULL;

                if (name_split_template(bad[i], &t, &v, &e) != -EINVAL)
                        fail_msg("\"%s\" is taken", bad[i]);
                test_assert_error(&e, EINVAL, "InvalidName", "TEMPLATE/VARIANT");
                assert_null(t);
                assert_null(v);
        }
        assert_int_equal(name_split_template(NULL, NULL, NULL, NULL), -EINVAL);
}

static void image_ids(void **state) {
        assert_true(name_is_image_id("debian-bookworm"));
        assert_true(name_is_image_id("a..b"));
        assert_true(name_is_image_id(letters(128)));
        assert_false(name_is_image_id(letters(129)));
        assert_false(name_is_image_id(""));
        assert_false(name_is_image_id(NULL));
        assert_false(name_is_image_id("."));
        assert_false(name_is_image_id(".."));
        assert_false(name_is_image_id(".hidden"));
        assert_false(name_is_image_id("-rf"));
        assert_false(name_is_image_id("a/b"));
        assert_false(name_is_image_id("A"));
}

static void credentials(void **state) {
        assert_true(name_is_credential("db.password"));
        assert_true(name_is_credential("A_%~"));
        assert_true(name_is_credential("..."));
        assert_true(name_is_credential(letters(255)));
        assert_false(name_is_credential(letters(256)));
        assert_false(name_is_credential(""));
        assert_false(name_is_credential(NULL));
        assert_false(name_is_credential("."));
        assert_false(name_is_credential(".."));
        assert_false(name_is_credential("a/b"));
        assert_false(name_is_credential("a b"));
        assert_false(name_is_credential("a\n"));
        assert_false(name_is_credential("a\x7f"));
        assert_false(name_is_credential("é"));
}

static void machine_ids(void **state) {
        assert_true(name_is_machine_id("0123456789abcdef0123456789abcdef"));
        assert_true(name_is_machine_id("00000000000000000000000000000001"));
        assert_false(name_is_machine_id("00000000000000000000000000000000"));
        assert_false(name_is_machine_id("0123456789ABCDEF0123456789abcdef"));
        assert_false(name_is_machine_id("0123456789abcdef0123456789abcde"));
        assert_false(name_is_machine_id("0123456789abcdef0123456789abcdef0"));
        assert_false(name_is_machine_id("0123456789abcdef0123456789abcdef\n"));
        assert_false(name_is_machine_id("01234567-89ab-cdef-0123-456789abcdef"));
        assert_false(name_is_machine_id("0123456789abcdeg0123456789abcdef"));
        assert_false(name_is_machine_id("uninitialized"));
        assert_false(name_is_machine_id(""));
        assert_false(name_is_machine_id(NULL));
}

static void short_names_stand_in_their_interface(void **state) {
        char interface[NAME_INTERFACE_MAX];

        name_host_interface("web", interface);
        assert_string_equal(interface, "ve-web");
        name_host_interface("abcdefghijkl", interface);
        assert_string_equal(interface, "ve-abcdefghijkl");
}

static void interfaces_fit_the_kernel(void **state) {
        for (size_t n = 1; n <= NAME_MAX_LENGTH; n++) {
                char interface[NAME_INTERFACE_MAX];

                memset(interface, 'X', sizeof(interface));
                name_host_interface(letters(n), interface);
                assert_non_null(memchr(interface, 0, sizeof(interface)));
                assert_non_null(startswith(interface, "ve-"));
                assert_true(strlen(interface) > 3);
        }
}

static int compare(const void *a, const void *b) {
        return strcmp(a, b);
}

/* Many containers of one service: the worst that is usual. */
static void long_names_with_one_beginning_do_not_meet(void **state) {
        const size_t n = 5000;
        char(*interfaces)[NAME_INTERFACE_MAX] = calloc(n, NAME_INTERFACE_MAX);

        for (size_t i = 0; i < n; i++) {
                char name[64];

                snprintf(name, sizeof(name), "webserver-frontend-%zu", i);
                name_host_interface(name, interfaces[i]);
        }
        qsort(interfaces, n, NAME_INTERFACE_MAX, compare);
        for (size_t i = 1; i < n; i++)
                if (streq(interfaces[i - 1], interfaces[i]))
                        fail_msg("two containers have %s", interfaces[i]);
        free(interfaces);
}

static void interface_is_the_same_each_time(void **state) {
        char a[NAME_INTERFACE_MAX], b[NAME_INTERFACE_MAX];

        name_host_interface("a-rather-long-name", a);
        name_host_interface("a-rather-long-name", b);
        assert_string_equal(a, b);
}

static void mac_addresses_are_local_and_of_one_station(void **state) {
        for (unsigned i = 0; i < 1000; i++) {
                uint8_t mac[6];
                char name[16];

                snprintf(name, sizeof(name), "c%u", i);
                name_mac_address(name, i % 2 ? "host" : "container", mac);
                assert_int_equal(mac[0] & 3, 2);
        }
}

static void mac_addresses_differ_by_name_and_salt(void **state) {
        uint8_t a[6], b[6], c[6], again[6], shifted[6];

        name_mac_address("web", "host", a);
        name_mac_address("web", "container", b);
        name_mac_address("web2", "host", c);
        name_mac_address("web", "host", again);
        name_mac_address("webh", "ost", shifted);
        assert_memory_not_equal(a, b, 6);
        assert_memory_not_equal(a, c, 6);
        assert_memory_not_equal(a, shifted, 6);
        assert_memory_equal(a, again, 6);
}

static int compare_mac(const void *a, const void *b) {
        return memcmp(a, b, 6);
}

static void mac_addresses_of_many_containers_are_distinct(void **state) {
        const size_t n = 20000;
        uint8_t(*macs)[6] = calloc(n, 6);

        for (size_t i = 0; i < n; i++) {
                char name[16];

                snprintf(name, sizeof(name), "c%zu", i / 2);
                name_mac_address(name, i % 2 ? "host" : "container", macs[i]);
        }
        qsort(macs, n, 6, compare_mac);
        for (size_t i = 1; i < n; i++)
                assert_memory_not_equal(macs[i - 1], macs[i], 6);
        free(macs);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(containers_that_are_named_well),
                T(containers_that_are_not),
                T(bad_name_is_explained),
                T(templates_with_and_without_variant),
                T(references_that_name_no_template),
                T(image_ids),
                T(credentials),
                T(machine_ids),
                T(short_names_stand_in_their_interface),
                T(interfaces_fit_the_kernel),
                T(long_names_with_one_beginning_do_not_meet),
                T(interface_is_the_same_each_time),
                T(mac_addresses_are_local_and_of_one_station),
                T(mac_addresses_differ_by_name_and_salt),
                T(mac_addresses_of_many_containers_are_distinct),
        };

        return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
