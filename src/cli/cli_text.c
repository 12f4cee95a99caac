/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_text: see cli_text.h.
 */
#include "cli_text.h"

#include <inttypes.h>

#include "cli_escape.h"
#include "cli_names.h"
#include "cli_options.h"
#include "cli_value.h"

static void
append_params(GString *out, const DomstatsRecord *record, const char *prefix)
{
    for (int i = 0; i < record->n_params; i++) {
        const virTypedParameter *param = &record->params[i];

        g_string_append(out, prefix);
        cli_escape_append_text(out, param->field);
        g_string_append_c(out, '=');
        cli_value_append_text(out, param);
        g_string_append_c(out, '\n');
    }
}

static void
append_health(GString *out, const DomstatsRecord *record)
{
    g_string_append_printf(out, "  health=%s\n", domstats_health_to_string(record->health));
    if (record->reason != NULL) {
        g_string_append(out, "  health.reason=");
        cli_escape_append_text(out, record->reason);
        g_string_append_c(out, '\n');
    }
    if (record->health != DOMSTATS_HEALTH_OK)
        g_string_append_printf(out, "  health.reason_code=%s\n",
                               domstats_reason_to_string(record->reason_code));
    g_string_append_printf(out, "  health.since_us=%" PRId64 "\n", record->since_us);
    g_string_append_printf(out, "  health.taken_us=%" PRId64 "\n", record->taken_us);
    if (record->monitor_us >= 0)
        g_string_append_printf(out, "  health.monitor_us=%" PRId64 "\n", record->monitor_us);
    g_string_append(out, "  health.missing=");
    cli_options_append_group_names(out, record->missing, ",", "");
    g_string_append_printf(out, "\n  health.answered_by=%s\n",
                           domstats_answered_by_to_string(record->answered_by));
    if (record->pid > 0)
        g_string_append_printf(out, "  health.pid=%d\n", record->pid);
    if (record->monitor != NULL) {
        g_string_append(out, "  health.monitor=");
        cli_escape_append_text(out, record->monitor);
        g_string_append_c(out, '\n');
    }
    if (record->holder_pid > 0)
        g_string_append_printf(out, "  health.holder_pid=%d\n", record->holder_pid);
}

/* The line with the name stays as virsh has it, for programs that read it. */
static void
append_identity(GString *out, const DomstatsRecord *record)
{
    if (record->id >= 0)
        g_string_append_printf(out, "  domain.id=%d\n", record->id);
    g_string_append_printf(out, "  domain.uuid=%s\n", record->uuid);
}

static void
append_record(GString *out, const CliNames *names, const DomstatsRecord *record, bool show_health)
{
    g_string_append(out, "Domain: '");
    cli_escape_append_text(out, record->name);
    g_string_append(out, "'\n");
    if (cli_names_are_shared(names, record))
        append_identity(out, record);
    append_params(out, record, "  ");
    if (show_health)
        append_health(out, record);
    if (record->last == NULL)
        return;
    g_string_append_printf(out, "  last.taken_us=%" PRId64 "\n", record->last->taken_us);
    append_params(out, record->last, "  last.");
}

static bool
is_shown(const DomstatsRecord *record, bool show_health)
{
    bool exists =
        record->health != DOMSTATS_HEALTH_GONE && record->health != DOMSTATS_HEALTH_NO_DOMAIN;

    return show_health || exists || record->n_params > 0 || record->last != NULL;
}

void
cli_text_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
               bool show_health)
{
    g_autoptr(CliNames) names = cli_names_new(records, n_records);
    bool is_first = true;

    for (size_t i = 0; i < n_records; i++) {
        if (!is_shown(records[i], show_health))
            continue;
        if (!is_first)
            g_string_append_c(output->text, '\n');
        is_first = false;
        append_record(output->text, names, records[i], show_health);
        cli_output_offer(output);
    }
}
