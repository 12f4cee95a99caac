/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_read: what the decoders share: reading members of a reply within the limits of
 * qemu_limits.h. Only qemu_reply_*.c include it.
 */
#pragma once

#include <limits.h>
#include <string.h>
#include <sys/types.h>

#include "qemu_limits.h"
#include "util/util_json.h"

/* The string member @name; NULL also when it is longer than QEMU_LIMIT_STRING_BYTES. */
static inline const char *
qemu_reply_read_string(const UtilJson *object, const char *name)
{
    const char *text = util_json_member_string(object, name);

    if (text == NULL || strnlen(text, QEMU_LIMIT_STRING_BYTES + 1) > QEMU_LIMIT_STRING_BYTES)
        return NULL;
    return text;
}

/* True for an array of at most @max_length elements. A longer one is refused, not cut, since the
 * part that is kept would look like the whole. */
static inline bool
qemu_reply_read_is_list(const UtilJson *reply, size_t max_length)
{
    return util_json_kind(reply) == UTIL_JSON_ARRAY && util_json_length(reply) <= max_length;
}

/* The thread id in member @name, as QEMU's pid namespace numbers it; 0 if it cannot be one. */
static inline pid_t
qemu_reply_read_thread(const UtilJson *object, const char *name)
{
    int64_t value = 0;

    if (!util_json_member_int64(object, name, &value) || value < 1 || value > INT_MAX)
        return 0;
    return (pid_t)value;
}

/* Reads the member @name as an index, 0 or more; false if it is none. */
static inline bool
qemu_reply_read_index(const UtilJson *object, const char *name, int *ret_index)
{
    int64_t value = 0;

    if (!util_json_member_int64(object, name, &value) || value < 0 || value > INT_MAX)
        return false;
    *ret_index = (int)value;
    return true;
}
