/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_page: draws the pages that are no list of domains.
 */
#include "top_page.h"

#include "top_keys.h"
#include "top_summary.h"
#include "top_table.h"

enum {
    KEYS_WIDTH = 14,    /* of the names of keys */
    HEADER_WIDTH = 8,   /* of the heading of a column */
    KEY_WIDTH = 9,      /* of its key */
    MOST_LINES = 8,     /* of one sentence */
    VERDICT_LINES = 16, /* of a verdict: on this page it is never cut */
};

static void
draw_title(TopPen *pen, const char *text)
{
    top_pen_write(pen, text, 0, TOP_TERMINAL_LOOK_TITLE);
    top_pen_end_line(pen, false);
}

static void
draw_keys(TopPen *pen)
{
    for (size_t i = 0; i < top_keys_count(); i++) {
        top_pen_write(pen, top_keys_table[i].names, KEYS_WIDTH, TOP_TERMINAL_LOOK_TITLE);
        top_pen_write_lines(pen, top_keys_table[i].help, KEYS_WIDTH + 1, MOST_LINES,
                            TOP_TERMINAL_LOOK_PLAIN);
    }
}

/* The columns of every view, each once. */
static void
draw_column_helps(TopPen *pen)
{
    for (size_t i = 0; i < top_column_count(); i++) {
        const TopColumn *column = top_column_at(i);

        top_pen_write(pen, column->header, KEYS_WIDTH, TOP_TERMINAL_LOOK_TITLE);
        top_pen_write_lines(pen, column->help, KEYS_WIDTH + 1, MOST_LINES, TOP_TERMINAL_LOOK_PLAIN);
    }
}

static const char *const filter_help[] = {
    "TEXT         the name has it",        "state:TEXT   running, paused, ... or the letter",
    "health:TEXT  ok, slow, stopped, ...", "uuid:TEXT    the UUID begins with it",
    "/REGEX       the name fits it",       "!WORD        the word does not fit",
    "Several words must all fit.",
};

void
top_page_draw_help(TopPen *pen)
{
    draw_title(pen, "Keys");
    draw_keys(pen);
    top_pen_end_line(pen, false);
    draw_title(pen, "Filter");
    for (size_t i = 0; i < G_N_ELEMENTS(filter_help); i++) {
        top_pen_write(pen, filter_help[i], 0, TOP_TERMINAL_LOOK_PLAIN);
        top_pen_end_line(pen, false);
    }
    top_pen_end_line(pen, false);
    draw_title(pen, "Columns");
    draw_column_helps(pen);
}

void
top_page_draw_columns(const TopState *state, size_t selected, TopPen *pen)
{
    g_autoptr(GPtrArray) all = top_state_list_all(state, state->view);
    g_autoptr(GPtrArray) shown = top_state_list_shown(state, state->view);

    for (guint i = 0; i < all->len; i++) {
        const TopColumn *column = g_ptr_array_index(all, i);
        bool is_shown = g_ptr_array_find(shown, column, NULL);
        bool is_selected = i == selected;
        TopPenCell cell = {.is_turned = is_selected, .width = 4};

        top_pen_write_cell(pen, is_shown ? "[x]" : "[ ]", &cell);
        cell.width = HEADER_WIDTH;
        top_pen_write_cell(pen, column->header, &cell);
        cell.width = KEY_WIDTH;
        top_pen_write_cell(pen, column->key, &cell);
        cell.width = pen->column < pen->width ? pen->width - pen->column : 1;
        top_pen_write_cell(pen, column->help, &cell);
        top_pen_end_line(pen, is_selected);
    }
}

static const char *const view_titles[TOP_COLUMN_N_VIEWS] = {
    [TOP_COLUMN_VIEW_VMS] = "Domain",
    [TOP_COLUMN_VIEW_CPU] = "CPU",
    [TOP_COLUMN_VIEW_MEMORY] = "Memory",
    [TOP_COLUMN_VIEW_DISKS] = "Disks",
    [TOP_COLUMN_VIEW_NICS] = "Network interfaces",
    [TOP_COLUMN_VIEW_VCPUS] = "Virtual CPUs",
};

static void
draw_view(const TopState *state, TopModel *model, const TopModelEntry *only,
          const TopColumnMode *mode, TopColumnView view, TopPen *pen)
{
    const TopRowsWish wish = {
        .view = view, .only = only, .mode = *mode, .order = state->views[view].order};
    g_autoptr(TopRows) rows = top_rows_new(model, &wish);
    g_autoptr(GPtrArray) columns = top_state_list_shown(state, view);
    const TopTable table = {
        .rows = rows, .columns = columns, .mode = *mode, .bytes = state->bytes, .selected = -1};
    g_autoptr(GArray) layout = top_table_layout(&table, pen);

    if (rows->n == 0)
        return;
    top_pen_end_line(pen, false);
    draw_title(pen, view_titles[view]);
    top_table_draw_headings(&table, layout, pen);
    for (size_t i = 0; i < rows->n; i++)
        top_table_draw_row(&table, layout, i, pen);
}

/* Name, UUID, process and verdict. */
static void
draw_identity(const TopModelEntry *only, TopPen *pen)
{
    const TopSampleDomain *domain = only->seen.now;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) verdict = g_string_new(NULL);

    draw_title(pen, domain->name);
    g_string_printf(text, "UUID %s", domain->uuid);
    if (domain->pid > 0)
        g_string_append_printf(text, "   process %d", domain->pid);
    g_string_append_printf(text, "   answered by: %s",
                           domstats_answered_by_to_string(domain->answered_by));
    top_pen_write_lines(pen, text->str, 0, MOST_LINES, TOP_TERMINAL_LOOK_PLAIN);
    top_summary_append_verdict(verdict, only);
    top_pen_write_lines(pen, verdict->str, 0, VERDICT_LINES,
                        domain->health == DOMSTATS_HEALTH_OK ? TOP_TERMINAL_LOOK_PLAIN
                                                             : TOP_TERMINAL_LOOK_BAD);
}

void
top_page_draw_domain(const TopState *state, TopModel *model, const TopModelEntry *only,
                     const TopColumnMode *mode, TopPen *pen)
{
    draw_identity(only, pen);
    for (int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        draw_view(state, model, only, mode, (TopColumnView)view, pen);
}
