/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_json: see top_json.h.
 */
#include "top_json.h"

#include <string.h>

#include "cli/cli_escape.h"
#include "top_format.h"
#include "top_summary.h"

static void
append_member(GString *out, const char *name)
{
    if (out->str[out->len - 1] != '{')
        g_string_append_c(out, ',');
    g_string_append_printf(out, "\"%s\":", name);
}

static void
append_text(GString *out, const char *name, const char *text)
{
    append_member(out, name);
    cli_escape_append_json(out, text);
}

static void
append_count(GString *out, const char *name, UtilCount count)
{
    append_member(out, name);
    if (count.is_present)
        g_string_append_printf(out, "%" G_GUINT64_FORMAT, count.value);
    else
        g_string_append(out, "null");
}

static void
append_fraction(GString *out, const char *name, double number, bool is_known)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    append_member(out, name);
    g_string_append(out, is_known ? g_ascii_formatd(text, sizeof(text), "%.6g", number) : "null");
}

static void
append_cell(GString *out, const TopColumn *column, const TopColumnCell *cell)
{
    append_member(out, column->key);
    if (!cell->is_known)
        g_string_append(out, "null");
    else if (column->unit == TOP_COLUMN_UNIT_TEXT)
        cli_escape_append_json(out, cell->text);
    else
        top_format_append_exact(out, column, cell);
}

static void
append_key(GString *keys, const TopColumn *column)
{
    g_string_append_printf(keys, "%s\"%s\"", keys->len > 0 ? "," : "", column->key);
}

/* True if one of @columns has that key. */
static bool
has_key(const GPtrArray *columns, const char *key)
{
    for (size_t i = 0; i < columns->len; i++)
        if (strcmp(((const TopColumn *)g_ptr_array_index(columns, i))->key, key) == 0)
            return true;
    return false;
}

/* Who the row is, and how it is, comes first; a column of that name is not repeated. */
static void
append_row(GString *out, const TopRow *row, const GPtrArray *columns, const TopColumnMode *mode)
{
    const TopSampleDomain *domain = row->entry->seen.now;
    g_autoptr(GString) old = g_string_new(NULL);
    g_autoptr(GString) estimates = g_string_new(NULL);

    g_string_append_c(out, '{');
    if (!has_key(columns, "name"))
        append_text(out, "name", domain->name);
    if (!has_key(columns, "uuid"))
        append_text(out, "uuid", domain->uuid);
    if (!has_key(columns, "health"))
        append_text(out, "health", domstats_health_to_string(domain->health));
    append_text(out, "reason_code", domstats_reason_to_string(domain->reason_code));
    if (!has_key(columns, "reason"))
        append_text(out, "reason", domain->reason);
    for (size_t i = 0; i < columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(columns, i);
        TopColumnCell cell = top_column_cell(column, row->entry, row->unit, mode);

        append_cell(out, column, &cell);
        if (cell.is_old)
            append_key(old, column);
        if (cell.is_estimate)
            append_key(estimates, column);
    }
    g_string_append_printf(out, ",\"old\":[%s],\"estimates\":[%s]}", old->str, estimates->str);
}

static void
append_head(GString *out, const TopModel *model, const TopOptions *options)
{
    g_autofree char *clock = top_summary_clock(model->sample->wall_us);
    TopSummary summary = {0};

    top_summary_make(model, &summary);
    append_text(out, "clock", clock);
    append_text(out, "view", top_column_view_name(options->view));
    append_text(out, "error", model->error);
    append_text(out, "blind_spot", model->sample->blind_spot);
    append_count(out, "domains", util_count_of(summary.n_domains));
    append_count(out, "answered", util_count_of(summary.n_answered));
    append_fraction(out, "round_ms", summary.round_ms, true);
    append_count(out, "host_cpus", summary.n_processors);
    append_fraction(out, "host_cpu", summary.cpu_percent, summary.has_cpu);
    append_count(out, "host_memory_kib", summary.memory_kib);
    append_count(out, "host_memory_used_kib", summary.memory_used_kib);
}

void
top_json_append(GString *out, TopModel *model, const TopOptions *options)
{
    g_autoptr(GPtrArray) columns = top_options_columns(options);
    g_autoptr(TopRows) rows = top_options_rows(options, model);
    const TopColumnMode mode = top_options_mode(options, model);

    g_string_append_c(out, '{');
    append_head(out, model, options);
    g_string_append(out, ",\"rows\":[");
    for (size_t i = 0; i < rows->n; i++) {
        g_string_append(out, i > 0 ? "," : "");
        append_row(out, &rows->all[i], columns, &mode);
    }
    g_string_append(out, "]}\n");
}
