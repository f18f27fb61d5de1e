/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "journal-export.h"
#include "parse.h"
#include "utf8.h"

static const char *const names[_JOURNAL_FIELD_MAX] = {
        [JOURNAL_MESSAGE] = "MESSAGE", [JOURNAL_PRIORITY] = "PRIORITY", [JOURNAL_IDENTIFIER] = "SYSLOG_IDENTIFIER",
        [JOURNAL_COMM] = "_COMM",      [JOURNAL_PID] = "_PID",          [JOURNAL_UNIT] = "_SYSTEMD_UNIT",
};

static JournalField field_from_name(const char *name, size_t n) {
        for (JournalField i = 0; i < _JOURNAL_FIELD_MAX; i++)
                if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
                        return i;
        return _JOURNAL_FIELD_INVALID;
}

static char *room(JournalExport *x, JournalField field, size_t *ret_size) {
        *ret_size = field == JOURNAL_MESSAGE ? sizeof(x->message) : sizeof(x->words[0]);
        return field == JOURNAL_MESSAGE ? x->message : x->words[field];
}

static void begin_value(JournalExport *x) {
        x->field = field_from_name(x->name, x->n_name);
        if (x->field >= 0 && x->seen[x->field])
                x->field = _JOURNAL_FIELD_INVALID;
        x->n_value = 0;
        x->n_name = 0;
}

static void take_value(JournalExport *x, char byte) {
        size_t size;

        if (x->field < 0)
                return;
        char *value = room(x, x->field, &size);
        if (x->n_value + 1 < size)
                value[x->n_value++] = byte ?: '?';
}

static void end_value(JournalExport *x) {
        size_t size;

        if (x->field >= 0) {
                room(x, x->field, &size)[x->n_value] = 0;
                x->seen[x->field] = true;
        }
        x->state = JOURNAL_NAME;
}

int journal_export_take(JournalExport *x, char byte) {
        switch (x->state) {
        case JOURNAL_NAME:
                if (byte == '\n' && x->n_name == 0)
                        return 1;
                if (byte == '=' || byte == '\n') {
                        begin_value(x);
                        x->state = byte == '=' ? JOURNAL_TEXT : JOURNAL_SIZE;
                        x->left = 0;
                        x->n_size = 0;
                } else if (x->n_name < sizeof(x->name))
                        x->name[x->n_name++] = byte; /* one that fills it is none of ours */
                return 0;
        case JOURNAL_TEXT:
                if (byte == '\n')
                        end_value(x);
                else
                        take_value(x, byte);
                return 0;
        case JOURNAL_SIZE:
                x->left |= (uint64_t) (unsigned char) byte << (8 * x->n_size);
                if (++x->n_size == 8)
                        x->state = x->left > 0 ? JOURNAL_DATA : JOURNAL_END;
                return 0;
        case JOURNAL_DATA:
                take_value(x, byte);
                if (--x->left == 0)
                        x->state = JOURNAL_END;
                return 0;
        case JOURNAL_END:
                if (byte != '\n')
                        return -EBADMSG;
                end_value(x);
                return 0;
        default:
                return -EBADMSG;
        }
}

const char *journal_export_value(JournalExport *x, JournalField field) {
        size_t size;
        char *value = room(x, field, &size);

        if (!x->seen[field])
                return "";
        utf8_make_printable(value);
        return value;
}

void journal_export_next(JournalExport *x) {
        x->state = JOURNAL_NAME;
        x->n_name = 0;
        memset(x->seen, 0, sizeof(x->seen));
}

/* 0, emerg, is written to the terminals of all who are logged in. */
static unsigned priority(JournalExport *x) {
        uint64_t level;

        return parse_uint_max(journal_export_value(x, JOURNAL_PRIORITY), 7, &level) < 0 ? 6 : level == 0 ? 1 : (unsigned) level;
}

int journal_export_lines(JournalExport *x, const char *container, char *ret[static JOURNAL_LINES]) {
        const char *identifier = journal_export_value(x, JOURNAL_IDENTIFIER), *pid = journal_export_value(x, JOURNAL_PID);
        uint64_t number;
        int r;

        if (!x->seen[JOURNAL_MESSAGE])
                return -ENODATA;
        if (isempty(identifier))
                identifier = journal_export_value(x, JOURNAL_COMM);
        memset(ret, 0, JOURNAL_LINES * sizeof(*ret));
        /* Programs look for identifiers that they know ("sshd") and believe them: the
         * container's name in front of it makes it another. */
        r = asprintf(&ret[0], "MESSAGE=%s", journal_export_value(x, JOURNAL_MESSAGE));
        r = r < 0 ? r : asprintf(&ret[1], "PRIORITY=%u", priority(x));
        r = r < 0 ? r : asprintf(&ret[2], "SYSLOG_IDENTIFIER=%s/%s", container, isempty(identifier) ? "unknown" : identifier);
        r = r < 0 ? r : asprintf(&ret[3], "CTRD_CONTAINER=%s", container);
        r = r < 0 ? r : asprintf(&ret[4], "CTRD_UNIT=%s", journal_export_value(x, JOURNAL_UNIT));
        r = r < 0 ? r : asprintf(&ret[5], "CTRD_PID=%s", parse_uint_max(pid, INT32_MAX, &number) < 0 ? "" : pid);
        return r < 0 ? -ENOMEM : 0;
}
