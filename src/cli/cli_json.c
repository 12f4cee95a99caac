/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_json: see cli_json.h.
 */
#include "cli_json.h"

#include <inttypes.h>
#include <stdbool.h>

#include "cli_escape.h"
#include "cli_list.h"
#include "cli_options.h"
#include "cli_value.h"

typedef void (*AppendRecord)(GString *out, const DomstatsRecord *record);

/* Appends a comma and the member @name, which is null unless @is_known. */
static void
append_number(GString *out, const char *name, int64_t value, bool is_known)
{
    g_string_append_printf(out, ",\"%s\":", name);
    if (is_known)
        g_string_append_printf(out, "%" PRId64, value);
    else
        g_string_append(out, "null");
}

static void
append_about(GString *out, const DomstatsRecord *record)
{
    g_string_append(out, "{\"name\":");
    cli_escape_append_json(out, record->name);
    g_string_append(out, ",\"uuid\":");
    cli_escape_append_json(out, record->uuid);
    append_number(out, "id", record->id, record->id >= 0);
    g_string_append_printf(
        out, ",\"health\":\"%s\",\"reason\":", domstats_health_to_string(record->health));
    cli_escape_append_json(out, record->reason);
    g_string_append_printf(out, ",\"reason_code\":\"%s\"",
                           domstats_reason_to_string(record->reason_code));
    append_number(out, "since_us", record->since_us, true);
    append_number(out, "taken_us", record->taken_us, true);
    append_number(out, "monitor_us", record->monitor_us, record->monitor_us >= 0);
    g_string_append(out, ",\"missing\":[");
    cli_options_append_group_names(out, record->missing, ",", "\"");
    g_string_append_printf(out, "],\"answered_by\":\"%s\"",
                           domstats_answered_by_to_string(record->answered_by));
    append_number(out, "pid", record->pid, record->pid > 0);
    g_string_append(out, ",\"monitor\":");
    cli_escape_append_json(out, record->monitor);
    append_number(out, "holder_pid", record->holder_pid, record->holder_pid > 0);
}

static void
append_stats(GString *out, const DomstatsRecord *record)
{
    g_string_append(out, ",\"stats\":{");
    for (int i = 0; i < record->n_params; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        cli_escape_append_json(out, record->params[i].field);
        g_string_append_c(out, ':');
        cli_value_append_json(out, &record->params[i]);
    }
    g_string_append_c(out, '}');
}

static void
append_record(GString *out, const DomstatsRecord *record)
{
    append_about(out, record);
    append_stats(out, record);
    g_string_append(out, ",\"last\":");
    if (record->last == NULL) {
        g_string_append(out, "null}");
        return;
    }
    append_about(out, record->last);
    append_stats(out, record->last);
    g_string_append(out, "}}");
}

static void
append_list_record(GString *out, const DomstatsRecord *record)
{
    append_about(out, record);
    g_string_append(out, ",\"state\":");
    cli_escape_append_json(out, cli_list_state(record));
    g_string_append_c(out, '}');
}

static void
print_all(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
          const char *blind_spot, AppendRecord append)
{
    g_string_append(output->text, "{\"domains\":[");
    for (size_t i = 0; i < n_records; i++) {
        g_string_append(output->text, i > 0 ? ",\n" : "\n");
        append(output->text, records[i]);
        cli_output_offer(output);
    }
    g_string_append(output->text, n_records > 0 ? "\n],\"blind_spot\":" : "],\"blind_spot\":");
    cli_escape_append_json(output->text, blind_spot);
    g_string_append(output->text, "}\n");
}

void
cli_json_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
               const char *blind_spot)
{
    print_all(output, records, n_records, blind_spot, append_record);
}

void
cli_json_print_list(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                    const char *blind_spot)
{
    print_all(output, records, n_records, blind_spot, append_list_record);
}
