/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_actions: see top_actions.h.
 *
 * The rows are made anew when the model, the view, the order or the filter changed; the selected
 * row is then looked for by its domain and device, so it stays selected wherever it is now. Only
 * the first row is the first row: what comes there is selected then.
 */
#include "top_actions.h"

#include <string.h>

#include "top_draw.h"
#include "top_keys.h"
#include "top_settings.h"

typedef void (*RunAction)(TopActions *self, const TopKeys *key);

static TopStatePlace *
list_place(TopActions *self)
{
    return &self->state.places[TOP_STATE_PAGE_LIST];
}

/* The selected row; NULL if there is none. */
static const TopRow *
selected_row(TopActions *self)
{
    size_t at = list_place(self)->selected;

    return self->rows != NULL && at < self->rows->n ? &self->rows->all[at] : NULL;
}

/* That of a domain; NULL, with a message, if it is the head of a group. */
static const TopRow *
selected_row_of_domain(TopActions *self)
{
    const TopRow *row = selected_row(self);

    if (row == NULL || row->entry != NULL)
        return row;
    top_actions_say(self, "this is a group; the rows below it are its domains");
    return NULL;
}

void
top_actions_say(TopActions *self, const char *text)
{
    top_state_take_message(&self->state, g_strdup(text));
}

/* Brings the rows of marked domains before the other ones of @n rows; otherwise their order stays.
 */
static void
put_marked_first(TopRow *rows, size_t n, GHashTable *marked)
{
    g_autofree TopRow *others = g_new(TopRow, n + 1);
    size_t n_marked = 0, n_others = 0;

    for (size_t i = 0; i < n; i++) {
        TopRow row = rows[i];

        if (top_state_is_marked(marked, row.entry->seen.now))
            rows[n_marked++] = row;
        else
            others[n_others++] = row;
    }
    for (size_t i = 0; i < n_others; i++)
        rows[n_marked + i] = others[i];
}

/* Marked domains are the first of their group. */
static void
put_marked_first_in_groups(TopRows *rows, GHashTable *marked)
{
    if (rows->groups->len == 0)
        put_marked_first(rows->all, rows->n, marked);
    for (guint i = 0; i < rows->groups->len; i++) {
        const TopRowsGroup *group = g_ptr_array_index(rows->groups, i);

        put_marked_first(rows->all + group->first, group->n, marked);
    }
}

/* The place of @row in @rows: the same head or device, else the same domain; -1 if it is gone. */
static gssize
find_again(const TopRows *rows, const TopRow *row)
{
    const TopSampleDomain *domain = NULL;
    gssize at = -1;

    if (row->entry == NULL)
        return top_rows_find_head(rows, row->group->name);
    domain = row->entry->seen.now;
    at = top_rows_find(rows, domain->uuid, domain->pid, row->unit);
    for (size_t i = 0; at < 0 && i < rows->n; i++)
        if (rows->all[i].entry != NULL &&
            strcmp(rows->all[i].entry->seen.now->uuid, domain->uuid) == 0)
            at = (gssize)i;
    return at;
}

/* True if the selected row stays so when another one takes its place. */
static bool
keeps_selected(TopActions *self)
{
    return list_place(self)->selected > 0 || self->state.page == TOP_STATE_PAGE_DOMAIN;
}

void
top_actions_make_rows(TopActions *self)
{
    TopModel *model = top_rounds_model(self->rounds);
    const TopStateView *view = &self->state.views[self->state.view];
    const TopRow *selected = selected_row(self);
    TopRowsWish wish = {
        .view = self->state.view,
        .order = view->order,
        .is_reversed = view->is_turned,
        .filter = self->filter,
        .group = self->state.group,
    };
    TopRows *rows = NULL;
    gssize at = -1;

    if (model == NULL)
        return;
    self->mode.is_of_host = self->state.is_of_host;
    if (model->sample != NULL)
        self->mode.n_processors = model->sample->host.n_processors;
    wish.mode = self->mode;
    rows = top_rows_new(model, &wish);
    put_marked_first_in_groups(rows, self->state.marked);
    if (selected != NULL && keeps_selected(self))
        at = find_again(rows, selected);
    if (at >= 0)
        list_place(self)->selected = (size_t)at;
    top_rows_free(self->rows);
    self->rows = rows;
}

static void
go_to_page(TopActions *self, TopStatePage page)
{
    self->state.page = page;
    if (page != TOP_STATE_PAGE_LIST)
        self->state.places[page] = (TopStatePlace){0};
}

static void
type_line(TopActions *self, const char *label, const char *text, TopActionsUseLine use)
{
    top_prompt_init(&self->prompt, label, text != NULL ? text : "");
    self->use_line = use;
}

static void
run_quit(TopActions *self, const TopKeys *key)
{
    (void)key;
    self->has_ended = true;
}

static void
run_help(TopActions *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, TOP_STATE_PAGE_HELP);
}

static void
run_view(TopActions *self, const TopKeys *key)
{
    self->state.view = (TopColumnView)key->value;
    go_to_page(self, TOP_STATE_PAGE_LIST);
    top_actions_make_rows(self);
}

static void
run_sort(TopActions *self, const TopKeys *key)
{
    const TopColumn *column = top_column_find(key->word, self->state.view);

    if (column != NULL)
        top_state_sort_by(&self->state, column);
    else
        top_actions_say(self, "this view has no such column");
    top_actions_make_rows(self);
}

static void
run_sort_left(TopActions *self, const TopKeys *key)
{
    (void)key;
    top_state_sort_beside(&self->state, -1);
    top_actions_make_rows(self);
}

static void
run_sort_right(TopActions *self, const TopKeys *key)
{
    (void)key;
    top_state_sort_beside(&self->state, 1);
    top_actions_make_rows(self);
}

static void
run_sort_list(TopActions *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, TOP_STATE_PAGE_ORDER);
}

static void
run_reverse(TopActions *self, const TopKeys *key)
{
    TopStateView *view = &self->state.views[self->state.view];

    (void)key;
    view->is_turned = !view->is_turned;
    top_actions_make_rows(self);
}

/* Selects the next row, after the selected one, that has what is searched for. */
static void
search_on(TopActions *self)
{
    const char *text = self->state.search;
    gssize at = -1;

    if (text == NULL) {
        top_actions_say(self, "nothing was searched for yet");
        return;
    }
    if (self->rows != NULL && self->rows->n > 0)
        at = top_rows_search(self->rows, text, (list_place(self)->selected + 1) % self->rows->n);
    if (at >= 0)
        list_place(self)->selected = (size_t)at;
    else
        top_state_take_message(&self->state, g_strdup_printf("no row has '%s'", text));
}

static void
use_search(TopActions *self, const char *text)
{
    if (*text != '\0') {
        g_free(self->state.search);
        self->state.search = g_strdup(text);
    }
    search_on(self);
}

static void
run_search(TopActions *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "search for:", NULL, use_search);
}

static void
run_search_next(TopActions *self, const TopKeys *key)
{
    (void)key;
    search_on(self);
}

void
top_actions_filter(TopActions *self, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TopFilter) filter = top_filter_new(text, &error);

    if (filter == NULL) {
        top_actions_say(self, error->message);
        return;
    }
    g_clear_pointer(&self->state.filter, g_free);
    if (*text != '\0')
        self->state.filter = g_strdup(text);
    g_clear_pointer(&self->filter, top_filter_free);
    self->filter = g_steal_pointer(&filter);
    top_actions_make_rows(self);
}

static void
run_filter(TopActions *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "show only:", self->state.filter, top_actions_filter);
}

static void
run_expand(TopActions *self, const TopKeys *key)
{
    (void)key;
    if (self->state.page == TOP_STATE_PAGE_DOMAIN)
        go_to_page(self, TOP_STATE_PAGE_LIST);
    else if (selected_row_of_domain(self) != NULL)
        go_to_page(self, TOP_STATE_PAGE_DOMAIN);
}

static void
run_bytes(TopActions *self, const TopKeys *key)
{
    (void)key;
    self->state.counts_requests = !self->state.counts_requests;
}

static void
run_units(TopActions *self, const TopKeys *key)
{
    (void)key;
    self->state.bytes = (TopFormatBytes)((self->state.bytes + 1) % TOP_FORMAT_N_BYTES);
}

static void
run_of_host(TopActions *self, const TopKeys *key)
{
    (void)key;
    self->state.is_of_host = !self->state.is_of_host;
    top_actions_make_rows(self);
}

static void
run_group(TopActions *self, const TopKeys *key)
{
    (void)key;
    self->state.group = (TopGroup)((self->state.group + 1) % TOP_N_GROUPS);
    top_actions_make_rows(self);
}

static void
use_delay(TopActions *self, const char *text)
{
    char *end = NULL;
    double ms = g_ascii_strtod(text, &end) * 1000;
    const double least_ms = (double)TOP_ASKER_LEAST_DELAY_MS;
    const double most_ms = (double)TOP_ASKER_MOST_DELAY_MS;

    if (end == text || *end != '\0' || !(ms >= least_ms) || ms > most_ms) {
        top_state_take_message(&self->state, g_strdup_printf("a delay is %g to %g seconds",
                                                             least_ms / 1000, most_ms / 1000));
        return;
    }
    self->state.delay_ms = (unsigned int)(ms + 0.5);
    top_rounds_set_delay(self->rounds, self->state.delay_ms);
}

static void
run_delay(TopActions *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "seconds between rounds:", NULL, use_delay);
}

static void
run_fields(TopActions *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, self->state.page == TOP_STATE_PAGE_COLUMNS ? TOP_STATE_PAGE_LIST
                                                                : TOP_STATE_PAGE_COLUMNS);
}

static void
run_save(TopActions *self, const TopKeys *key)
{
    g_autofree char *path = top_settings_path();
    g_autoptr(GError) error = NULL;

    (void)key;
    if (top_settings_save(&self->state, path, &error))
        top_state_take_message(&self->state, g_strdup_printf("saved in '%s'", path));
    else
        top_actions_say(self, error->message);
}

static void
run_mark(TopActions *self, const TopKeys *key)
{
    const TopRow *row = selected_row_of_domain(self);
    g_autofree char *mark = NULL;

    (void)key;
    if (row == NULL)
        return;
    mark = top_state_make_mark(row->entry->seen.now);
    if (!g_hash_table_remove(self->state.marked, mark))
        (void)g_hash_table_add(self->state.marked, g_steal_pointer(&mark));
    top_actions_make_rows(self);
}

static void
run_pause(TopActions *self, const TopKeys *key)
{
    (void)key;
    if (top_rounds_is_replay(self->rounds)) {
        top_actions_say(self, "a recorded series does not run: , and . step through it");
        return;
    }
    self->state.is_paused = !self->state.is_paused;
    top_rounds_set_paused(self->rounds, self->state.is_paused);
}

static void
run_step(TopActions *self, const TopKeys *key)
{
    if (top_rounds_step(self->rounds, key->value))
        top_actions_make_rows(self);
    else
        top_actions_say(self,
                        key->value < 0 ? "this is the first round" : "this is the last round");
}

/* Lines of a move: those of the table, a page, or as many as there can be. */
static long
count_lines(const TopKeys *key, size_t n_seen)
{
    if (key->value == TOP_KEYS_MOVE_PAGE || key->value == -TOP_KEYS_MOVE_PAGE)
        return (key->value > 0 ? 1 : -1) * (long)MAX(n_seen, 1);
    return key->value;
}

static size_t
count_list(TopActions *self)
{
    g_autoptr(GPtrArray) columns = NULL;

    if (self->state.page == TOP_STATE_PAGE_LIST)
        return self->rows != NULL ? self->rows->n : 0;
    columns = top_state_list_all(&self->state, self->state.view);
    return columns->len;
}

static void
run_move(TopActions *self, const TopKeys *key)
{
    TopStatePlace *place = &self->state.places[self->state.page];
    size_t n_seen = top_draw_count_seen(&self->state, top_rounds_model(self->rounds));
    long step = count_lines(key, n_seen);

    if (self->state.page == TOP_STATE_PAGE_HELP || self->state.page == TOP_STATE_PAGE_DOMAIN)
        top_state_scroll(place, step, n_seen);
    else
        top_state_move(place, step, count_list(self), n_seen);
}

static void
run_redraw(TopActions *self, const TopKeys *key)
{
    (void)key;
    top_terminal_redraw(self->terminal);
}

static void
run_leave(TopActions *self, const TopKeys *key)
{
    (void)key;
    if (self->state.page != TOP_STATE_PAGE_LIST)
        go_to_page(self, TOP_STATE_PAGE_LIST);
    else
        top_actions_filter(self, "");
}

static const RunAction actions[] = {
    [TOP_KEYS_ACTION_QUIT] = run_quit,           [TOP_KEYS_ACTION_HELP] = run_help,
    [TOP_KEYS_ACTION_VIEW] = run_view,           [TOP_KEYS_ACTION_SORT] = run_sort,
    [TOP_KEYS_ACTION_SORT_LEFT] = run_sort_left, [TOP_KEYS_ACTION_SORT_RIGHT] = run_sort_right,
    [TOP_KEYS_ACTION_SORT_LIST] = run_sort_list, [TOP_KEYS_ACTION_REVERSE] = run_reverse,
    [TOP_KEYS_ACTION_SEARCH] = run_search,       [TOP_KEYS_ACTION_SEARCH_NEXT] = run_search_next,
    [TOP_KEYS_ACTION_FILTER] = run_filter,       [TOP_KEYS_ACTION_EXPAND] = run_expand,
    [TOP_KEYS_ACTION_BYTES] = run_bytes,         [TOP_KEYS_ACTION_OF_HOST] = run_of_host,
    [TOP_KEYS_ACTION_DELAY] = run_delay,         [TOP_KEYS_ACTION_FIELDS] = run_fields,
    [TOP_KEYS_ACTION_SAVE] = run_save,           [TOP_KEYS_ACTION_MARK] = run_mark,
    [TOP_KEYS_ACTION_PAUSE] = run_pause,         [TOP_KEYS_ACTION_STEP] = run_step,
    [TOP_KEYS_ACTION_MOVE] = run_move,           [TOP_KEYS_ACTION_REDRAW] = run_redraw,
    [TOP_KEYS_ACTION_LEAVE] = run_leave,         [TOP_KEYS_ACTION_GROUP] = run_group,
    [TOP_KEYS_ACTION_UNITS] = run_units,
};

/* The column that is selected in a list of columns; NULL if there is none. */
static const TopColumn *
selected_column(TopActions *self)
{
    g_autoptr(GPtrArray) all = top_state_list_all(&self->state, self->state.view);
    size_t at = self->state.places[self->state.page].selected;

    return at < all->len ? g_ptr_array_index(all, at) : NULL;
}

/* A key in a list of columns: Space chooses, Enter ends it, in the list of orders by sorting. */
static void
take_key_of_columns(TopActions *self, const TopKeys *key)
{
    bool is_order = self->state.page == TOP_STATE_PAGE_ORDER;
    const TopColumn *column = selected_column(self);

    if (key->action == TOP_KEYS_ACTION_MOVE) {
        run_move(self, key);
    } else if (key->action == TOP_KEYS_ACTION_MARK && !is_order && column != NULL) {
        top_state_toggle_column(&self->state, column);
    } else if (key->action != TOP_KEYS_ACTION_MARK) {
        if (key->action == TOP_KEYS_ACTION_EXPAND && is_order && column != NULL)
            top_state_sort_by(&self->state, column);
        go_to_page(self, TOP_STATE_PAGE_LIST);
        top_actions_make_rows(self);
    }
}

static void
take_key_of_help(TopActions *self, const TopKeys *key)
{
    if (key != NULL && key->action == TOP_KEYS_ACTION_MOVE)
        run_move(self, key);
    else
        go_to_page(self, TOP_STATE_PAGE_LIST);
}

static void
take_key_of_line(TopActions *self, int code)
{
    TopPromptOutcome outcome = top_prompt_take(&self->prompt, code);
    TopActionsUseLine use = self->use_line;

    if (outcome == TOP_PROMPT_OUTCOME_GOES_ON)
        return;
    self->use_line = NULL;
    if (outcome == TOP_PROMPT_OUTCOME_ENTERED)
        use(self, self->prompt.text->str);
    top_prompt_clear(&self->prompt);
}

/* True if @code belongs to a text that is pasted: it may be added to the line that is typed, and is
 * no command, not even Enter. Escape ends the text too, should the mark of its end get lost. */
static bool
take_pasted(TopActions *self, int code)
{
    bool was_pasting = self->is_pasting;

    if (code == TOP_KEYS_PASTE_BEGIN)
        self->is_pasting = true;
    else if (code == TOP_KEYS_PASTE_END || code == TOP_KEYS_ESCAPE)
        self->is_pasting = false;
    else if (was_pasting && self->use_line != NULL)
        top_prompt_paste(&self->prompt, code);
    else if (was_pasting)
        top_actions_say(self, "pasted text is not taken for keys");
    return was_pasting || self->is_pasting || code == TOP_KEYS_PASTE_END;
}

void
top_actions_take_key(TopActions *self, int code)
{
    const TopKeys *key = top_keys_find(code);

    if (take_pasted(self, code))
        return;
    if (self->use_line != NULL) {
        take_key_of_line(self, code);
        return;
    }
    top_state_take_message(&self->state, NULL);
    if (self->state.page == TOP_STATE_PAGE_HELP)
        take_key_of_help(self, key);
    else if (key == NULL)
        top_actions_say(self, "no key for that; h lists them");
    else if (self->state.page == TOP_STATE_PAGE_COLUMNS || self->state.page == TOP_STATE_PAGE_ORDER)
        take_key_of_columns(self, key);
    else
        actions[key->action](self, key);
}

void
top_actions_init(TopActions *self, TopTerminal *terminal, TopRounds *rounds)
{
    *self = (TopActions){.terminal = terminal, .rounds = rounds};
    top_state_init(&self->state);
}

void
top_actions_clear(TopActions *self)
{
    top_prompt_clear(&self->prompt);
    top_filter_free(self->filter);
    top_rows_free(self->rows);
    top_state_clear(&self->state);
}
