/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_csv: see top_csv.h.
 */
#include "top_csv.h"

#include <string.h>

#include "cli/cli_escape.h"
#include "top_format.h"
#include "top_summary.h"

void
top_csv_append_text(GString *out, const char *text)
{
    g_autoptr(GString) plain = g_string_new(NULL);

    cli_escape_append_text(plain, text);
    if (strpbrk(plain->str, ",\"") == NULL) {
        g_string_append(out, plain->str);
        return;
    }
    g_string_append_c(out, '"');
    for (const char *at = plain->str; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *at);
    }
    g_string_append_c(out, '"');
}

void
top_csv_append_head(GString *out, const TopOptions *options)
{
    g_autoptr(GPtrArray) columns = top_options_columns(options);

    g_string_append(out, "clock");
    for (size_t i = 0; i < columns->len; i++)
        g_string_append_printf(out, ",%s", ((const TopColumn *)g_ptr_array_index(columns, i))->key);
    g_string_append_c(out, '\n');
}

static void
append_row(GString *out, const TopRow *row, const GPtrArray *columns, const TopColumnMode *mode)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(columns, i);
        TopColumnCell cell = top_column_cell(column, row->entry, row->unit, mode);

        g_string_truncate(text, 0);
        top_format_append_exact(text, column, &cell);
        g_string_append_c(out, ',');
        top_csv_append_text(out, text->str);
    }
    g_string_append_c(out, '\n');
}

void
top_csv_append(GString *out, TopModel *model, const TopOptions *options)
{
    g_autoptr(GPtrArray) columns = top_options_columns(options);
    g_autoptr(TopRows) rows = top_options_rows(options, model);
    g_autofree char *clock = top_summary_clock(model->sample->wall_us);
    const TopColumnMode mode = top_options_mode(options, model);

    if (model->error != NULL)
        return;
    for (size_t i = 0; i < rows->n; i++) {
        g_string_append(out, clock);
        append_row(out, &rows->all[i], columns, &mode);
    }
}
