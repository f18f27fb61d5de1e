/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "attachment.h"
#include "device-word.h"
#include "strv.h"

static const struct {
        const char *key;
        size_t offset; /* of the list in Settings */
} kinds[_ATTACHMENT_KIND_MAX] = {
        [ATTACHMENT_BIND] = { "Bind", offsetof(Settings, bind) },
        [ATTACHMENT_BIND_READ_ONLY] = { "BindReadOnly", offsetof(Settings, bind_read_only) },
        [ATTACHMENT_TMPFS] = { "TemporaryFileSystem", offsetof(Settings, tmpfs) },
        [ATTACHMENT_DEVICE] = { "Device", offsetof(Settings, device) },
        [ATTACHMENT_CREDENTIAL] = { "Credential", offsetof(Settings, credentials) },
};

const char *attachment_kind_to_string(AttachmentKind kind) {
        return kind >= 0 && kind < _ATTACHMENT_KIND_MAX ? kinds[kind].key : NULL;
}

AttachmentKind attachment_kind_from_string(const char *s) {
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++)
                if (streq_ptr(kinds[i].key, s))
                        return i;
        return _ATTACHMENT_KIND_INVALID;
}

void attachment_clear(Attachment *a) {
        free(a->source);
        free(a->target);
        free(a->options);
        *a = (Attachment){};
}

/* NULL for NULL, so that what is missing is known afterwards. */
static char *copy(const char *s) {
        return s ? strdup(s) : NULL;
}

static int parse_device(const char *value, Attachment *ret) {
        DeviceWord word;
        int r = device_word_parse(value, &word);

        if (r < 0)
                return r;
        *ret = (Attachment){ .kind = ATTACHMENT_DEVICE, .source = TAKE_PTR(word.source), .target = TAKE_PTR(word.destination) };
        device_word_clear(&word);
        return 0;
}

int attachment_parse(AttachmentKind kind, const char *value, Attachment *ret) {
        _cleanup_free_ char *text = strdup(value);
        char *first = text, *second, *third;
        Attachment a = { .kind = kind };

        if (kind == ATTACHMENT_DEVICE)
                return parse_device(value, ret);
        if (!text)
                return -ENOMEM;
        second = strchr(first, ':');
        if (second)
                *second++ = 0;
        if (kind == ATTACHMENT_CREDENTIAL || kind == ATTACHMENT_TMPFS) {
                a.target = copy(first);
                *(kind == ATTACHMENT_TMPFS ? &a.options : &a.source) = copy(second);
        } else {
                third = second ? strchr(second, ':') : NULL;
                if (third)
                        *third++ = 0;
                a.source = copy(first);
                a.target = copy(second ?: first);
                a.recursive = !third || streq(third, "rbind");
        }
        if (!a.target || (kind != ATTACHMENT_TMPFS && !a.source) || (kind == ATTACHMENT_TMPFS && second && !a.options)) {
                attachment_clear(&a);
                return -ENOMEM;
        }
        *ret = a;
        return 0;
}

char **attachment_list(const Settings *settings, AttachmentKind kind) {
        return *(char **const *) ((const char *) settings + kinds[kind].offset);
}

size_t attachment_count(const Settings *settings) {
        size_t n = 0;

        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++)
                n += strv_length(attachment_list(settings, i));
        return n;
}

/* The next component; its length is 0 at the end. */
static size_t component(const char **p) {
        for (;;) {
                size_t n;

                *p += strspn(*p, "/");
                n = strcspn(*p, "/");
                if (n != 1 || **p != '.')
                        return n;
                (*p)++;
        }
}

/* What is left of other behind target, or NULL where it does not begin with it. */
static const char *behind(const char *target, const char *other) {
        size_t n, m;

        if (*target != '/' || *other != '/')
                return NULL;
        while ((n = component(&target)) > 0) {
                m = component(&other);
                if (n != m || strncmp(target, other, n) != 0)
                        return NULL;
                target += n;
                other += n;
        }
        (void) component(&other);
        return other;
}

bool attachment_is_at(const char *target, const char *other) {
        const char *rest = behind(target, other);

        return streq(target, other) || (rest && *rest == 0);
}

bool attachment_is_below(const char *target, const char *other) {
        const char *rest = behind(target, other);

        return rest && *rest;
}

int attachment_find(const Settings *settings, const char *target, AttachmentKind *ret_kind, const char **ret_value) {
        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX; i++)
                STRV_FOREACH(v, attachment_list(settings, i)) {
                        Attachment a;
                        int r = attachment_parse(i, *v, &a);
                        bool found;

                        if (r < 0)
                                return r;
                        found = attachment_is_at(a.target, target);
                        attachment_clear(&a);
                        if (found) {
                                *ret_kind = i;
                                *ret_value = *v;
                                return 0;
                        }
                }
        return -ENOENT;
}

int attachment_copy_all(Settings *to, const Settings *from) {
        int r = 0;

        for (AttachmentKind i = 0; i < _ATTACHMENT_KIND_MAX && r >= 0; i++)
                r = settings_copy(to, from, kinds[i].key);
        return r;
}
