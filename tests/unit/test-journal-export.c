/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "journal-export.h"
#include "test.h"
#include "utf8.h"

/* What of the text comes to the host's journal, with "|" behind each entry; the last result
 * of the parser. */
static int forwarded(const char *text, size_t n, char *ret, size_t size) {
        static JournalExport x;
        size_t used = 0;
        int r = 0;

        x = (JournalExport){};
        ret[0] = 0;
        for (size_t i = 0; i < n; i++) {
                char *lines[JOURNAL_LINES] = {};

                r = journal_export_take(&x, text[i]);
                if (r < 0)
                        return r;
                if (r == 0)
                        continue;
                if (journal_export_lines(&x, "web", lines) >= 0)
                        for (size_t k = 0; k < JOURNAL_LINES; k++) {
                                assert_true(utf8_is_printable(lines[k]));
                                used += (size_t) snprintf(ret + used, size - used, "%s%s", lines[k], k + 1 < JOURNAL_LINES ? " " : "|");
                        }
                for (size_t k = 0; k < JOURNAL_LINES; k++)
                        free(lines[k]);
                journal_export_next(&x);
        }
        return r;
}

static void assert_forwarded(const char *text, size_t n, const char *expected) {
        static char got[256 * 1024];

        assert_true(forwarded(text, n, got, sizeof(got)) >= 0);
        assert_string_equal(got, expected);
}

#define CHECK(text, expected) assert_forwarded(text, sizeof(text) - 1, expected)

static void fields_come_over(void **state) {
        CHECK("__CURSOR=s=1\n_HOSTNAME=evil\nMESSAGE=hello\nPRIORITY=4\nSYSLOG_IDENTIFIER=sshd\n_PID=12\n_SYSTEMD_UNIT=ssh.service\n\n",
              "MESSAGE=hello PRIORITY=4 SYSLOG_IDENTIFIER=web/sshd CTRD_CONTAINER=web CTRD_UNIT=ssh.service CTRD_PID=12|");
        CHECK("_COMM=cron\nMESSAGE\n\x05\0\0\0\0\0\0\0a\nb=c\nPRIORITY=3\n\nMESSAGE=two\n\n",
              "MESSAGE=a b=c PRIORITY=3 SYSLOG_IDENTIFIER=web/cron CTRD_CONTAINER=web CTRD_UNIT= CTRD_PID=|"
              "MESSAGE=two PRIORITY=6 SYSLOG_IDENTIFIER=web/unknown CTRD_CONTAINER=web CTRD_UNIT= CTRD_PID=|");
        CHECK("PRIORITY=3\n\n\n\n", "");
        CHECK("MESSAGE\n\0\0\0\0\0\0\0\0\n\n", "MESSAGE= PRIORITY=6 SYSLOG_IDENTIFIER=web/unknown CTRD_CONTAINER=web CTRD_UNIT= CTRD_PID=|");
        CHECK("MESSAGE=not whole", "");
}

static void nothing_is_forged(void **state) {
        /* no level that is written to terminals, no number that is none, no second value, no control character */
        CHECK("MESSAGE=a\x1b[2J\nPRIORITY=0\n_PID=1 CTRD_CONTAINER=other\nMESSAGE=b\nSYSLOG_IDENTIFIER\n\x06\0\0\0\0\0\0\0x\nMESS\n\n",
              "MESSAGE=a?[2J PRIORITY=1 SYSLOG_IDENTIFIER=web/x MESS CTRD_CONTAINER=web CTRD_UNIT= CTRD_PID=|");
        CHECK("MESSAGE=\xff\xc3\nPRIORITY=-1\n_PID=99999999999\nCTRD_CONTAINER=other\nCONTAINER_NAME=x\n_UID=0\nMESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1\n\n",
              "MESSAGE=?\? PRIORITY=6 SYSLOG_IDENTIFIER=web/unknown CTRD_CONTAINER=web CTRD_UNIT= CTRD_PID=|");
}

static void what_is_long_is_cut(void **state) {
        static char text[100000], got[256 * 1024];
        size_t n = 8;

        memcpy(text, "MESSAGE=", 8);
        memset(text + n, 'x', 60000);
        n += 60000;
        n += (size_t) sprintf(text + n, "\n%01000d=name\nSYSLOG_IDENTIFIER=%0500d\n\n", 1, 2);
        assert_int_equal(forwarded(text, n, got, sizeof(got)), 1);
        assert_int_equal(strspn(got + 8, "x"), JOURNAL_MESSAGE_MAX - 1);
        assert_true(strlen(got) < JOURNAL_MESSAGE_MAX + 500);
        /* more than there ever will be is waited for, and costs nothing */
        static const char endless[] = "MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff" "abc\n\nMESSAGE=b\n\n";
        assert_int_equal(forwarded(endless, sizeof(endless) - 1, got, sizeof(got)), 0);
        assert_string_equal(got, "");
}

static void what_is_no_journal_is_refused(void **state) {
        static const char text[] = "MESSAGE\n\x01\0\0\0\0\0\0\0abc\n\n";
        char got[256];

        assert_int_equal(forwarded(text, sizeof(text) - 1, got, sizeof(got)), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                T(fields_come_over),
                T(nothing_is_forged),
                T(what_is_long_is_cut),
                T(what_is_no_journal_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
