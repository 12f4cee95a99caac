/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_draw: draws the screen of `domstats top`.
 */
#include "top_draw.h"

#include <curses.h>
#include <stdint.h>
#include <string.h>

#include "top_page.h"
#include "top_pen.h"
#include "top_summary.h"
#include "top_table.h"
#include "top_text.h"

enum {
    HEIGHT_WITH_VERDICT = 5, /* lines of a screen that has room for a line on the selected domain */
    HEIGHT_WITH_HEAD = 8,
    HEIGHT_WITH_TWO_LINES = 16, /* for a verdict of two lines, and those that do not answer */
    MOST_SILENT = 16,           /* names of domains that do not answer */
    BETWEEN = 3,                /* columns between two parts of a line of the head */
};

/* How the lines of the screen are shared out. */
typedef struct {
    size_t width;
    size_t height;
    size_t n_head;
    size_t n_silent;
    size_t n_headings;
    size_t n_list;
    size_t n_verdict;
} Share;

static const char hint[] = "h help  q quit  v VMs  c CPU  m memory  d disks  n network  "
                           "e one domain  / search  o filter";

static Share
share_out(const TopState *state, const TopModel *model)
{
    Share share = {.width = (size_t)getmaxx(stdscr), .height = (size_t)getmaxy(stdscr)};
    bool is_list = state->page == TOP_STATE_PAGE_LIST;
    size_t taken = 0;

    share.n_head = share.height >= HEIGHT_WITH_HEAD ? 2 : 0;
    if (model != NULL && model->error == NULL && share.height >= HEIGHT_WITH_TWO_LINES)
        share.n_silent = top_summary_count_silent(model) > 0 ? 1 : 0;
    share.n_headings = is_list && share.height > 1 ? 1 : 0;
    if (is_list && share.height >= HEIGHT_WITH_VERDICT)
        share.n_verdict = share.height >= HEIGHT_WITH_TWO_LINES ? 2 : 1;
    taken = share.n_head + share.n_silent + share.n_headings + share.n_verdict + 1;
    share.n_list = share.height > taken ? share.height - taken : share.height > 2 ? 1 : 0;
    return share;
}

size_t
top_draw_count_seen(const TopState *state, const TopModel *model)
{
    return share_out(state, model).n_list;
}

static TopPen
make_pen(const TopDraw *self, const Share *share, size_t top, size_t height)
{
    return (TopPen){
        .terminal = self->terminal, .top = top, .height = height, .width = share->width};
}

/* Writes a part of a line of the head if all of it has room. */
static void
write_part(TopPen *pen, const char *text, TopTerminalLook look)
{
    size_t before = pen->column > 0 ? BETWEEN : 0;
    size_t width = top_text_measure(text, top_terminal_is_utf8(pen->terminal));

    if (*text == '\0' || (pen->column > 0 && pen->column + before + width > pen->width))
        return;
    top_pen_skip(pen, before, false);
    top_pen_write(pen, text, 0, look);
}

/* The time of the round, by the clock on the wall here. */
static char *
make_time(const TopDraw *self)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(self->model->sample->wall_us / G_USEC_PER_SEC);
    g_autofree char *text = time == NULL
                                ? g_strdup("")
                                : g_date_time_format(time, self->place != NULL ? "%F %T" : "%T");

    return self->place != NULL ? g_strdup_printf("%s, %s", self->place, text)
                               : g_steal_pointer(&text);
}

/* Why the round failed, as far as it has room: on pages without a verdict it stands only here. */
static void
draw_error(const TopDraw *self, TopPen *pen)
{
    g_autofree char *text = g_strdup_printf("the round failed: %s", self->model->error);

    top_pen_skip(pen, BETWEEN, false);
    top_pen_write(pen, text, 0, TOP_TERMINAL_LOOK_BAD);
}

static void
draw_first_line(const TopDraw *self, TopPen *pen)
{
    g_autoptr(GString) domains = g_string_new(NULL);
    g_autoptr(GString) round = g_string_new(NULL);
    g_autofree char *time = NULL;
    TopSummary summary = {0};

    write_part(pen, "domstats top", TOP_TERMINAL_LOOK_TITLE);
    if (self->model == NULL || self->model->sample == NULL)
        return;
    top_summary_make(self->model, &summary);
    top_summary_append_domains(domains, &summary);
    top_summary_append_round(round, &summary);
    time = make_time(self);
    if (self->place != NULL)
        write_part(pen, time, TOP_TERMINAL_LOOK_WARNING);
    if (self->model->error != NULL) {
        draw_error(self, pen);
        return;
    }
    write_part(pen, round->str,
               summary.n_answered < summary.n_domains ? TOP_TERMINAL_LOOK_BAD
                                                      : TOP_TERMINAL_LOOK_PLAIN);
    write_part(pen, domains->str, TOP_TERMINAL_LOOK_PLAIN);
    if (self->place == NULL)
        write_part(pen, time, TOP_TERMINAL_LOOK_DIM);
}

/* What is not as it is by default, in words. */
static char *
make_order(const TopDraw *self)
{
    const TopState *state = self->state;
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "by %s, %s first", state->views[state->view].order->header,
                           top_state_sorts_up(state) ? "lowest" : "highest");
    if (state->is_of_host)
        g_string_append(text, ", 100 % is the host");
    return g_string_free(text, FALSE);
}

static void
draw_second_line(const TopDraw *self, TopPen *pen)
{
    const TopState *state = self->state;
    g_autoptr(GString) host = g_string_new(NULL);
    g_autofree char *group = g_strdup_printf("grouped %s", top_group_phrase(state->group));
    g_autofree char *bytes = g_strdup_printf("bytes in %s", top_format_bytes_name(state->bytes));
    g_autofree char *order = make_order(self);
    g_autofree char *delay = g_strdup_printf("every %g s", state->delay_ms / 1000.0);
    g_autofree char *asking = g_strdup_printf("asking for %.0f s", self->asking_s);
    g_autofree char *filter = g_strdup_printf("filter: %s", state->filter);
    TopSummary summary = {0};

    if (state->is_paused)
        write_part(pen, "PAUSED", TOP_TERMINAL_LOOK_WARNING);
    if (self->asking_s > 0)
        write_part(pen, asking, TOP_TERMINAL_LOOK_WARNING);
    if (state->filter != NULL)
        write_part(pen, filter, TOP_TERMINAL_LOOK_WARNING);
    if (self->model != NULL && self->model->sample != NULL) {
        top_summary_make(self->model, &summary);
        top_summary_append_host(host, &summary, state->bytes);
        write_part(pen, host->str, TOP_TERMINAL_LOOK_PLAIN);
    }
    if (state->group != TOP_GROUP_NONE)
        write_part(pen, group, TOP_TERMINAL_LOOK_DIM);
    if (state->bytes != TOP_FORMAT_BYTES_AUTOMATIC)
        write_part(pen, bytes, TOP_TERMINAL_LOOK_DIM);
    write_part(pen, order, TOP_TERMINAL_LOOK_DIM);
    write_part(pen, delay, TOP_TERMINAL_LOOK_DIM);
    write_part(pen, self->source, TOP_TERMINAL_LOOK_DIM);
}

static void
draw_head(const TopDraw *self, const Share *share)
{
    TopPen pen = make_pen(self, share, 0, share->n_head);

    draw_first_line(self, &pen);
    top_pen_end_line(&pen, false);
    draw_second_line(self, &pen);
}

/* Which domains do not answer, wherever their rows are: as many names as there is room for. */
static void
draw_silent(const TopDraw *self, const Share *share)
{
    TopPen pen = make_pen(self, share, share->n_head, share->n_silent);
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t n = MOST_SILENT + 1; n-- > 0;) {
        g_string_truncate(text, 0);
        top_summary_append_silent(text, self->model, n);
        if (top_text_measure(text->str, top_terminal_is_utf8(self->terminal)) <= share->width)
            break;
    }
    top_pen_write(&pen, text->str, 0, TOP_TERMINAL_LOOK_BAD);
}

static void
draw_list(const TopDraw *self, const Share *share)
{
    TopState *state = self->state;
    TopStatePlace *place = &state->places[TOP_STATE_PAGE_LIST];
    g_autoptr(GPtrArray) columns = top_state_list_shown(state, state->view);
    size_t top = share->n_head + share->n_silent;
    TopPen headings = make_pen(self, share, top, share->n_headings);
    TopPen rows = make_pen(self, share, top + share->n_headings, share->n_list);
    const TopTable table = {
        .rows = self->rows,
        .columns = columns,
        .order = state->views[state->view].order,
        .sorts_up = top_state_sorts_up(state),
        .mode = self->mode,
        .bytes = state->bytes,
        .marked = state->marked,
        .selected = (gssize)place->selected,
    };
    g_autoptr(GArray) layout = NULL;

    if (self->rows == NULL)
        return;
    layout = top_table_layout(&table, &headings);
    top_state_move(place, 0, self->rows->n, share->n_list);
    top_table_draw_headings(&table, layout, &headings);
    rows.skipped = rows.line = place->first;
    for (size_t i = place->first; i < self->rows->n && i < place->first + share->n_list; i++)
        top_table_draw_row(&table, layout, i, &rows);
}

/* The selected row; NULL if there is none. */
static const TopRow *
find_selected_row(const TopDraw *self)
{
    size_t selected = self->state->places[TOP_STATE_PAGE_LIST].selected;

    return self->rows != NULL && selected < self->rows->n ? &self->rows->all[selected] : NULL;
}

/* Its domain; NULL if there is none, as it is a head. */
static const TopModelEntry *
find_selected(const TopDraw *self)
{
    const TopRow *row = find_selected_row(self);

    return row != NULL ? row->entry : NULL;
}

static void
draw_page(const TopDraw *self, const Share *share)
{
    TopStatePlace *place = &self->state->places[self->state->page];
    TopPen pen = make_pen(self, share, share->n_head + share->n_silent, share->n_list);
    const TopModelEntry *selected = find_selected(self);

    pen.skipped = place->first;
    if (self->state->page == TOP_STATE_PAGE_HELP)
        top_page_draw_help(&pen);
    else if (self->state->page == TOP_STATE_PAGE_DOMAIN && selected != NULL)
        top_page_draw_domain(self->state, self->model, selected, &self->mode, &pen);
    else if (self->state->page != TOP_STATE_PAGE_DOMAIN)
        top_page_draw_columns(self->state, place->selected, &pen);
    place->n = pen.line;
}

/* How many domains the group has, and in which states they are. */
static void
append_group(GString *out, const TopRows *rows, const TopRowsGroup *group)
{
    g_autoptr(GHashTable) counted = g_hash_table_new(NULL, NULL);
    TopSummary summary = {0};

    for (size_t i = group->first; i < group->first + group->n; i++)
        if (g_hash_table_add(counted, (void *)(uintptr_t)rows->all[i].entry))
            top_summary_count(&summary, rows->all[i].entry);
    top_summary_append_domains(out, &summary);
}

/* What is to be said of the selected domain or group; of the whole round, if that failed. */
static void
draw_verdict(const TopDraw *self, const Share *share)
{
    TopPen pen = make_pen(self, share, share->height - 1 - share->n_verdict, share->n_verdict);
    const TopModelEntry *selected = find_selected(self);
    const TopRow *row = find_selected_row(self);
    g_autoptr(GString) text = g_string_new(NULL);

    if (self->model == NULL) {
        g_string_append(text, "the first round is under way");
    } else if (self->model->error != NULL) {
        top_pen_write_lines(&pen, self->model->error, 0, share->n_verdict, TOP_TERMINAL_LOOK_BAD);
        return;
    } else if (row != NULL && row->entry == NULL) {
        g_string_append_printf(text, "%s: ", row->group->name);
        append_group(text, self->rows, row->group);
    } else if (selected == NULL) {
        g_string_append(text, self->state->filter != NULL ? "nothing passes the filter"
                                                          : "there is nothing to show");
    } else {
        g_string_append_printf(text, "%s: ", selected->seen.now->name);
        top_summary_append_verdict(text, selected);
    }
    top_pen_write_lines(&pen, text->str, 0, share->n_verdict,
                        selected != NULL && !selected->has_answered ? TOP_TERMINAL_LOOK_BAD
                                                                    : TOP_TERMINAL_LOOK_PLAIN);
}

/* The end of what is typed is what is seen of it. */
static void
draw_prompt(const TopPrompt *prompt, TopPen *pen)
{
    const char *text = prompt->text->str;
    size_t label = strlen(prompt->label) + 1;
    bool is_utf8 = top_terminal_is_utf8(pen->terminal);

    while (*text != '\0' && label + top_text_measure(text, is_utf8) >= pen->width)
        text = g_utf8_find_next_char(text, NULL);
    top_pen_write(pen, prompt->label, 0, TOP_TERMINAL_LOOK_TITLE);
    top_pen_skip(pen, 1, false);
    top_pen_write(pen, text, 0, TOP_TERMINAL_LOOK_PLAIN);
    top_pen_skip(pen, 1, true); /* where the next character comes */
}

static const char *
find_page_hint(TopStatePage page)
{
    static const char *const hints[TOP_STATE_N_PAGES] = {
        [TOP_STATE_PAGE_LIST] = hint,
        [TOP_STATE_PAGE_DOMAIN] = "Up, Down: more lines   e, Escape: back   q quit",
        [TOP_STATE_PAGE_COLUMNS] = "Space: shown or not   Escape, Enter: back",
        [TOP_STATE_PAGE_ORDER] = "Enter: sort by it   Escape: back",
        [TOP_STATE_PAGE_HELP] = "Up, Down: more lines   any other key: back",
    };

    return hints[page];
}

static void
draw_last_line(const TopDraw *self, const Share *share)
{
    TopPen pen = make_pen(self, share, share->height - 1, 1);
    const TopSample *sample = self->model != NULL ? self->model->sample : NULL;

    if (self->prompt != NULL)
        draw_prompt(self->prompt, &pen);
    else if (self->state->message != NULL)
        top_pen_write(&pen, self->state->message, 0, TOP_TERMINAL_LOOK_WARNING);
    else if (self->state->page == TOP_STATE_PAGE_LIST && sample != NULL &&
             sample->blind_spot != NULL)
        top_pen_write(&pen, sample->blind_spot, 0, TOP_TERMINAL_LOOK_WARNING);
    else
        top_pen_write(&pen, find_page_hint(self->state->page), 0, TOP_TERMINAL_LOOK_DIM);
}

void
top_draw(const TopDraw *self)
{
    Share share = share_out(self->state, self->model);

    (void)erase();
    if (share.n_head > 0)
        draw_head(self, &share);
    if (share.n_silent > 0)
        draw_silent(self, &share);
    if (self->state->page == TOP_STATE_PAGE_LIST)
        draw_list(self, &share);
    else
        draw_page(self, &share);
    if (share.n_verdict > 0)
        draw_verdict(self, &share);
    if (share.height > 0)
        draw_last_line(self, &share);
    top_terminal_show();
}
