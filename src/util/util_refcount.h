/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_refcount: a reference count that threads share.
 *
 * It stands in for GLib's gatomicrefcount, which counts inside of GLib. ThreadSanitizer sees only
 * what is compiled with it, which GLib is not: it would miss that the last reference is dropped
 * after all others, and report a race. The g_atomic_int macros are compiled into our own code.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    gint n;
} UtilRefcount;

/* Sets the count to one reference, the caller's. */
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

/* Drops a reference. True if it was the last: what other threads did with theirs has happened. */
static inline bool
util_refcount_dec(UtilRefcount *self)
{
    return g_atomic_int_dec_and_test(&self->n);
}

/* True if the caller has the only reference. */
static inline bool
util_refcount_is_one(UtilRefcount *self)
{
    return g_atomic_int_get(&self->n) == 1;
}
