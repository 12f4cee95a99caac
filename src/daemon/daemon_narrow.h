/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_narrow: makes of a round's records those that a narrower call would have had. Pure.
 *
 * Copies are shallow: strings and values stay the round's.
 */
#pragma once

#include <stdbool.h>

#include "domstats/domstats.h"

/* The records of one answer. All zero: none. */
typedef struct {
    GPtrArray *records; /* DomstatsRecord *: the round's own, or of @copies */
    GPtrArray *copies;  /* shallow copies, owned */
} DaemonNarrow;

/* Sets @ret_self to what @wanted, which @round covers, gets of the @n records of @round. False if a
 * word of @wanted names none of them, and the library must be asked whether it names a domain. */
bool daemon_narrow_make(DomstatsRecord *const *records, size_t n, const DomstatsCall *round,
                        const DomstatsCall *wanted, DaemonNarrow *ret_self);

void daemon_narrow_clear(DaemonNarrow *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DaemonNarrow, daemon_narrow_clear)
