/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_read: what the decoders share: members of a reply read within our limits. Only
 * for qemu_reply_*.c.
 */
#pragma once

#include <limits.h>
#include <string.h>
#include <sys/types.h>

#include "qemu_limits.h"
#include "util/util_json.h"

/* The string @name; NULL also when it is longer than anything we would use. */
static inline const char *
qemu_reply_read_string(const UtilJson *object, const char *name)
{
    const char *text = util_json_member_string(object, name);

    if (text == NULL || strnlen(text, QEMU_LIMIT_STRING_BYTES + 1) > QEMU_LIMIT_STRING_BYTES)
        return NULL;
    return text;
}

/* True for an array that may be believed: a longer one is refused, not cut, since a part of it
 * would look like the whole. */
static inline bool
qemu_reply_read_is_list(const UtilJson *reply, size_t max_length)
{
    return util_json_kind(reply) == UTIL_JSON_ARRAY && util_json_length(reply) <= max_length;
}

/* A host thread's id; 0 if it cannot be one. */
static inline pid_t
qemu_reply_read_thread(const UtilJson *object, const char *name)
{
    int64_t value = 0;

    if (!util_json_member_int64(object, name, &value) || value < 1 || value > INT_MAX)
        return 0;
    return (pid_t)value;
}

/* An index counted from 0; false if there is none. */
static inline bool
qemu_reply_read_index(const UtilJson *object, const char *name, int *ret_index)
{
    int64_t value = 0;

    if (!util_json_member_int64(object, name, &value) || value < 0 || value > INT_MAX)
        return false;
    *ret_index = (int)value;
    return true;
}
