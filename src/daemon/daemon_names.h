/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_names: which records of a round a word names, by the library's rules: as a decimal id,
 * else as a UUID, else as a name, else as the address of a monitor. Pure.
 */
#pragma once

#include <stddef.h>

#include "domstats/domstats.h"

typedef struct DaemonNames DaemonNames;

/* Borrows the @n records. One that stands there twice is taken once. */
DaemonNames *daemon_names_new(DomstatsRecord *const *records, size_t n);
void daemon_names_free(DaemonNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonNames, daemon_names_free)

/* The records that @word names, DomstatsRecord *, in their order; NULL: none. The array is
 * @self's. A record of health NO_DOMAIN is named by its word. */
const GPtrArray *daemon_names_find(const DaemonNames *self, const char *word);
