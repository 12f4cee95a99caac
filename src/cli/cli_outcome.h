/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_outcome: what the records of one call amount to: the exit status, and the line about
 * each domain that is not well.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "domstats/domstats.h"

/* The exit statuses; the manual page promises them. */
typedef enum {
    CLI_OUTCOME_COMPLETE = 0,
    CLI_OUTCOME_USAGE = 1,
    CLI_OUTCOME_NOTHING = 2,
    CLI_OUTCOME_INCOMPLETE = 3,
} CliOutcome;

/* How many records have all that was asked for. */
size_t cli_outcome_count_complete(DomstatsRecord *const *records, size_t n_records);

/* COMPLETE if each record has all that was asked for, NOTHING if no domain answered or is
 * complete. */
CliOutcome cli_outcome_of(DomstatsRecord *const *records, size_t n_records);

/* The same where the source has a @blind_spot, a sentence or NULL, and @is_for_all domains: then an
 * answer is not complete. Appends the line for stderr. */
CliOutcome cli_outcome_of_blind_spot(GString *out, const char *blind_spot, bool is_for_all,
                                     DomstatsRecord *const *records, size_t n_records);

/* The same for an @error of the library. */
CliOutcome cli_outcome_of_error(const GError *error);

/* Appends the line for stderr, "domstats: NAME: HEALTH: REASON; missing: GROUP, ..."; nothing
 * if @record is of a domain that is well and lacks nothing. */
void cli_outcome_append_trouble(GString *out, const DomstatsRecord *record);
