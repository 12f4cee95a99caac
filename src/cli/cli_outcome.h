/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_outcome: derives the exit status from the records of a call, and the line about each domain
 * that is not well.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli_names.h"
#include "domstats/domstats.h"

/* The exit statuses; the manual page promises them. */
typedef enum {
    CLI_OUTCOME_COMPLETE = 0,
    CLI_OUTCOME_USAGE = 1,
    CLI_OUTCOME_NOTHING = 2,
    CLI_OUTCOME_INCOMPLETE = 3,
} CliOutcome;

/* The number of records that have everything that was asked for. */
size_t cli_outcome_count_complete(DomstatsRecord *const *records, size_t n_records);

/* COMPLETE if every record has everything that was asked for, NOTHING if no record has and no
 * monitor answered, else INCOMPLETE. */
CliOutcome cli_outcome_of(DomstatsRecord *const *records, size_t n_records);

/* The same for a source with a @blind_spot (a sentence, or NULL): if it may have missed domains
 * that were asked for, which is so if @is_for_all domains or a record has NO_DOMAIN, the status is
 * never COMPLETE, and the line for stderr is appended to @out. */
CliOutcome cli_outcome_of_blind_spot(GString *out, const char *blind_spot, bool is_for_all,
                                     DomstatsRecord *const *records, size_t n_records);

/* @status for the table of "list", which says how domains are: INCOMPLETE in place of COMPLETE if
 * one of them is not ok. */
CliOutcome cli_outcome_of_table(CliOutcome status, DomstatsRecord *const *records,
                                size_t n_records);

/* The exit status for an error of the library. */
CliOutcome cli_outcome_of_error(const GError *error);

/* Appends the line for stderr, "domstats: NAME: HEALTH: REASON; missing: GROUP, ..."; nothing if
 * the domain is well and lacks no group. @names are those of the whole answer. */
void cli_outcome_append_trouble(GString *out, const CliNames *names, const DomstatsRecord *record);
