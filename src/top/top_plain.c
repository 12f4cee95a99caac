/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_plain: see top_plain.h.
 */
#include "top_plain.h"

#include "cli/cli_escape.h"
#include "top_format.h"
#include "top_summary.h"
#include "top_text.h"

/* The cells of all rows as text, and the width of each column. */
typedef struct {
    const GPtrArray *columns;
    GPtrArray *cells; /* char *, row by row */
    size_t *widths;
} Table;

static void
add_cell(Table *table, size_t i, const char *text)
{
    GString *cell = g_string_new(NULL);

    cli_escape_append_text(cell, text);
    table->widths[i] = MAX(table->widths[i], top_text_count_columns(cell->str));
    g_ptr_array_add(table->cells, g_string_free(cell, FALSE));
}

static void
add_row(Table *table, const TopRow *row, const TopColumnMode *mode)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < table->columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(table->columns, i);
        TopColumnCell cell = top_column_cell(column, row->entry, row->unit, mode);

        g_string_truncate(text, 0);
        top_format_append(text, column, &cell, TOP_FORMAT_BYTES_AUTOMATIC);
        add_cell(table, i, text->str);
    }
}

/* No line ends in spaces. */
static void
append_line(GString *out, const Table *table, size_t row)
{
    for (size_t i = 0; i < table->columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(table->columns, i);
        const char *text = g_ptr_array_index(table->cells, row * table->columns->len + i);
        size_t spaces = table->widths[i] - top_text_count_columns(text);
        bool is_last = i + 1 == table->columns->len;

        g_string_append(out, i > 0 ? " " : "");
        if (column->is_left)
            g_string_append_printf(out, "%s%*s", text, is_last ? 0 : (int)spaces, "");
        else
            g_string_append_printf(out, "%*s%s", (int)spaces, "", text);
    }
    g_string_append_c(out, '\n');
}

static void
append_head(GString *out, const TopModel *model)
{
    TopSummary summary = {0};
    g_autoptr(GDateTime) time = NULL;
    g_autofree char *clock = NULL;

    top_summary_make(model, &summary);
    time = g_date_time_new_from_unix_local(summary.wall_us / G_USEC_PER_SEC);
    clock = time != NULL ? g_date_time_format(time, "%H:%M:%S") : NULL;
    g_string_append_printf(out, "domstats top - %s  ", clock != NULL ? clock : "-");
    if (model->error != NULL) {
        g_string_append(out, "the round failed: ");
        cli_escape_append_text(out, model->error);
        g_string_append(out, "\n\n");
        return;
    }
    top_summary_append_round(out, &summary);
    g_string_append_c(out, '\n');
    top_summary_append_domains(out, &summary);
    g_string_append_c(out, '\n');
    top_summary_append_host(out, &summary, TOP_FORMAT_BYTES_AUTOMATIC);
    g_string_append(out, "\n\n");
}

/* A line about each domain of the rows that is not well. */
static void
append_troubles(GString *out, const TopRows *rows)
{
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) verdict = g_string_new(NULL);

    for (size_t i = 0; i < rows->n; i++) {
        const TopModelEntry *entry = rows->all[i].entry;

        if (entry->seen.now->health == DOMSTATS_HEALTH_OK ||
            !g_hash_table_add(told, entry->seen.now))
            continue;
        g_string_truncate(verdict, 0);
        top_summary_append_verdict(verdict, entry);
        cli_escape_append_text(out, entry->seen.now->name);
        g_string_append(out, ": ");
        cli_escape_append_text(out, verdict->str);
        g_string_append_c(out, '\n');
    }
}

void
top_plain_append(GString *out, TopModel *model, const TopOptions *options)
{
    g_autoptr(GPtrArray) columns = top_options_columns(options);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    g_autofree size_t *widths = g_new0(size_t, columns->len + 1);
    g_autoptr(TopRows) rows = top_options_rows(options, model);
    const TopColumnMode mode = top_options_mode(options, model);
    Table table = {columns, cells, widths};

    for (size_t i = 0; i < columns->len; i++)
        add_cell(&table, i, ((const TopColumn *)g_ptr_array_index(columns, i))->header);
    for (size_t i = 0; i < rows->n; i++)
        add_row(&table, &rows->all[i], &mode);
    append_head(out, model);
    if (model->error != NULL)
        return;
    for (size_t i = 0; i <= rows->n; i++)
        append_line(out, &table, i);
    append_troubles(out, rows);
    g_string_append_c(out, '\n');
}
