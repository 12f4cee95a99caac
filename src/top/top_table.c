/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_table: draws rows in columns.
 */
#include "top_table.h"

#include <string.h>

#include "top_format.h"
#include "top_layout.h"
#include "top_state.h"
#include "top_text.h"

#define MARK "*"

static bool
is_marked(const TopTable *self, const TopRow *row)
{
    return row->entry != NULL && self->marked != NULL &&
           top_state_is_marked(self->marked, row->entry->seen.now);
}

/* The cell of a row; of a head the sum of its group, if there is one. */
static TopColumnCell
find_cell(const TopTable *self, const TopRow *row, const TopColumn *column)
{
    if (row->entry != NULL)
        return top_column_cell(column, row->entry, row->unit, &self->mode);
    if (top_rows_adds_up(column))
        return top_rows_sum(self->rows, row->group, column, &self->mode);
    return (TopColumnCell){0};
}

/* The text of a cell, with the mark of a marked domain before its name. */
static void
append_text(GString *out, const TopTable *self, const TopRow *row, const TopColumn *column,
            const TopColumnCell *cell)
{
    if (row->entry == NULL && !top_rows_adds_up(column))
        return;
    if (strcmp(column->key, "name") == 0 && is_marked(self, row))
        g_string_append(out, MARK);
    top_format_append(out, column, cell, self->bytes);
}

static size_t
measure_longest(const TopTable *self, const TopColumn *column, bool is_utf8)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t longest = 0;

    for (size_t i = 0; i < self->rows->n; i++) {
        const TopRow *row = &self->rows->all[i];
        TopColumnCell cell = find_cell(self, row, column);

        g_string_truncate(text, 0);
        if (row->entry == NULL && column == g_ptr_array_index(self->columns, 0))
            g_string_append(text, row->group->name);
        else
            append_text(text, self, row, column, &cell);
        longest = MAX(longest, top_text_measure(text->str, is_utf8));
    }
    return longest;
}

GArray *
top_table_layout(const TopTable *self, const TopPen *pen)
{
    GArray *layout = g_array_new(FALSE, TRUE, sizeof(TopLayout));
    bool is_utf8 = top_terminal_is_utf8(pen->terminal);

    for (guint i = 0; i < self->columns->len; i++) {
        const TopColumn *column = g_ptr_array_index(self->columns, i);
        TopLayout one = {.column = column};

        if (column->is_left || top_format_is_long(column, self->bytes))
            one.longest = measure_longest(self, column, is_utf8);
        g_array_append_val(layout, one);
    }
    top_layout_fit(layout, pen->width);
    return layout;
}

/* The column by which the rows are sorted stands out from the other headings. */
void
top_table_draw_headings(const TopTable *self, GArray *layout, TopPen *pen)
{
    TopPenCell cell = {.is_turned = true, .look = TOP_TERMINAL_LOOK_HEADINGS};

    for (guint i = 0; i < layout->len; i++) {
        const TopLayout *one = &g_array_index(layout, TopLayout, i);

        cell.look = TOP_TERMINAL_LOOK_HEADINGS;
        cell.width = 1;
        if (i > 0)
            top_pen_write_cell(pen, "", &cell);
        cell.width = one->width;
        cell.is_right = !one->column->is_left;
        if (one->column == self->order)
            cell.look = TOP_TERMINAL_LOOK_ORDER;
        top_pen_write_cell(pen, one->column->header, &cell);
    }
    cell.look = TOP_TERMINAL_LOOK_HEADINGS;
    cell.width = pen->width > pen->column ? pen->width - pen->column : 1;
    top_pen_write_cell(pen, "", &cell);
    top_pen_end_line(pen, false);
}

/* Dim text in reverse video would stand out more than other text. A head stands out. */
static TopTerminalLook
choose_look(const TopColumnCell *cell, const TopRow *row, bool is_selected)
{
    TopTerminalLook plain = row->entry != NULL ? TOP_TERMINAL_LOOK_PLAIN : TOP_TERMINAL_LOOK_TITLE;

    if (cell->look == TOP_COLUMN_LOOK_BAD)
        return TOP_TERMINAL_LOOK_BAD;
    if (cell->look == TOP_COLUMN_LOOK_WARNING)
        return TOP_TERMINAL_LOOK_WARNING;
    return (cell->is_old || !cell->is_known) && !is_selected ? TOP_TERMINAL_LOOK_DIM : plain;
}

/* The state of a domain that did not answer is in reverse video, so in a selected row it is not. */
static bool
is_turned(const TopColumn *column, const TopRow *row, bool is_selected)
{
    return is_selected !=
           (strcmp(column->key, "state") == 0 && row->entry != NULL && !row->entry->has_answered);
}

/* Writes the name of a group over the columns before the first sum, the first one in any case.
 * Gives how many these are. */
static guint
draw_group_name(const TopRow *head, GArray *layout, bool is_selected, TopPen *pen)
{
    TopPenCell cell = {.width = g_array_index(layout, TopLayout, 0).width,
                       .is_turned = is_selected,
                       .look = TOP_TERMINAL_LOOK_TITLE};
    guint n = 1;

    for (; n < layout->len; n++) {
        const TopLayout *one = &g_array_index(layout, TopLayout, n);

        if (top_rows_adds_up(one->column))
            break;
        cell.width += 1 + one->width;
    }
    top_pen_write_cell(pen, head->group->name, &cell);
    return n;
}

static void
draw_cell(const TopTable *self, const TopLayout *one, const TopRow *row, bool is_selected,
          TopPen *pen)
{
    TopColumnCell cell = find_cell(self, row, one->column);
    g_autoptr(GString) text = g_string_new(NULL);
    const TopPenCell drawn = {
        .width = one->width,
        .is_right = !one->column->is_left,
        .is_turned = is_turned(one->column, row, is_selected),
        .look = choose_look(&cell, row, is_selected),
    };

    append_text(text, self, row, one->column, &cell);
    top_pen_write_cell(pen, text->str, &drawn);
}

void
top_table_draw_row(const TopTable *self, GArray *layout, size_t i, TopPen *pen)
{
    const TopRow *row = &self->rows->all[i];
    bool is_selected = (gssize)i == self->selected;
    guint j = 0;

    if (row->entry == NULL)
        j = draw_group_name(row, layout, is_selected, pen);
    for (; j < layout->len; j++) {
        if (j > 0)
            top_pen_skip(pen, 1, is_selected);
        draw_cell(self, &g_array_index(layout, TopLayout, j), row, is_selected, pen);
    }
    top_pen_end_line(pen, is_selected);
}
