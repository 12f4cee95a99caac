/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_outcome: see cli_outcome.h.
 */
#include "cli_outcome.h"

#include "cli_escape.h"
#include "cli_options.h"

/* A domain that is not well may still be complete: some groups are read from the host alone. */
static bool
is_complete(const DomstatsRecord *record)
{
    return record->missing == 0 && record->health != DOMSTATS_HEALTH_GONE &&
           record->health != DOMSTATS_HEALTH_NO_DOMAIN;
}

static bool
is_reached(const DomstatsRecord *record)
{
    return is_complete(record) || record->monitor_us >= 0;
}

size_t
cli_outcome_count_complete(DomstatsRecord *const *records, size_t n_records)
{
    size_t n_complete = 0;

    for (size_t i = 0; i < n_records; i++)
        n_complete += is_complete(records[i]) ? 1 : 0;
    return n_complete;
}

CliOutcome
cli_outcome_of(DomstatsRecord *const *records, size_t n_records)
{
    size_t n_reached = 0;

    for (size_t i = 0; i < n_records; i++)
        n_reached += is_reached(records[i]) ? 1 : 0;
    if (cli_outcome_count_complete(records, n_records) == n_records)
        return CLI_OUTCOME_COMPLETE;
    return n_reached > 0 ? CLI_OUTCOME_INCOMPLETE : CLI_OUTCOME_NOTHING;
}

/* True if the source may have missed a domain that was asked for. */
static bool
may_have_missed(bool is_for_all, DomstatsRecord *const *records, size_t n_records)
{
    for (size_t i = 0; i < n_records && !is_for_all; i++)
        is_for_all = records[i]->health == DOMSTATS_HEALTH_NO_DOMAIN;
    return is_for_all;
}

CliOutcome
cli_outcome_of_blind_spot(GString *out, const char *blind_spot, bool is_for_all,
                          DomstatsRecord *const *records, size_t n_records)
{
    CliOutcome status = cli_outcome_of(records, n_records);

    if (blind_spot == NULL || !may_have_missed(is_for_all, records, n_records))
        return status;
    g_string_append(out, "domstats: ");
    cli_escape_append_text(out, blind_spot);
    g_string_append_c(out, '\n');
    if (status != CLI_OUTCOME_COMPLETE)
        return status;
    return n_records > 0 ? CLI_OUTCOME_INCOMPLETE : CLI_OUTCOME_NOTHING;
}

CliOutcome
cli_outcome_of_table(CliOutcome status, DomstatsRecord *const *records, size_t n_records)
{
    for (size_t i = 0; i < n_records && status == CLI_OUTCOME_COMPLETE; i++)
        if (records[i]->health != DOMSTATS_HEALTH_OK)
            status = CLI_OUTCOME_INCOMPLETE;
    return status;
}

CliOutcome
cli_outcome_of_error(const GError *error)
{
    return g_error_matches(error, DOMSTATS_ERROR, DOMSTATS_ERROR_INVALID_ARG) ? CLI_OUTCOME_USAGE
                                                                              : CLI_OUTCOME_NOTHING;
}

void
cli_outcome_append_trouble(GString *out, const CliNames *names, const DomstatsRecord *record)
{
    if (record->health == DOMSTATS_HEALTH_OK && record->missing == 0)
        return;
    g_string_append(out, "domstats: ");
    cli_names_append(names, out, record);
    g_string_append(out, ": ");
    g_string_append(out, domstats_health_to_string(record->health));
    if (record->reason != NULL) {
        g_string_append(out, ": ");
        cli_escape_append_text(out, record->reason);
    }
    if (record->missing != 0) {
        g_string_append(out, "; missing: ");
        cli_options_append_group_names(out, record->missing, ", ", "");
    }
    g_string_append_c(out, '\n');
}
