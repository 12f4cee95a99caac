/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonpool: a JSON text like one before becomes values without being parsed again.
 *
 * Peers say the same thing again and again with other numbers and other strings. One that was
 * parsed once leaves its shape: the text with holes where integers and strings stood. A text
 * that fits it to the byte elsewhere has the same values but for those, so a tree of values
 * that nobody holds any more is filled in anew: no parsing, no allocation.
 *
 * One thread at a time has a pool; what it gives out may be given back by any thread, and
 * outlives it.
 */
#pragma once

#include "util_json.h"

typedef struct UtilJsonPool UtilJsonPool;

UtilJsonPool *util_jsonpool_new(void);
/* What somebody still holds stays good. NULL is taken. */
void util_jsonpool_free(UtilJsonPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJsonPool, util_jsonpool_free)

/* The object at the start of @bytes, the caller's to unref, and how many bytes it took; NULL if
 * it fits no shape, or does not end within @size. What fits is JSON by the same rules as
 * util_jsonscan's: its shape was, and so is what fills it. */
UtilJson *util_jsonpool_fill(UtilJsonPool *self, const char *bytes, size_t size, size_t *ret_size);

/* Lets go of the shapes that have not come since it was last called, and of the trees that were
 * not needed. */
void util_jsonpool_trim(UtilJsonPool *self);

/* Keeps the shape of @bytes, one whole object of which @value was parsed and is held but by the
 * caller. Texts that cannot be told by their shape are left alone. */
void util_jsonpool_learn(UtilJsonPool *self, const char *bytes, size_t size, UtilJson *value);
