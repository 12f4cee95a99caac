/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_wire: the items of XDR (RFC 4506), written to a message and read from one. Pure.
 *
 * Both remember their first trouble, so a row of items is written or read without a check of each:
 * service_wire_writer_end() and @fault tell. A reader allocates nothing that is larger than the
 * bytes that are left would justify.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message that grows. It begins with its length, which is set at the end. */
typedef struct {
    uint8_t *bytes;
    size_t n_bytes;
    size_t n_allocated;
    size_t most; /* bytes */
    bool is_too_large;
} ServiceWireWriter;

void service_wire_writer_init(ServiceWireWriter *self, size_t most);
void service_wire_writer_clear(ServiceWireWriter *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ServiceWireWriter, service_wire_writer_clear)

void service_wire_put_u32(ServiceWireWriter *self, uint32_t value);
void service_wire_put_u64(ServiceWireWriter *self, uint64_t value);
void service_wire_put_bytes(ServiceWireWriter *self, const void *bytes, size_t n_bytes);
/* A text longer than ANSWER_TEXT_BYTES makes the message too large. */
void service_wire_put_text(ServiceWireWriter *self, const char *text);
void service_wire_put_optional_text(ServiceWireWriter *self, const char *text); /* NULL: absent */

/* Gives the message, and leaves none; NULL and UNSUPPORTED if it is too large. */
GBytes *service_wire_writer_end(ServiceWireWriter *self, GError **error);

typedef struct {
    const uint8_t *at;
    size_t left;       /* bytes */
    const char *fault; /* why what was read is refused; NULL: it is not */
} ServiceWireReader;

/* A text in a message: borrowed from it, without a NUL at its end. */
typedef struct {
    const char *at;
    uint32_t size;
} ServiceWireText;

/* Sets the first fault; nothing more is read. */
void service_wire_fail(ServiceWireReader *self, const char *fault);

/* Each gives 0, or nothing, after a fault. */
uint32_t service_wire_take_u32(ServiceWireReader *self);
uint64_t service_wire_take_u64(ServiceWireReader *self);
bool service_wire_take_bool(ServiceWireReader *self);
const void *service_wire_take_bytes(ServiceWireReader *self, size_t n_bytes);
/* A text has no NUL inside, and no more than @most bytes. */
ServiceWireText service_wire_take_text(ServiceWireReader *self, size_t most);
char *service_wire_take_string(ServiceWireReader *self);          /* the caller frees it */
char *service_wire_take_optional_string(ServiceWireReader *self); /* NULL: absent */
/* A number of things of which each takes @least bytes or more; no more than @most. */
uint32_t service_wire_take_count(ServiceWireReader *self, size_t most, size_t least);
