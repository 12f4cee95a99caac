/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_count: a number that may be absent. A value that a peer did not give is absent, never 0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t value; /* meaningless unless @is_present */
    bool is_present;
} UtilCount;

static inline UtilCount
util_count_of(uint64_t value)
{
    return (UtilCount){value, true};
}

/* Adds @addend to @sum, which becomes absent if either is, or if the sum exceeds 64 bits. */
static inline void
util_count_add(UtilCount *sum, UtilCount addend)
{
    sum->is_present =
        sum->is_present && addend.is_present && addend.value <= UINT64_MAX - sum->value;
    sum->value += addend.value;
}
