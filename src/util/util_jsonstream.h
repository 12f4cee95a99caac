/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_jsonstream: turns bytes, in slices of any size, into whole JSON objects within limits.
 *
 * It finds the end of an object by the braces, not by line ends, so it reads a monitor in pretty
 * mode as well. Only white space may stand between two objects. No other file turns a peer's bytes
 * into values, so the limits on them are checked here.
 */
#pragma once

#include <sys/types.h>

#include "util_json.h"

typedef struct {
    size_t max_bytes;   /* of one object's text */
    size_t max_entries; /* members and elements of one object, on all levels, counted as its commas
                           and opening brackets: never too few */
    int max_depth;      /* {} has depth 1 */
} UtilJsonStreamLimits;

typedef struct UtilJsonStream UtilJsonStream;

/* @limits is copied. */
UtilJsonStream *util_jsonstream_new(const UtilJsonStreamLimits *limits);
void util_jsonstream_free(UtilJsonStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilJsonStream, util_jsonstream_free)

/* Takes @bytes up to the end of the next object, or all of them. Gives the number of bytes taken;
 * sets @ret_value to the object that ended there (the caller unrefs it), or to NULL if none ended.
 * Gives -1 and BROKEN if the bytes cannot be an object within the limits, by the rules of
 * util_json_parse(); every later call then fails with the same error. A limit that is passed is
 * reported at once, any other fault at the latest where the object ends. The same bytes give the
 * same objects however they are sliced. */
ssize_t util_jsonstream_take(UtilJsonStream *self, const char *bytes, size_t size,
                             UtilJson **ret_value, GError **error);

/* True between two objects: a connection that ends now has lost none. */
bool util_jsonstream_is_idle(const UtilJsonStream *self);
