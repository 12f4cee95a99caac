/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_summary: see top_summary.h.
 */
#include "top_summary.h"

#include "top_compute.h"

static const char *const state_names[] = {"in no known state", "running",  "blocked", "paused",
                                          "shutting down",     "shut off", "crashed", "suspended"};

static size_t
find_state(const TopModelEntry *entry)
{
    UtilCount state = top_sample_value(entry->seen.now, NULL, TOP_FIELD_DOMAIN_STATE);

    if (!state.is_present)
        state = top_sample_value(entry->answered.now, NULL, TOP_FIELD_DOMAIN_STATE);
    return state.is_present && state.value < G_N_ELEMENTS(state_names) ? (size_t)state.value : 0;
}

/* A state of an earlier round is not that of now: the row shows "?" then, too. */
void
top_summary_count(TopSummary *self, const TopModelEntry *entry)
{
    self->n_domains++;
    self->n_by_state[entry->has_answered ? find_state(entry) : 0]++;
    self->n_answered += entry->has_answered ? 1 : 0;
}

void
top_summary_make(const TopModel *model, TopSummary *ret_summary)
{
    const TopSample *sample = model->sample;
    const TopHost *host = &sample->host;
    TopSummary summary = {0};
    double part = 0;

    G_STATIC_ASSERT(G_N_ELEMENTS(summary.n_by_state) == G_N_ELEMENTS(state_names));
    for (size_t i = 0; i < model->n_entries; i++)
        top_summary_count(&summary, &model->entries[i]);
    summary.round_ms = (double)(sample->ended_us - sample->began_us) / 1000;
    summary.wall_us = sample->wall_us;
    summary.n_processors = host->n_processors;
    summary.has_cpu = top_compute_host_cpu(host, &model->host_before, &part);
    summary.cpu_percent = part * 100;
    summary.memory_kib = host->memory_kib;
    if (host->memory_kib.is_present && host->memory_available_kib.is_present &&
        host->memory_available_kib.value <= host->memory_kib.value)
        summary.memory_used_kib =
            util_count_of(host->memory_kib.value - host->memory_available_kib.value);
    *ret_summary = summary;
}

void
top_summary_append_domains(GString *out, const TopSummary *summary)
{
    const char *between = ": ";

    g_string_append_printf(out, "%zu domain%s", summary->n_domains,
                           summary->n_domains == 1 ? "" : "s");
    for (size_t i = 1; i <= G_N_ELEMENTS(state_names); i++) {
        size_t state = i % G_N_ELEMENTS(state_names); /* those that are not known come last */

        if (summary->n_by_state[state] == 0)
            continue;
        g_string_append_printf(out, "%s%zu %s", between, summary->n_by_state[state],
                               state_names[state]);
        between = ", ";
    }
}

void
top_summary_append_round(GString *out, const TopSummary *summary)
{
    g_string_append_printf(out, "%zu of %zu answered in ", summary->n_answered, summary->n_domains);
    top_format_append_number(out, TOP_COLUMN_UNIT_MS, summary->round_ms);
    g_string_append(out, " ms");
}

size_t
top_summary_count_silent(const TopModel *model)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n_entries; i++)
        n += model->entries[i].has_answered ? 0 : 1;
    return n;
}

void
top_summary_append_silent(GString *out, const TopModel *model, size_t most)
{
    size_t n_silent = top_summary_count_silent(model), n = 0;

    g_string_append(out, "not answering:");
    for (size_t i = 0; i < model->n_entries && n < most; i++) {
        const TopSampleDomain *domain = model->entries[i].seen.now;

        if (model->entries[i].has_answered)
            continue;
        g_string_append_printf(out, "%s %s (%s)", n > 0 ? "," : "", domain->name,
                               domstats_health_to_string(domain->health));
        n++;
    }
    if (n < n_silent)
        g_string_append_printf(out, n > 0 ? " and %zu more" : " %zu domains", n_silent - n);
}

void
top_summary_append_verdict(GString *out, const TopModelEntry *entry)
{
    const TopSampleDomain *domain = entry->seen.now;

    if (domain->health == DOMSTATS_HEALTH_OK) {
        g_string_append(out, state_names[find_state(entry)]);
        return;
    }
    g_string_append(out, domstats_health_to_string(domain->health));
    if (domain->reason != NULL)
        g_string_append_printf(out, ": %s", domain->reason);
    if (entry->has_answered)
        return;
    if (entry->age_us < 0) {
        g_string_append(out, "; it has not answered yet");
        return;
    }
    g_string_append(out, "; its last answer is ");
    top_format_append_number(out, TOP_COLUMN_UNIT_AGE, (double)entry->age_us / G_USEC_PER_SEC);
    g_string_append(out, " old");
}

static void
append_bytes(GString *out, UtilCount kib, TopFormatBytes bytes)
{
    if (kib.is_present)
        top_format_append_bytes(out, (double)kib.value * 1024, bytes);
    else
        g_string_append_c(out, '-');
}

void
top_summary_append_host(GString *out, const TopSummary *summary, TopFormatBytes bytes)
{
    g_string_append(out, "host: ");
    if (summary->n_processors.is_present)
        g_string_append_printf(out, "%" G_GUINT64_FORMAT " CPUs ", summary->n_processors.value);
    if (summary->has_cpu)
        g_string_append_printf(out, "%.1f%%, memory ", summary->cpu_percent);
    else
        g_string_append(out, "-, memory ");
    append_bytes(out, summary->memory_used_kib, bytes);
    g_string_append(out, " of ");
    append_bytes(out, summary->memory_kib, bytes);
}

char *
top_summary_clock(int64_t wall_us)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(wall_us / G_USEC_PER_SEC);
    g_autofree char *seconds = time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;

    return g_strdup_printf("%s.%03dZ", seconds != NULL ? seconds : "1970-01-01T00:00:00",
                           (int)(wall_us % G_USEC_PER_SEC / 1000));
}
