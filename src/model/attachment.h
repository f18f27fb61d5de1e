/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a container is given of the host's, or for itself, and may be given while it runs:
 * values of Bind=, BindReadOnly=, TemporaryFileSystem=, Device= and Credential=, taken apart.
 */

#include "settings.h"

typedef enum AttachmentKind { /* in the order in which they are mounted */
        ATTACHMENT_BIND,
        ATTACHMENT_BIND_READ_ONLY,
        ATTACHMENT_TMPFS,
        ATTACHMENT_DEVICE,
        ATTACHMENT_CREDENTIAL,
        _ATTACHMENT_KIND_MAX,
        _ATTACHMENT_KIND_INVALID = -EINVAL,
} AttachmentKind;

/* Options of a tmpfs for which none are given. */
#define ATTACHMENT_TMPFS_DEFAULT "mode=755"

/* Of all kinds together, in a container. */
#define ATTACHMENTS_MAX 256

/* The key of settings that lists them. */
const char *attachment_kind_to_string(AttachmentKind kind);
AttachmentKind attachment_kind_from_string(const char *s);

typedef struct Attachment {
        AttachmentKind kind;
        char *source;  /* path on the host; NULL: none */
        char *target;  /* path inside, or the name of a credential */
        char *options; /* of a tmpfs, with commas between them; NULL: none */
        bool recursive;
} Attachment;

/* value: a valid one of the kind. -ENOMEM. */
int attachment_parse(AttachmentKind kind, const char *value, Attachment *ret);
void attachment_clear(Attachment *attachment);

/* The values of a kind. */
char **attachment_list(const Settings *settings, AttachmentKind kind);

/* Which value of which kind has a target; -ENOENT where none has. *ret_value is the
 * settings'. */
int attachment_find(const Settings *settings, const char *target, AttachmentKind *ret_kind, const char **ret_value);

/* Whether two paths are the same, or the second is below the first, but for "//" and "/." in them. */
bool attachment_is_at(const char *target, const char *other);
bool attachment_is_below(const char *target, const char *other);

/* How many there are. */
size_t attachment_count(const Settings *settings);

/* Gives to the values of all kinds that from has. */
int attachment_copy_all(Settings *to, const Settings *from);
