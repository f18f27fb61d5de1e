/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <endian.h>
#include <stdio.h>

#include "dbus-message.h"

#define ORDER (__BYTE_ORDER == __LITTLE_ENDIAN ? 'l' : 'B')
#define VERSION 1

typedef enum Field {
        FIELD_PATH = 1,
        FIELD_INTERFACE,
        FIELD_MEMBER,
        FIELD_ERROR_NAME,
        FIELD_REPLY_SERIAL,
        FIELD_DESTINATION,
        FIELD_SENDER,
        FIELD_SIGNATURE,
        FIELD_UNIX_FDS,
} Field;

/* Writing. */

void dbus_writer_clear(DBusWriter *w) {
        free(w->data);
        *w = (DBusWriter){};
}

static char *extend(DBusWriter *w, size_t n) {
        size_t begin = w->size;

        if (w->failed)
                return NULL;
        if (n > w->allocated - w->size) {
                size_t want = MAX(2 * w->allocated, w->size + n + 512);
                char *data = want > w->size ? realloc(w->data, want) : NULL;

                if (!data) {
                        w->failed = true;
                        return NULL;
                }
                w->data = data;
                w->allocated = want;
        }
        w->size += n;
        return w->data + begin;
}

void dbus_put_bytes(DBusWriter *w, const void *data, size_t n) {
        /* Nothing may stand before any byte: there is no buffer then to point into. */
        char *p = n > 0 ? extend(w, n) : NULL;

        if (p)
                memcpy(p, data, n);
}

static void align(DBusWriter *w, size_t to) {
        static const char zero[8] = {};

        dbus_put_bytes(w, zero, -w->size & (to - 1));
}

void dbus_put_u32(DBusWriter *w, uint32_t value) {
        align(w, sizeof(value));
        dbus_put_bytes(w, &value, sizeof(value));
}

void dbus_put_u64(DBusWriter *w, uint64_t value) {
        align(w, sizeof(value));
        dbus_put_bytes(w, &value, sizeof(value));
}

void dbus_put_string(DBusWriter *w, const char *s) {
        size_t n = strlen(s);

        dbus_put_u32(w, (uint32_t) n);
        dbus_put_bytes(w, s, n + 1);
}

void dbus_put_signature(DBusWriter *w, const char *s) {
        uint8_t n = (uint8_t) strlen(s);

        dbus_put_bytes(w, &n, 1);
        dbus_put_bytes(w, s, (size_t) n + 1);
}

void dbus_put_struct(DBusWriter *w) {
        align(w, 8);
}

DBusArray dbus_begin_array(DBusWriter *w, size_t alignment) {
        DBusArray array;

        dbus_put_u32(w, 0);
        array.length = w->size - sizeof(uint32_t);
        align(w, alignment); /* this padding does not count */
        array.begin = w->size;
        return array;
}

void dbus_end_array(DBusWriter *w, DBusArray array) {
        uint32_t n = (uint32_t) (w->size - array.begin);

        if (!w->failed)
                memcpy(w->data + array.length, &n, sizeof(n));
}

void dbus_put_strv(DBusWriter *w, char *const *l) {
        DBusArray array = dbus_begin_array(w, sizeof(uint32_t));

        for (; l && *l; l++)
                dbus_put_string(w, *l);
        dbus_end_array(w, array);
}

static void put_field(DBusWriter *w, Field field, const char *type) {
        uint8_t code = (uint8_t) field;

        dbus_put_struct(w);
        dbus_put_bytes(w, &code, 1);
        dbus_put_signature(w, type);
}

static void put_text_field(DBusWriter *w, Field field, const char *type, const char *text) {
        if (!text)
                return;
        put_field(w, field, type);
        if (*type == 'g')
                dbus_put_signature(w, text);
        else
                dbus_put_string(w, text);
}

void dbus_put_call(DBusWriter *w, const DBusCall *call, const DBusWriter *body) {
        const char begin[] = { ORDER, DBUS_METHOD_CALL, 0, VERSION };
        DBusArray fields;

        dbus_put_bytes(w, begin, sizeof(begin));
        dbus_put_u32(w, body ? (uint32_t) body->size : 0);
        dbus_put_u32(w, call->serial);
        fields = dbus_begin_array(w, 8);
        put_text_field(w, FIELD_PATH, "o", call->path);
        put_text_field(w, FIELD_DESTINATION, "s", call->destination);
        put_text_field(w, FIELD_INTERFACE, "s", call->interface);
        put_text_field(w, FIELD_MEMBER, "s", call->member);
        put_text_field(w, FIELD_SIGNATURE, "g", call->signature);
        if (call->n_fds > 0) {
                put_field(w, FIELD_UNIX_FDS, "u");
                dbus_put_u32(w, call->n_fds);
        }
        dbus_end_array(w, fields);
        align(w, 8);
        if (body) {
                dbus_put_bytes(w, body->data, body->size);
                w->failed = w->failed || body->failed;
        }
}

/* Reading. */

static uint32_t u32_at(const char *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return v;
}

/* n bytes, which begin at a multiple of "alignment", or NULL. */
static const char *take(DBusReader *r, size_t n, size_t alignment) {
        size_t begin = r->position + (-r->position & (alignment - 1));

        if (begin > r->size || n > r->size - begin)
                return NULL;
        r->position = begin + n;
        return r->data + begin;
}

int dbus_take_u32(DBusReader *r, uint32_t *ret) {
        const char *p = take(r, sizeof(*ret), sizeof(*ret));

        if (!p)
                return -EBADMSG;
        *ret = u32_at(p);
        return 0;
}

/* n bytes and a NUL, and none before. */
static const char *take_text(DBusReader *r, size_t n) {
        const char *p = n < r->size ? take(r, n + 1, 1) : NULL;

        return p && strnlen(p, n + 1) == n ? p : NULL;
}

const char *dbus_take_string(DBusReader *r) {
        uint32_t n;

        return dbus_take_u32(r, &n) >= 0 ? take_text(r, n) : NULL;
}

static const char *take_signature(DBusReader *r) {
        const char *n = take(r, 1, 1);

        return n ? take_text(r, (uint8_t) *n) : NULL;
}

static int take_field(DBusReader *r, DBusMessage *m) {
        const char *code = take(r, 1, 8), *type, *text = NULL;
        uint32_t number = 0;
        char expected;

        type = code ? take_signature(r) : NULL;
        if (!type || strlen(type) != 1)
                return -EBADMSG;
        switch (*type) {
        case 's':
        case 'o':
                text = dbus_take_u32(r, &number) >= 0 ? take_text(r, number) : NULL;
                if (!text)
                        return -EBADMSG;
                break;
        case 'g':
                text = take_signature(r);
                if (!text)
                        return -EBADMSG;
                break;
        case 'u':
                if (dbus_take_u32(r, &number) < 0)
                        return -EBADMSG;
                break;
        default: /* no field has another type */
                return -EBADMSG;
        }

        switch ((Field) *code) {
        case FIELD_PATH:
                expected = 'o';
                m->path = text;
                break;
        case FIELD_INTERFACE:
                expected = 's';
                m->interface = text;
                break;
        case FIELD_MEMBER:
                expected = 's';
                m->member = text;
                break;
        case FIELD_SENDER:
                expected = 's';
                m->sender = text;
                break;
        case FIELD_ERROR_NAME:
                expected = 's';
                m->error_name = text;
                break;
        case FIELD_SIGNATURE:
                expected = 'g';
                m->signature = text;
                break;
        case FIELD_REPLY_SERIAL:
                expected = 'u';
                m->reply_serial = number;
                break;
        case FIELD_UNIX_FDS:
                expected = 'u';
                m->n_fds = number;
                break;
        default:
                return 0;
        }
        return *type == expected ? 0 : -EBADMSG;
}

ssize_t dbus_message_size(const char header[static DBUS_HEADER_SIZE]) {
        uint64_t body = u32_at(header + 4), fields = u32_at(header + 12), size;

        if (header[0] != ORDER || header[3] != VERSION)
                return -EBADMSG;
        size = DBUS_HEADER_SIZE + ((fields + 7) & ~UINT64_C(7)) + body;
        return size <= DBUS_MESSAGE_MAX ? (ssize_t) size : -EBADMSG;
}

int dbus_message_parse(const char *data, size_t size, DBusMessage *ret) {
        DBusMessage m = { .signature = "" };
        DBusReader r = { .data = data, .position = DBUS_HEADER_SIZE };
        int k;

        if (size < DBUS_HEADER_SIZE || dbus_message_size(data) != (ssize_t) size)
                return -EBADMSG;
        m.type = (DBusType) (uint8_t) data[1];
        m.body_size = u32_at(data + 4);
        m.body = data + size - m.body_size;
        r.size = DBUS_HEADER_SIZE + u32_at(data + 12);
        while (r.position < r.size) {
                k = take_field(&r, &m);
                if (k < 0)
                        return k;
        }
        if (m.type == 0 || (!*m.signature) != (m.body_size == 0) || (m.type == DBUS_ERROR && !m.error_name) ||
            ((m.type == DBUS_METHOD_RETURN || m.type == DBUS_ERROR) && m.reply_serial == 0))
                return -EBADMSG;
        *ret = m;
        return 0;
}

int dbus_label(const char *s, char ret[static DBUS_LABEL_MAX]) {
        char *p = ret;

        if (strlen(s) > DBUS_LABEL_MAX / 3)
                return -ENAMETOOLONG;
        if (!*s)
                *p++ = '_';
        for (const char *c = s; *c; c++)
                if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (c > s && *c >= '0' && *c <= '9'))
                        *p++ = *c;
                else
                        p += sprintf(p, "_%02x", (unsigned char) *c);
        *p = 0;
        return 0;
}
