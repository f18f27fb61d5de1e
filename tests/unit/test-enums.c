/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Every enumeration with a table of words, by one test each: a value has a word,
 * the word is that value, no two have the same, what is none is refused. A new
 * enumeration is one row here.
 */

#include <ctype.h>

#include "settings.h"
#include "state.h"
#include "test.h"
#include "wire.h"

typedef struct Table {
        const char *name;
        int max;
        const char *(*to_string)(int value);
        int (*from_string)(const char *s); /* NULL: of settings, which settings-table.c reads */
} Table;

#define WORDS(type, prefix)                                             \
        static const char *prefix##_word(int value) {                   \
                return prefix##_to_string((type) value);                \
        }

#define TABLE(type, prefix)                                             \
        WORDS(type, prefix)                                             \
        static int prefix##_value(const char *s) {                      \
                return (int) prefix##_from_string(s);                   \
        }

WORDS(Autostart, autostart)
WORDS(NetworkMode, network_mode)
WORDS(RestartPolicy, restart_policy)
WORDS(Tristate, tristate)
WORDS(UserNamespaceMode, user_namespace_mode)
TABLE(MonitorPhase, monitor_phase)
TABLE(ExitReason, exit_reason)
TABLE(ContainerState, container_state)
WORDS(SeccompProfile, seccomp_profile)

static const Table tables[] = {
        { "Autostart", _AUTOSTART_MAX, autostart_word, NULL },
        { "NetworkMode", _NETWORK_MODE_MAX, network_mode_word, NULL },
        { "Tristate", _TRISTATE_MAX, tristate_word, NULL },
        { "RestartPolicy", _RESTART_POLICY_MAX, restart_policy_word, NULL },
        { "UserNamespaceMode", _USER_NAMESPACE_MODE_MAX, user_namespace_mode_word, NULL },
        { "MonitorPhase", _MONITOR_PHASE_MAX, monitor_phase_word, monitor_phase_value },
        { "ExitReason", _EXIT_REASON_MAX, exit_reason_word, exit_reason_value },
        { "ContainerState", _CONTAINER_STATE_MAX, container_state_word, container_state_value },
        { "SeccompProfile", _SECCOMP_PROFILE_MAX, seccomp_profile_word, NULL },
};

#define EACH_TABLE(t) for (const Table *t = tables; t < tables + ELEMENTSOF(tables); t++)

static void every_value_has_a_word_that_leads_back(void **state) {
        EACH_TABLE(t)
                for (int i = 0; i < t->max; i++) {
                        if (!t->to_string(i))
                                fail_msg("%s: %d has no word", t->name, i);
                        if (t->from_string)
                                assert_int_equal(t->from_string(t->to_string(i)), i);
                        for (int j = 0; j < i; j++)
                                assert_string_not_equal(t->to_string(i), t->to_string(j));
                }
}

static void words_are_lower_case_and_hyphens(void **state) {
        EACH_TABLE(t)
                for (int i = 0; i < t->max; i++) {
                        const char *w = t->to_string(i);

                        assert_true(islower((unsigned char) *w));
                        assert_int_equal(strspn(w, "abcdefghijklmnopqrstuvwxyz-"), strlen(w));
                }
}

static void values_outside_have_no_word(void **state) {
        EACH_TABLE(t) {
                assert_null(t->to_string(-1));
                assert_null(t->to_string(-EINVAL));
                assert_null(t->to_string(t->max));
                assert_null(t->to_string(INT32_MAX));
                assert_null(t->to_string(INT32_MIN));
        }
}

static void other_words_are_refused(void **state) {
        EACH_TABLE(t) {
                char longer[64];

                if (!t->from_string)
                        continue;
                assert_int_equal(t->from_string(""), -EINVAL);
                assert_int_equal(t->from_string(NULL), -EINVAL);
                assert_int_equal(t->from_string("no such word"), -EINVAL);
                snprintf(longer, sizeof(longer), "%s ", t->to_string(0));
                assert_int_equal(t->from_string(longer), -EINVAL);
                longer[0] = (char) toupper((unsigned char) longer[0]);
                longer[strlen(longer) - 1] = 0;
                assert_int_equal(t->from_string(longer), -EINVAL);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(every_value_has_a_word_that_leads_back),
                T(words_are_lower_case_and_hyphens),
                T(values_outside_have_no_word),
                T(other_words_are_refused),
        };

        return cmocka_run_group_tests_name("enums", tests, NULL, NULL);
}
