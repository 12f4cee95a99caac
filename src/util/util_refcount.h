/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_refcount: a count of references that threads share. GLib's gatomicrefcount is counted
 * inside of GLib, where ThreadSanitizer, which checks what we are built with, does not see that
 * the last one comes after all others; these are macros, and so seen.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    gint n;
} UtilRefcount;

/* One reference, the caller's. */
static inline void
util_refcount_init(UtilRefcount *self)
{
    g_atomic_int_set(&self->n, 1);
}

static inline void
util_refcount_inc(UtilRefcount *self)
{
    g_atomic_int_inc(&self->n);
}

/* True if that was the last: nobody else has one, and what they did has happened. */
static inline bool
util_refcount_dec(UtilRefcount *self)
{
    return g_atomic_int_dec_and_test(&self->n);
}

/* True if there is no other. */
static inline bool
util_refcount_is_one(UtilRefcount *self)
{
    return g_atomic_int_get(&self->n) == 1;
}
