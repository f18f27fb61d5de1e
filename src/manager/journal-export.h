/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The journal export format (systemd.io/JOURNAL_EXPORT_FORMATS), as a container writes it:
 * nothing in it is trusted. It is read a byte at a time, in memory of fixed size; of each
 * entry the first value of a few fields is kept, as much of it as there is room for.
 */

#include "macro.h"

typedef enum JournalField {
        JOURNAL_MESSAGE,
        JOURNAL_PRIORITY,
        JOURNAL_IDENTIFIER,
        JOURNAL_COMM,
        JOURNAL_PID,
        JOURNAL_UNIT,
        _JOURNAL_FIELD_MAX,
        _JOURNAL_FIELD_INVALID = -EINVAL,
} JournalField;

#define JOURNAL_MESSAGE_MAX (16 * 1024)
#define JOURNAL_WORD_MAX 256

typedef struct JournalExport {
        enum {
                JOURNAL_NAME,
                JOURNAL_TEXT, /* up to the end of the line */
                JOURNAL_SIZE, /* of what follows, 64 bits */
                JOURNAL_DATA,
                JOURNAL_END, /* the line break behind it */
        } state;
        char name[32];
        size_t n_name;
        JournalField field; /* that the value is of, or invalid */
        uint64_t left;
        unsigned n_size;
        size_t n_value;
        bool seen[_JOURNAL_FIELD_MAX];
        char message[JOURNAL_MESSAGE_MAX];
        char words[_JOURNAL_FIELD_MAX][JOURNAL_WORD_MAX]; /* all but the message */
} JournalExport;

/* Takes a byte. Returns 1 where an entry is complete, to be looked at before the next byte;
 * 0 where it goes on; -EBADMSG where that is no such format. */
int journal_export_take(JournalExport *export, char byte);

/* The value of a field of the entry, made printable; "" where it has none. */
const char *journal_export_value(JournalExport *export, JournalField field);

/* Begins the next entry. */
void journal_export_next(JournalExport *export);

/* The fields as the host's journal gets them: NAME=VALUE, JOURNAL_LINES of them, each
 * allocated. container: its name. 0, or -ENOMEM; 0 lines, where the entry has no message,
 * is -ENODATA. */
#define JOURNAL_LINES 6
int journal_export_lines(JournalExport *export, const char *container, char *ret[static JOURNAL_LINES]);
