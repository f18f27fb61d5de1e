/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages of D-Bus, as much of them as method calls and their answers need: the
 * client that runs a command and the runtime are static, and libsystemd is not to
 * be had so. Only this machine's byte order. D-Bus Specification, "Message
 * Protocol".
 */

#include "macro.h"

/* Writing: a message's body, or a message. A failure to allocate shows in
 * "failed" and makes all that follows do nothing. */
typedef struct DBusWriter {
        char *data;
        size_t size;
        size_t allocated;
        bool failed;
} DBusWriter;

void dbus_writer_clear(DBusWriter *w);

typedef struct DBusArray {
        size_t length; /* where it stands */
        size_t begin;
} DBusArray;

void dbus_put_u32(DBusWriter *w, uint32_t value);
void dbus_put_u64(DBusWriter *w, uint64_t value); /* or a signed one */
void dbus_put_bytes(DBusWriter *w, const void *data, size_t n);
/* Strings and object paths: valid UTF-8, or nobody takes the message. */
void dbus_put_string(DBusWriter *w, const char *s);
void dbus_put_signature(DBusWriter *w, const char *s);
void dbus_put_strv(DBusWriter *w, char *const *l);
/* Structures and entries of dictionaries begin at a multiple of 8. */
void dbus_put_struct(DBusWriter *w);
DBusArray dbus_begin_array(DBusWriter *w, size_t alignment);
void dbus_end_array(DBusWriter *w, DBusArray array);

typedef struct DBusCall {
        uint32_t serial;
        const char *destination, *path, *interface, *member;
        const char *signature; /* NULL: no body */
        uint32_t n_fds;
} DBusCall;

/* Writes the whole message into an empty writer. body: NULL where there is none. */
void dbus_put_call(DBusWriter *w, const DBusCall *call, const DBusWriter *body);

/* Reading. */

#define DBUS_HEADER_SIZE 16
#define DBUS_MESSAGE_MAX (64 * 1024)

typedef enum DBusType {
        DBUS_METHOD_CALL = 1,
        DBUS_METHOD_RETURN,
        DBUS_ERROR,
        DBUS_SIGNAL,
} DBusType;

typedef struct DBusMessage {
        DBusType type;
        uint32_t reply_serial; /* 0: none */
        uint32_t n_fds;
        const char *signature; /* "" where there is no body */
        const char *error_name; /* NULL: none */
        const char *sender, *path, *interface, *member; /* NULL: not said */
        const char *body;
        size_t body_size;
} DBusMessage;

/* How long the message is whose first DBUS_HEADER_SIZE bytes these are; at most
 * DBUS_MESSAGE_MAX, or -EBADMSG. */
ssize_t dbus_message_size(const char header[static DBUS_HEADER_SIZE]);

/* Reads a message of exactly that size; it points into data. What is not well
 * formed is -EBADMSG. */
int dbus_message_parse(const char *data, size_t size, DBusMessage *ret);

/* What a body holds, in the order of its signature: to be compared first. Each
 * takes the next value; -EBADMSG or NULL where there is none. */
typedef struct DBusReader {
        const char *data;
        size_t size, position;
} DBusReader;

static inline DBusReader dbus_message_body(const DBusMessage *m) {
        return (DBusReader){ .data = m->body, .size = m->body_size };
}

int dbus_take_u32(DBusReader *r, uint32_t *ret);
/* A string or an object's path; points into the message. */
const char *dbus_take_string(DBusReader *r);

/* The last component of an object's path, as sd_bus_path_encode(3) has it. */
#define DBUS_LABEL_MAX (3 * 64 + 1)
int dbus_label(const char *s, char ret[static DBUS_LABEL_MAX]);
