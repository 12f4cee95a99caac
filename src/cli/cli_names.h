/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_names: tells domains of one name apart.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "domstats/domstats.h"

typedef struct CliNames CliNames;

/* The names of @records, which are borrowed for as long as the names are used. */
CliNames *cli_names_new(DomstatsRecord *const *records, size_t n_records);
void cli_names_free(CliNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliNames, cli_names_free)

/* True if another of the records has the same name and is of another domain. */
bool cli_names_are_shared(const CliNames *self, const DomstatsRecord *record);

/* Appends the name, escaped; if it is shared, " (id ID)" or, of a domain without an id, " (UUID)"
 * as well. */
void cli_names_append(const CliNames *self, GString *out, const DomstatsRecord *record);
