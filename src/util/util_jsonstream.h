/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: bytes in any slices in, whole JSON objects out, bounded.
 *
 * Objects are told apart by their braces, not by line ends, so it reads a monitor in pretty
 * mode as well. What stands between two objects may only be white space. It is the one
 * place where a peer's bytes become values, hence the one place with limits on them.
 */
#pragma once

#include <sys/types.h>

#include "util_json.h"

typedef struct {
    size_t max_bytes;   /* of one object's text */
    size_t max_entries; /* members and elements of one object, all levels; an upper bound:
                         * commas and opening brackets */
    int max_depth;      /* brackets within brackets: {} is 1 */
} UtilJsonStreamLimits;

typedef struct UtilJsonStream UtilJsonStream;

/* @limits is copied. */
UtilJsonStream *util_jsonstream_new(const UtilJsonStreamLimits *limits);
void util_jsonstream_free(UtilJsonStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJsonStream, util_jsonstream_free)

/* Takes from @bytes up to the end of the next object or all of them.
 * Gives how many bytes it took; sets @ret_value to the object that ended there (the caller's
 * to unref) or to NULL if none has ended yet. -1 and BROKEN's reason in @error when the bytes
 * cannot be an object within the limits, by the rules of util_json_parse(); then the stream stays
 * so. A limit that is passed is noticed at once, what is no JSON at the latest where the object
 * ends. The same bytes give the same objects however they are sliced. */
ssize_t util_jsonstream_take(UtilJsonStream *self, const char *bytes, size_t size,
                             UtilJson **ret_value, GError **error);

/* True between objects: the end of the stream is then no loss. */
bool util_jsonstream_is_idle(const UtilJsonStream *self);
