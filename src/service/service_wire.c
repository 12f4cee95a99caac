/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_wire: see service_wire.h.
 */
#include "service_wire.h"

#include <string.h>

#include "service_limits.h"
#include "util/util_error.h"

#define FIRST_BYTES 1024U /* of the memory of a message that grows */

enum { UNIT = 4 }; /* every item takes a multiple of so many bytes */

void
service_wire_writer_init(ServiceWireWriter *self, size_t most)
{
    *self = (ServiceWireWriter){.most = most, .n_allocated = FIRST_BYTES};
    self->bytes = g_malloc(FIRST_BYTES);
    service_wire_put_u32(self, 0); /* the length */
}

void
service_wire_writer_clear(ServiceWireWriter *self)
{
    g_clear_pointer(&self->bytes, g_free);
}

/* Makes room for @n_bytes more; NULL if the message is then too large. */
static uint8_t *
grow(ServiceWireWriter *self, size_t n_bytes)
{
    size_t at = self->n_bytes;

    if (self->is_too_large || n_bytes > self->most - at) {
        self->is_too_large = true;
        return NULL;
    }
    if (at + n_bytes > self->n_allocated) {
        self->n_allocated = MAX(at + n_bytes, 2 * self->n_allocated);
        self->bytes = g_realloc(self->bytes, self->n_allocated);
    }
    self->n_bytes += n_bytes;
    return self->bytes + at;
}

static void
set_u32(uint8_t *at, uint32_t value)
{
    uint32_t big = GUINT32_TO_BE(value);

    memcpy(at, &big, sizeof(big));
}

void
service_wire_put_u32(ServiceWireWriter *self, uint32_t value)
{
    uint8_t *at = grow(self, sizeof(value));

    if (at != NULL)
        set_u32(at, value);
}

void
service_wire_put_u64(ServiceWireWriter *self, uint64_t value)
{
    uint8_t *at = grow(self, sizeof(value));

    if (at == NULL)
        return;
    set_u32(at, (uint32_t)(value >> 32));
    set_u32(at + sizeof(uint32_t), (uint32_t)value);
}

/* How many bytes of zero follow @n_bytes. */
static size_t
padding_of(size_t n_bytes)
{
    return (UNIT - n_bytes % UNIT) % UNIT;
}

void
service_wire_put_bytes(ServiceWireWriter *self, const void *bytes, size_t n_bytes)
{
    size_t n_padding = padding_of(n_bytes);
    uint8_t *at = grow(self, n_bytes + n_padding);

    if (at == NULL || n_bytes == 0)
        return;
    memcpy(at, bytes, n_bytes);
    memset(at + n_bytes, 0, n_padding);
}

void
service_wire_put_text(ServiceWireWriter *self, const char *text)
{
    size_t size = strlen(text);

    if (size > SERVICE_LIMIT_ANSWER_TEXT_BYTES)
        self->is_too_large = true;
    service_wire_put_u32(self, (uint32_t)size);
    service_wire_put_bytes(self, text, size);
}

void
service_wire_put_optional_text(ServiceWireWriter *self, const char *text)
{
    service_wire_put_u32(self, text != NULL);
    if (text != NULL)
        service_wire_put_text(self, text);
}

GBytes *
service_wire_writer_end(ServiceWireWriter *self, GError **error)
{
    if (self->is_too_large) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "a message of more than %zu bytes, or with a text of more than %d", self->most,
                    SERVICE_LIMIT_ANSWER_TEXT_BYTES);
        return NULL;
    }
    set_u32(self->bytes, (uint32_t)self->n_bytes);
    /* A message may wait for long until its client reads it. */
    self->bytes = g_realloc(self->bytes, self->n_bytes);
    return g_bytes_new_take(g_steal_pointer(&self->bytes), self->n_bytes);
}

void
service_wire_fail(ServiceWireReader *self, const char *fault)
{
    if (self->fault == NULL)
        self->fault = fault;
    self->left = 0;
}

/* The next @n_bytes and their padding; NULL if they are not there. */
static const uint8_t *
take(ServiceWireReader *self, size_t n_bytes)
{
    size_t n_padding = padding_of(n_bytes);
    const uint8_t *at = self->at;

    if (self->left < n_bytes || self->left - n_bytes < n_padding) {
        service_wire_fail(self, "it ends too early");
        return NULL;
    }
    for (size_t i = 0; i < n_padding; i++) {
        if (at[n_bytes + i] != 0) {
            service_wire_fail(self, "bytes between two items are not zero");
            return NULL;
        }
    }
    self->at += n_bytes + n_padding;
    self->left -= n_bytes + n_padding;
    return at;
}

uint32_t
service_wire_take_u32(ServiceWireReader *self)
{
    const uint8_t *at = take(self, sizeof(uint32_t));
    uint32_t big = 0;

    if (at == NULL)
        return 0;
    memcpy(&big, at, sizeof(big));
    return GUINT32_FROM_BE(big);
}

uint64_t
service_wire_take_u64(ServiceWireReader *self)
{
    uint64_t high = service_wire_take_u32(self);
    uint64_t low = service_wire_take_u32(self);

    return high << 32 | low;
}

bool
service_wire_take_bool(ServiceWireReader *self)
{
    uint32_t value = service_wire_take_u32(self);

    if (value > 1)
        service_wire_fail(self, "a boolean is neither 0 nor 1");
    return value == 1;
}

const void *
service_wire_take_bytes(ServiceWireReader *self, size_t n_bytes)
{
    return take(self, n_bytes);
}

ServiceWireText
service_wire_take_text(ServiceWireReader *self, size_t most)
{
    uint32_t size = service_wire_take_u32(self);
    const uint8_t *at = NULL;

    if (size > most) {
        service_wire_fail(self, "a text is too long");
        return (ServiceWireText){0};
    }
    at = take(self, size);
    if (at == NULL)
        return (ServiceWireText){0};
    if (memchr(at, '\0', size) != NULL) {
        service_wire_fail(self, "a text has a NUL inside");
        return (ServiceWireText){0};
    }
    return (ServiceWireText){(const char *)at, size};
}

char *
service_wire_take_string(ServiceWireReader *self)
{
    ServiceWireText text = service_wire_take_text(self, SERVICE_LIMIT_ANSWER_TEXT_BYTES);

    return self->fault ? NULL : g_strndup(text.at, text.size);
}

char *
service_wire_take_optional_string(ServiceWireReader *self)
{
    return service_wire_take_bool(self) ? service_wire_take_string(self) : NULL;
}

uint32_t
service_wire_take_count(ServiceWireReader *self, size_t most, size_t least)
{
    uint32_t n = service_wire_take_u32(self);

    if (n <= most && n <= self->left / least)
        return n;
    service_wire_fail(self, n > most ? "it has more of one thing than is taken"
                                     : "it has fewer things than it says");
    return 0;
}
