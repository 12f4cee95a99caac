/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_buffer: bytes that grow. An exposition is a million short appends, so they are inline
 * here and cost a copy each.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    char *bytes; /* not terminated */
    size_t n_bytes;
    size_t n_allocated;
} OpenmetricsBuffer;

static inline void
openmetrics_buffer_clear(OpenmetricsBuffer *self)
{
    g_free(self->bytes);
    *self = (OpenmetricsBuffer){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenmetricsBuffer, openmetrics_buffer_clear)

/* Room for @n more bytes, at the end of those there are. */
static inline char *
openmetrics_buffer_reserve(OpenmetricsBuffer *self, size_t n)
{
    if (self->n_allocated - self->n_bytes < n) {
        self->n_allocated = MAX(2 * self->n_allocated, self->n_bytes + n);
        self->n_allocated = MAX(self->n_allocated, 256);
        self->bytes = g_realloc(self->bytes, self->n_allocated);
    }
    return self->bytes + self->n_bytes;
}

static inline void
openmetrics_buffer_append(OpenmetricsBuffer *self, const char *bytes, size_t n)
{
    if (n == 0)
        return;
    memcpy(openmetrics_buffer_reserve(self, n), bytes, n);
    self->n_bytes += n;
}

static inline void
openmetrics_buffer_append_text(OpenmetricsBuffer *self, const char *text)
{
    openmetrics_buffer_append(self, text, strlen(text));
}

static inline void
openmetrics_buffer_append_char(OpenmetricsBuffer *self, char c)
{
    *openmetrics_buffer_reserve(self, 1) = c;
    self->n_bytes++;
}
