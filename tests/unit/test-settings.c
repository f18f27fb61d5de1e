/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Settings as a whole: files, sections, origins, contradictions. What each key
 * takes is in test-settings-table.c.
 */

#include "settings.h"
#include "strv.h"
#include "test.h"

#define _cleanup_settings_ _cleanup_(settings_freep)

static Settings *parse(const char *text) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_settings_ Settings *s = settings_new();

        assert_non_null(s);
        if (settings_parse(s, text, "a.conf", TRUST_ADMIN, &e) < 0)
                fail_msg("%s", error_message(&e));
        return TAKE_PTR(s);
}

/* That the text is refused, in these words. */
static void assert_refused(const char *text, const char *words) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_settings_ Settings *s = settings_new();

        if (settings_parse(s, text, "a.conf", TRUST_ADMIN, &e) >= 0)
                fail_msg("taken: %s", text);
        assert_true(error_has_name(&e, "InvalidSettings"));
        if (!strstr(error_message(&e), words))
                fail_msg("\"%s\" does not hold \"%s\"", error_message(&e), words);
        /* without anybody to tell, the same */
        _cleanup_settings_ Settings *again = settings_new();
        assert_int_equal(settings_parse(again, text, "a.conf", TRUST_ADMIN, NULL), -e.errnum);
}

static void assert_list(char *const *l, char *const *expected) {
        if (strv_equal(l, expected))
                return;
        _cleanup_free_ char *a = strv_join(l, "|"), *b = strv_join(expected, "|");

        fail_msg("(%s) is not (%s)", a, b);
}

static void defaults_are_safe(void **state) {
        _cleanup_settings_ Settings *s = settings_new();

        assert_true(s->user_namespace);
        assert_int_equal(s->network_mode, NETWORK_VETH);
        assert_int_equal(s->uid_base, UINT32_MAX);
        assert_int_equal(s->tasks_max, 16384);
        assert_true(s->memory_max == UINT64_MAX);
        assert_int_equal(s->stop_timeout_usec, 90 * USEC_PER_SEC);
        assert_null(s->capability);
        assert_null(s->command);
        assert_int_equal(settings_validate(s, NULL), 0);
}

static void defaults_are_written_as_nothing(void **state) {
        _cleanup_settings_ Settings *s = settings_new();
        _cleanup_free_ char *text = NULL;

        assert_ok(settings_format(s, &text));
        assert_string_equal(text, "");
}

static void free_takes_null(void **state) {
        assert_null(settings_free(NULL));
}

static void sections_and_keys(void **state) {
        _cleanup_settings_ Settings *s = parse("[Container]\n"
                                               "Description=a web server\n"
                                               "\n"
                                               "[Exec]\n"
                                               "Hostname=web\n"
                                               "[Container]\n"
                                               "Image=debian-bookworm");

        assert_string_equal(s->description, "a web server");
        assert_string_equal(s->hostname, "web");
        assert_string_equal(s->image, "debian-bookworm");
}

static void empty_text_changes_nothing(void **state) {
        static const char *const texts[] = { "", "\n", "\n\n\r\n \t\n", "[Exec]\n", "# only this", "; or this\n", "[Exec]" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_settings_ Settings *s = parse(texts[i]);
                _cleanup_free_ char *text = NULL;

                assert_ok(settings_format(s, &text));
                assert_string_equal(text, "");
        }
}

static void blanks_around_do_not_count(void **state) {
        _cleanup_settings_ Settings *s = parse("  [Container]\t\r\n \tDescription \t= a  b \t\r\n");

        assert_string_equal(s->description, "a  b");
}

static void comments_stand_at_the_beginning_of_a_line(void **state) {
        _cleanup_settings_ Settings *s = parse("# one\n"
                                               " ; two\n"
                                               "[Container]\n"
                                               "#Description=no\n"
                                               "Description=a # is no comment here\n"
                                               "; Description=no\n");

        assert_string_equal(s->description, "a # is no comment here");
}

static void comment_that_ends_in_a_backslash_takes_nothing_with_it(void **state) {
        _cleanup_settings_ Settings *s = parse("[Container]\n# see C:\\\nDescription=seen\n");

        assert_non_null(s->description);
        assert_string_equal(s->description, "seen");
}

static void backslash_joins_lines(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\n"
                                               "Command=/bin/sh \\\n"
                                               "        -c \\\n"
                                               "        'echo one two'\n"
                                               "Hostname=web\n");

        assert_list(s->command, STRINGS("/bin/sh", "-c", "echo one two"));
        assert_string_equal(s->hostname, "web");
}

static void comment_between_joined_lines_is_passed_over(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\n"
                                               "Command=/bin/sh \\\n"
                                               "# why:\n"
                                               "  -c true\n"
                                               "Hostname=web\n");

        assert_list(s->command, STRINGS("/bin/sh", "-c", "true"));
        assert_string_equal(s->hostname, "web");
}

static void escaped_backslash_joins_nothing(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nEnvironment=A=b\\\\\nHostname=web\n");

        assert_list(s->environment, STRINGS("A=b\\"));
        assert_string_equal(s->hostname, "web");
}

static void backslash_at_the_end_of_the_file_joins_nothing(void **state) {
        _cleanup_settings_ Settings *a = parse("[Exec]\nHostname=web\\"), *b = parse("[Exec]\nHostname=web \\\n");

        assert_string_equal(a->hostname, "web");
        assert_string_equal(b->hostname, "web");
}

static void last_assignment_wins(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nHostname=one\nHostname=two\nCommand=/a b\nCommand=/c\n");

        assert_string_equal(s->hostname, "two");
        assert_list(s->command, STRINGS("/c"));
}

static void lists_append(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nEnvironment=A=1 \"B=two words\"\nEnvironment=C=3\n");

        assert_list(s->environment, STRINGS("A=1", "B=two words", "C=3"));
}

static void empty_assignment_resets(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\n"
                                               "Environment=A=1\n"
                                               "Environment=\n"
                                               "Environment=B=2\n"
                                               "Hostname=one\n"
                                               "Hostname= \n"
                                               "StopTimeoutSec=1s\n"
                                               "StopTimeoutSec=\n"
                                               "[Security]\n"
                                               "UserNamespace=no\n"
                                               "UserNamespace=\n");

        assert_list(s->environment, STRINGS("B=2"));
        assert_null(s->hostname);
        assert_int_equal(s->stop_timeout_usec, 90 * USEC_PER_SEC);
        assert_true(s->user_namespace);
}

static void drop_in_goes_onto_what_was_read(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nHostname=one\nEnvironment=A=1\n[Files]\nReadOnly=yes\n");

        assert_ok(settings_parse(s, "[Exec]\nHostname=two\nEnvironment=B=2\n", "b.conf", TRUST_ADMIN, NULL));
        assert_string_equal(s->hostname, "two");
        assert_list(s->environment, STRINGS("A=1", "B=2"));
        assert_true(s->read_only);
}

static void what_is_no_assignment_is_refused(void **state) {
        assert_refused("[Exec]\nHostname\n", "write KEY=VALUE");
        assert_refused("Hostname=web\n", "before the first section");
        assert_refused("[Exec\nHostname=web\n", "must end with \"]\"");
        assert_refused("[Exec] # comment\n", "must end with \"]\"");
        assert_refused("[]\n", "there is no section []");
        assert_refused("[exec]\n", "there is no section [exec]");
        assert_refused("[Exec]\n=web\n", "there is no setting");
        assert_refused("[Exec]\nhostname=web\n", "did you mean Hostname=?");
}

static void error_names_file_and_line(void **state) {
        assert_refused("[Exec]\nHostname=NO\n", "a.conf:2: ");
        assert_refused("\n\n# x\n[Exec]\nHostname=NO\n", "a.conf:5: ");
        assert_refused("[Nowhere]", "a.conf:1: ");
        assert_refused("[Exec]\r\nHostname=NO\r\n", "a.conf:2: ");
}

static void error_names_the_first_of_joined_lines(void **state) {
        assert_refused("[Exec]\nEnvironment=A=1 \\\n B=2 \\\n wrong\nHostname=web\n", "a.conf:2: ");
        assert_refused("[Exec]\nEnvironment=A=1 \\\n B=2\nHostname=NO\n", "a.conf:4: ");
        assert_refused("[Exec]\nEnvironment=A=1 \\\n# x\n B=2\nHostname=NO\n", "a.conf:5: ");
        assert_refused("[Exec]\n# x \\\nHostname=NO\n", "a.conf:3: ");
}

static void misspelt_key_is_recognised(void **state) {
        assert_refused("[Exec]\nHostnam=web\n", "did you mean Hostname=?");
        assert_refused("[Exec]\nEnviroment=A=1\n", "did you mean Environment=?");
        assert_refused("[Resources]\nMemmoryMax=1G\n", "did you mean MemoryMax=?");
        assert_refused("[Files]\nreadonly=yes\n", "did you mean ReadOnly=?");
}

static void strange_key_gets_no_suggestion(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_settings_ Settings *s = settings_new();

        assert_true(settings_parse(s, "[Exec]\nBananaSplit=web\n", "a.conf", TRUST_ADMIN, &e) < 0);
        assert_null(strstr(error_message(&e), "did you mean"));
        assert_non_null(strstr(error_message(&e), "BananaSplit"));
}

static void very_long_key_makes_no_long_sentence(void **state) {
        _cleanup_error_ Error e = ERROR_INIT;
        _cleanup_settings_ Settings *s = settings_new();
        char text[5000];

        memset(text, 'K', sizeof(text));
        memcpy(text, "[Exec]\n", 7);
        memcpy(text + sizeof(text) - 3, "=1", 3);
        assert_true(settings_parse(s, text, "a.conf", TRUST_ADMIN, &e) < 0);
        assert_true(strlen(error_message(&e)) < 300);
}

static void key_in_the_wrong_section_is_told_the_right_one(void **state) {
        assert_refused("[Container]\nHostname=web\n", "Hostname= belongs into section [Exec], not [Container]");
        assert_refused("[Exec]\nBind=/a\n", "Bind= belongs into section [Files], not [Exec]");
}

static void set_needs_no_section(void **state) {
        _cleanup_settings_ Settings *s = settings_new();

        assert_ok(settings_set(s, NULL, "Hostname", "web", "", TRUST_ADMIN, NULL));
        assert_ok(settings_set(s, "Files", "ReadOnly", "yes", "", TRUST_ADMIN, NULL));
        assert_string_equal(s->hostname, "web");
        assert_true(s->read_only);
        assert_int_equal(settings_set(s, "Files", "Hostname", "web2", "", TRUST_ADMIN, NULL), -EINVAL);
        assert_int_equal(settings_set(s, NULL, "Nothing", "web2", "", TRUST_ADMIN, NULL), -EINVAL);
        assert_int_equal(settings_set(s, NULL, "", "web2", "", TRUST_ADMIN, NULL), -EINVAL);
        assert_string_equal(s->hostname, "web");
}

static void set_to_null_resets(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nHostname=web\n");

        assert_ok(settings_set(s, NULL, "Hostname", NULL, "", TRUST_ADMIN, NULL));
        assert_null(s->hostname);
}

static void failed_set_changes_nothing(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nHostname=web\nEnvironment=A=1\nStopTimeoutSec=5s\n");

        assert_true(settings_set(s, NULL, "Hostname", "NO", "x", TRUST_ADMIN, NULL) < 0);
        assert_true(settings_set(s, NULL, "Environment", "B=2 wrong", "x", TRUST_ADMIN, NULL) < 0);
        assert_true(settings_set(s, NULL, "StopTimeoutSec", "soon", "x", TRUST_ADMIN, NULL) < 0);
        assert_string_equal(s->hostname, "web");
        assert_list(s->environment, STRINGS("A=1"));
        assert_int_equal(s->stop_timeout_usec, 5 * USEC_PER_SEC);
        for (size_t i = 0; i < settings_keys(); i++)
                assert_true(!s->origins[i] || streq(s->origins[i], "a.conf"));
}

static const char *origin(const Settings *s, const char *key) {
        for (size_t i = 0; i < settings_keys(); i++)
                if (streq(settings_key(i).key, key))
                        return s->origins[i];
        fail_msg("%s", key);
        return NULL;
}

static void origin_is_who_set_it_last(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nHostname=one\nEnvironment=A=1\nStopTimeoutSec=1\n");

        assert_ok(settings_parse(s, "[Exec]\nHostname=two\nStopTimeoutSec=\n", "b.conf", TRUST_ADMIN, NULL));
        assert_ok(settings_set(s, NULL, "ReadOnly", "yes", NULL, TRUST_ADMIN, NULL));
        assert_string_equal(origin(s, "Hostname"), "b.conf");
        assert_string_equal(origin(s, "Environment"), "a.conf");
        assert_string_equal(origin(s, "ReadOnly"), "");
        assert_null(origin(s, "StopTimeoutSec"));
        assert_null(origin(s, "Image"));
}

/* What a container says goes before what its profiles say: so its file has defaults too, but
 * only where there are profiles. */
static void defaults_are_written_where_profiles_may_say_otherwise(void **state) {
        static const char own[] = "[Files]\nReadOnly=no\n[Exec]\nEnvironment=X=0\nEnvironment=\nEnvironment=B=2\n[Resources]\nMemoryMax=\n";
        _cleanup_settings_ Settings *s = parse(own), *whole = settings_new();
        _cleanup_free_ char *text = NULL, *text2 = NULL;

        assert_ok(settings_format(s, &text));
        assert_string_equal(text, "[Exec]\nEnvironment=B=2\n");
        assert_ok(settings_set(s, NULL, "Profile", "p", "", TRUST_ADMIN, NULL));
        assert_ok(settings_format(s, &text2));
        assert_string_equal(text2, "[Container]\nProfile=p\n\n[Exec]\nEnvironment=\nEnvironment=B=2\n\n[Files]\nReadOnly=\n\n"
                                   "[Resources]\nMemoryMax=\n");
        assert_ok(settings_parse(whole, "[Exec]\nEnvironment=A=1\nHostname=h\n[Files]\nReadOnly=yes\n[Resources]\nMemoryMax=1G\n", "p",
                                 TRUST_PROFILE, NULL));
        assert_ok(settings_parse(whole, text2, "a.conf", TRUST_ADMIN, NULL));
        assert_list(whole->environment, STRINGS("B=2"));
        assert_false(whole->read_only);
        assert_true(whole->memory_max == UINT64_MAX);
        assert_string_equal(whole->hostname, "h");
}

static void what_is_one_containers_is_in_no_profile(void **state) {
        static const char *const lines[] = {
                "[Container]\nProfile=a\n", "[Container]\nImage=a\n", "[Container]\nTemplate=a\n",
                "[Container]\nMachineID=0123456789abcdef0123456789abcdef\n", "[Security]\nUIDBase=524288\n", "[Container]\nProfile=\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                _cleanup_settings_ Settings *s = settings_new();
                _cleanup_error_ Error e = ERROR_INIT;

                assert_int_equal(settings_parse(s, lines[i], "p.conf", TRUST_PROFILE, &e), -EPERM);
                test_assert_error(&e, EPERM, "InvalidSettings", "p.conf:2: ");
        }
}

static void profiles_are_bounded(void **state) {
        _cleanup_settings_ Settings *s = settings_new();

        for (size_t i = 0; i <= SETTINGS_PROFILES_MAX; i++) {
                assert_int_equal(settings_validate(s, NULL), 0);
                assert_ok(settings_set(s, NULL, "Profile", "a", "", TRUST_ADMIN, NULL));
        }
        assert_int_equal(settings_validate(s, NULL), -EINVAL);
}

static void get_gives_each_assignment(void **state) {
        _cleanup_settings_ Settings *s = parse("[Exec]\nEnvironment=A=1 \"B=2 3\"\nHostname=web\n");
        _cleanup_strv_ char **environment = NULL, **hostname = NULL, **image = (char **) 1;

        assert_ok(settings_get(s, "Environment", &environment));
        assert_list(environment, STRINGS("A=1", "\"B=2 3\""));
        assert_ok(settings_get(s, "Hostname", &hostname));
        assert_list(hostname, STRINGS("web"));
        assert_ok(settings_get(s, "Image", &image));
        assert_null(image);
        assert_int_equal(settings_get(s, "Nothing", &image), -ENOENT);
}

static void formatted_text_is_a_file_of_sections(void **state) {
        _cleanup_settings_ Settings *s = parse("[Security]\nNoNewPrivileges=yes\n[Exec]\nEnvironment=A=1 \"B=2 3\"\nHostname=web\n");
        _cleanup_free_ char *text = NULL;

        assert_ok(settings_format(s, &text));
        assert_string_equal(text, "[Exec]\n"
                                  "Environment=A=1\n"
                                  "Environment=\"B=2 3\"\n"
                                  "Hostname=web\n"
                                  "\n"
                                  "[Security]\n"
                                  "NoNewPrivileges=yes\n");
}

static void any_environment_survives_a_file(void **state) {
        static const char letters[] = "ab \"'\\#;=%$[]/~\xc3\xa9";

        for (unsigned round = 0; round < 3000; round++) {
                _cleanup_settings_ Settings *s = settings_new(), *again = settings_new();
                _cleanup_free_ char *text = NULL;

                for (size_t i = test_random() % 3 + 1; i > 0; i--) {
                        char word[24] = "V=";
                        size_t n = 2;

                        while (n < 2 + test_random() % 16) {
                                char c = letters[test_random() % (sizeof(letters) - 3)];

                                word[n++] = c;
                        }
                        if (test_random() % 4 == 0)
                                memcpy(word + n, "\xc3\xa9", 3);
                        else
                                word[n] = 0;
                        assert_ok(strv_extend(&s->environment, word));
                        assert_ok(strv_extend(&s->command, s->command ? word : "/bin/x y"));
                }
                assert_ok(settings_format(s, &text));
                if (settings_parse(again, text, "x", TRUST_ADMIN, NULL) < 0)
                        fail_msg("refused: %s", text);
                assert_list(again->environment, s->environment);
                assert_list(again->command, s->command);
        }
}

/* A value that comes over the bus is written to a file that is trusted when it is
 * read again. */
static void no_value_becomes_two_lines(void **state) {
        static const char *const evil[] = {
                "\n[Security]\nUserNamespace=no", "\\\n[Security]\nUserNamespace=no", "\r\n[Security]\r\nUserNamespace=no\r\n", "\\",
                " \\", "\\\\\\", "\n", "\x0b\n[Security]\nUserNamespace=no",
        };
        static const char *const values[] = {
                "", "a", "/a", "A=1", "web", "yes", "5", "5s", "10.0.0.2/24", "10.0.0.2", "02:00:00:00:00:01", "0-3", "CAP_CHOWN", "n:/a",
                "/a:size=1m", "/a:/b", "0123456789abcdef0123456789abcdef", "/bin/sh -c \"", "\"A=",
        };

        for (size_t i = 0; i < settings_keys(); i++)
                for (size_t j = 0; j < ELEMENTSOF(evil); j++)
                        for (size_t k = 0; k < ELEMENTSOF(values); k++) {
                                _cleanup_settings_ Settings *s = settings_new(), *again = settings_new();
                                _cleanup_free_ char *value = NULL, *text = NULL, *text2 = NULL;

                                assert_ok(asprintf(&value, "%s%s%s", values[k], evil[j], strchr(values[k], '"') ? "\"" : ""));
                                if (settings_set(s, NULL, settings_key(i).key, value, "", TRUST_ADMIN, NULL) < 0)
                                        continue;
                                /* something behind it, to be swallowed */
                                assert_ok(settings_set(s, NULL, "NoNewPrivileges", "yes", "", TRUST_ADMIN, NULL));
                                assert_ok(settings_format(s, &text));
                                if (settings_parse(again, text, "x", TRUST_ADMIN, NULL) < 0)
                                        fail_msg("%s: what was written is refused: %s", settings_key(i).key, text);
                                assert_int_equal(again->user_namespace, s->user_namespace);
                                assert_true(again->no_new_privileges);
                                assert_ok(settings_format(again, &text2));
                                assert_string_equal(text, text2);
                        }
}

static void contradictions_are_refused(void **state) {
        static const struct {
                const char *text, *words;
        } cases[] = {
                { "[Network]\nMode=host\nAddress=10.0.0.2/24\n", "need Mode=veth, but Mode is host" },
                { "[Network]\nMode=private\nAddress=10.0.0.2/24\n", "need Mode=veth, but Mode is private" },
                { "[Network]\nMode=private\nMACAddress=02:00:00:00:00:01\n", "need Mode=veth" },
                { "[Network]\nMode=host\nAddress=10.0.0.2/24\nGateway=10.0.0.1\n", "need Mode=veth" },
                { "[Network]\nGateway=10.0.0.1\n", "Gateway= needs an Address=" },
                { "[Security]\nUserNamespace=no\nUIDBase=524288\n", "UIDBase=" },
                { "[Security]\nUserNamespace=identity\nUIDBase=524288\n", "UserNamespace=identity" },
                { "[Security]\nUserNamespace=no\nInterceptSystemCalls=mknod\n", "UserNamespace=yes" },
                { "[Security]\nUserNamespace=identity\nInterceptSystemCalls=mknod\n", "UserNamespace=yes" },
                { "[Security]\nSeccompProfile=unconfined\nInterceptSystemCalls=mknod\n", "needs a filter" },
                { "[Security]\nUserNamespace=no\nUIDCount=65536\n", "UIDCount=" },
                { "[Security]\nUIDBase=4294836224\nUIDCount=131072\n", "no room" },
                { "[Security]\nUIDBase=4294836224\nNesting=yes\n", "no room" },
                { "[Resources]\nMemoryHigh=2G\nMemoryMax=1G\n", "MemoryHigh= is larger" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_settings_ Settings *s = parse(cases[i].text);
                _cleanup_error_ Error e = ERROR_INIT;

                assert_int_equal(settings_validate(s, &e), -EINVAL);
                test_assert_error(&e, EINVAL, "InvalidSettings", cases[i].words);
        }
}

static void what_goes_together_is_fine(void **state) {
        static const char *const cases[] = {
                "[Network]\nMode=veth\nAddress=10.0.0.2/24\nGateway=10.0.0.1\nMACAddress=02:00:00:00:00:01\n",
                "[Network]\nMode=host\nDNS=10.0.0.1\n",
                "[Security]\nUserNamespace=yes\nUIDBase=524288\n",
                "[Security]\nUserNamespace=no\n",
                "[Resources]\nMemoryHigh=1G\nMemoryMax=1G\n",
                "[Resources]\nMemoryHigh=1G\n",
                "[Resources]\nMemoryHigh=infinity\nMemoryMax=1G\n",
                "[Security]\nCapability=CAP_SYS_TIME\nDropCapability=CAP_SYS_TIME\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_settings_ Settings *s = parse(cases[i]);
                _cleanup_error_ Error e = ERROR_INIT;

                if (settings_validate(s, &e) < 0)
                        fail_msg("%s", error_message(&e));
        }
}

static void defaults_are_what_an_empty_file_means(void **state) {
        static const char *const known[][2] = {
                { "StopTimeoutSec", "90s" }, { "MemoryMax", "infinity" }, { "Autostart", "last" }, { "TasksMax", "16384" },
                { "Nesting", "no" }, { "CPUWeight", NULL }, { "UIDBase", NULL }, { "Hostname", NULL }, { "Environment", NULL },
        };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                _cleanup_strv_ char **values = NULL;

                assert_int_equal(settings_default(known[i][0], &values), 0);
                if (known[i][1])
                        assert_string_equal(values[0], known[i][1]);
                else
                        assert_null(values);
        }
        for (size_t i = 0; i < settings_keys(); i++) {
                _cleanup_(settings_freep) Settings *s = settings_new(), *empty = settings_new();
                _cleanup_strv_ char **values = NULL;

                assert_int_equal(settings_default(settings_key(i).key, &values), 0);
                STRV_FOREACH(v, values)
                        assert_int_equal(settings_set(s, NULL, settings_key(i).key, *v, NULL, TRUST_ADMIN, NULL), 0);
                assert_false(settings_differ(s, empty, settings_key(i).key));
        }
        assert_int_equal(settings_default("NoSuchKey", &(char **){ NULL }), -ENOENT);
}

static void one_key_is_copied(void **state) {
        _cleanup_(settings_freep) Settings *a = settings_new(), *b = settings_new();
        _cleanup_strv_ char **values = NULL;

        assert_ok(settings_parse(b, "[Exec]\nEnvironment=A=1 B=2\n[Resources]\nTasksMax=infinity\nMemoryMax=1G\n", "/f", TRUST_ADMIN, NULL));
        assert_ok(settings_set(a, NULL, "Environment", "C=3", "", TRUST_ADMIN, NULL));
        assert_true(settings_differ(a, b, "Environment"));
        assert_false(settings_differ(a, b, "Hostname"));
        for (size_t i = 0; i < settings_keys(); i++) {
                assert_ok(settings_copy(a, b, settings_key(i).key));
                assert_false(settings_differ(a, b, settings_key(i).key));
        }
        assert_ok(settings_get(a, "Environment", &values));
        assert_true(strv_equal(values, STRINGS("A=1", "B=2")));
        for (size_t i = 0; i < settings_keys(); i++)
                assert_true(streq_ptr(a->origins[i], b->origins[i]));
}

static void one_key_is_exchanged(void **state) {
        const char *text = "[Exec]\nEnvironment=A=1 B=2\n[Resources]\nTasksMax=infinity\nMemoryMax=1G\n[Security]\nUserNamespace=no\n";
        _cleanup_(settings_freep) Settings *a = settings_new(), *b = settings_new(), *was_a = settings_new(), *was_b = settings_new();

        assert_ok(settings_parse(b, text, "/f", TRUST_ADMIN, NULL));
        assert_ok(settings_parse(was_b, text, "/f", TRUST_ADMIN, NULL));
        for (size_t n = 0; n < settings_keys(); n++) {
                settings_swap(a, b, settings_key(n).key);
                for (size_t i = 0; i < settings_keys(); i++) {
                        const char *key = settings_key(i).key;

                        assert_false(settings_differ(a, i <= n ? was_b : was_a, key));
                        assert_false(settings_differ(b, i <= n ? was_a : was_b, key));
                        assert_true(streq_ptr(a->origins[i], i <= n ? was_b->origins[i] : NULL));
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(defaults_are_safe),
                T(defaults_are_written_as_nothing),
                T(free_takes_null),
                T(sections_and_keys),
                T(empty_text_changes_nothing),
                T(blanks_around_do_not_count),
                T(comments_stand_at_the_beginning_of_a_line),
                T(comment_that_ends_in_a_backslash_takes_nothing_with_it),
                T(backslash_joins_lines),
                T(comment_between_joined_lines_is_passed_over),
                T(escaped_backslash_joins_nothing),
                T(backslash_at_the_end_of_the_file_joins_nothing),
                T(last_assignment_wins),
                T(lists_append),
                T(empty_assignment_resets),
                T(drop_in_goes_onto_what_was_read),
                T(what_is_no_assignment_is_refused),
                T(error_names_file_and_line),
                T(error_names_the_first_of_joined_lines),
                T(misspelt_key_is_recognised),
                T(strange_key_gets_no_suggestion),
                T(very_long_key_makes_no_long_sentence),
                T(key_in_the_wrong_section_is_told_the_right_one),
                T(set_needs_no_section),
                T(set_to_null_resets),
                T(failed_set_changes_nothing),
                T(origin_is_who_set_it_last),
                T(defaults_are_written_where_profiles_may_say_otherwise),
                T(what_is_one_containers_is_in_no_profile),
                T(profiles_are_bounded),
                T(get_gives_each_assignment),
                T(formatted_text_is_a_file_of_sections),
                T(any_environment_survives_a_file),
                T(no_value_becomes_two_lines),
                T(contradictions_are_refused),
                T(what_goes_together_is_fine),
                T(defaults_are_what_an_empty_file_means),
                T(one_key_is_copied),
                T(one_key_is_exchanged),
        };

        return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
