/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_screen: the screen of `domstats top`.
 *
 * How it works
 *
 * One loop waits for a key, for the end of a round, and for signals, and draws the screen anew
 * after each. Rounds run on a thread of their own (top_asker), so a key is answered while QEMUs
 * hang. The rows are made anew when the model, the view, the order or the filter changed; the
 * selected row is then looked for by its domain and device, so it stays selected wherever it is
 * now.
 */
#include "top_screen.h"

#include <string.h>

#include "top_draw.h"
#include "top_keys.h"
#include "top_prompt.h"
#include "top_settings.h"
#include "top_state.h"
#include "top_terminal.h"
#include "util/util_deadline.h"

enum {
    REDRAW_MS = 1000,       /* the time of a round that hangs is counted on the screen */
    LONG_ROUND_US = 800000, /* a round that has run so long is told of */
};

typedef struct Screen Screen;

/* What is done with a line that was typed. */
typedef void (*UseLine)(Screen *self, const char *text);

struct Screen {
    TopTerminal *terminal;
    TopRounds *rounds;
    const char *source;
    TopState state;
    TopFilter *filter; /* that of the state; NULL: none */
    TopRows *rows;     /* NULL before the first round has ended */
    TopColumnMode mode;
    TopPrompt prompt;
    UseLine use_line; /* NULL: nothing is typed */
    int64_t began_us;
    bool has_ended;
};

typedef void (*RunAction)(Screen *self, const TopKeys *key);

static TopStatePlace *
list_place(Screen *self)
{
    return &self->state.places[TOP_STATE_PAGE_LIST];
}

/* The selected row; NULL if there is none. */
static const TopRow *
selected_row(Screen *self)
{
    size_t at = list_place(self)->selected;

    return self->rows != NULL && at < self->rows->n ? &self->rows->all[at] : NULL;
}

static void
say(Screen *self, const char *text)
{
    top_state_take_message(&self->state, g_strdup(text));
}

/* Brings the rows of marked domains to the top; otherwise their order stays. */
static void
put_marked_first(TopRows *rows, GHashTable *marked)
{
    g_autofree TopRow *others = g_new(TopRow, rows->n + 1);
    size_t n_marked = 0, n_others = 0;

    for (size_t i = 0; i < rows->n; i++) {
        TopRow row = rows->all[i];

        if (g_hash_table_contains(marked, row.entry->seen.now->uuid))
            rows->all[n_marked++] = row;
        else
            others[n_others++] = row;
    }
    for (size_t i = 0; i < n_others; i++)
        rows->all[n_marked + i] = others[i];
}

/* The place of @row in @rows: the same device, else the same domain; -1 if it is gone. */
static gssize
find_again(const TopRows *rows, const TopRow *row)
{
    const TopSampleDomain *domain = row->entry->seen.now;
    gssize at = top_rows_find(rows, domain->uuid, domain->pid, row->unit);

    for (size_t i = 0; at < 0 && i < rows->n; i++)
        if (strcmp(rows->all[i].entry->seen.now->uuid, domain->uuid) == 0)
            at = (gssize)i;
    return at;
}

/* Makes the rows anew; what was selected stays so. */
static void
make_rows(Screen *self)
{
    TopModel *model = top_rounds_model(self->rounds);
    const TopStateView *view = &self->state.views[self->state.view];
    const TopRow *selected = selected_row(self);
    TopRowsWish wish = {
        .view = self->state.view,
        .order = view->order,
        .is_reversed = view->is_turned,
        .filter = self->filter,
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
    put_marked_first(rows, self->state.marked);
    if (selected != NULL)
        at = find_again(rows, selected);
    if (at >= 0)
        list_place(self)->selected = (size_t)at;
    top_rows_free(self->rows);
    self->rows = rows;
}

/* How long the round runs that is under way, if that is long; else 0. It began when the delay was
 * over after the beginning of the round before. */
static double
find_asking_s(Screen *self)
{
    TopModel *model = top_rounds_model(self->rounds);
    const TopSample *last = model != NULL ? model->sample : NULL;
    int64_t now_us = util_deadline_now_us(), began_us = self->began_us;

    if (top_rounds_is_replay(self->rounds) || self->state.is_paused ||
        top_rounds_place(self->rounds) + 1 < top_rounds_count(self->rounds))
        return 0;
    if (last != NULL)
        began_us = MAX(last->ended_us, last->began_us + (int64_t)self->state.delay_ms * 1000);
    return now_us - began_us > LONG_ROUND_US ? (double)(now_us - began_us) / G_USEC_PER_SEC : 0;
}

/* Which round is shown, if it is not simply the latest. */
static char *
make_place(Screen *self)
{
    size_t place = top_rounds_place(self->rounds), n = top_rounds_count(self->rounds);

    if (!top_rounds_is_replay(self->rounds) && place + 1 >= n)
        return NULL;
    return g_strdup_printf("round %zu of %zu", place + 1, n);
}

static TopDraw
make_draw(Screen *self, const char *place)
{
    return (TopDraw){
        .terminal = self->terminal,
        .state = &self->state,
        .model = top_rounds_model(self->rounds),
        .rows = self->rows,
        .mode = self->mode,
        .prompt = self->use_line != NULL ? &self->prompt : NULL,
        .source = self->source,
        .place = place,
        .asking_s = find_asking_s(self),
    };
}

static void
draw(Screen *self)
{
    g_autofree char *place = make_place(self);
    TopDraw drawn = make_draw(self, place);

    top_draw(&drawn);
}

static size_t
count_seen(Screen *self)
{
    TopDraw drawn = make_draw(self, NULL);

    return top_draw_count_seen(&drawn);
}

static void
go_to_page(Screen *self, TopStatePage page)
{
    self->state.page = page;
    if (page != TOP_STATE_PAGE_LIST)
        self->state.places[page] = (TopStatePlace){0};
}

static void
type_line(Screen *self, const char *label, const char *text, UseLine use)
{
    top_prompt_init(&self->prompt, label, text != NULL ? text : "");
    self->use_line = use;
}

static void
run_quit(Screen *self, const TopKeys *key)
{
    (void)key;
    self->has_ended = true;
}

static void
run_help(Screen *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, TOP_STATE_PAGE_HELP);
}

static void
run_view(Screen *self, const TopKeys *key)
{
    self->state.view = (TopColumnView)key->value;
    go_to_page(self, TOP_STATE_PAGE_LIST);
    make_rows(self);
}

static void
run_sort(Screen *self, const TopKeys *key)
{
    const TopColumn *column = top_column_find(key->word, self->state.view);

    if (column != NULL)
        top_state_sort_by(&self->state, column);
    else
        say(self, "this view has no such column");
    make_rows(self);
}

static void
run_sort_left(Screen *self, const TopKeys *key)
{
    (void)key;
    top_state_sort_beside(&self->state, -1);
    make_rows(self);
}

static void
run_sort_right(Screen *self, const TopKeys *key)
{
    (void)key;
    top_state_sort_beside(&self->state, 1);
    make_rows(self);
}

static void
run_sort_list(Screen *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, TOP_STATE_PAGE_ORDER);
}

static void
run_reverse(Screen *self, const TopKeys *key)
{
    TopStateView *view = &self->state.views[self->state.view];

    (void)key;
    view->is_turned = !view->is_turned;
    make_rows(self);
}

/* Selects the next row, after the selected one, that has what is searched for. */
static void
search_on(Screen *self)
{
    const char *text = self->state.search;
    gssize at = -1;

    if (text == NULL) {
        say(self, "nothing was searched for yet");
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
use_search(Screen *self, const char *text)
{
    if (*text != '\0') {
        g_free(self->state.search);
        self->state.search = g_strdup(text);
    }
    search_on(self);
}

static void
run_search(Screen *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "search for:", NULL, use_search);
}

static void
run_search_next(Screen *self, const TopKeys *key)
{
    (void)key;
    search_on(self);
}

/* Shows what passes @text; a text that is no filter changes nothing. */
static void
use_filter(Screen *self, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TopFilter) filter = top_filter_new(text, &error);

    if (filter == NULL) {
        say(self, error->message);
        return;
    }
    g_clear_pointer(&self->state.filter, g_free);
    if (*text != '\0')
        self->state.filter = g_strdup(text);
    g_clear_pointer(&self->filter, top_filter_free);
    self->filter = g_steal_pointer(&filter);
    make_rows(self);
}

static void
run_filter(Screen *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "show only:", self->state.filter, use_filter);
}

static void
run_expand(Screen *self, const TopKeys *key)
{
    (void)key;
    if (self->state.page == TOP_STATE_PAGE_DOMAIN)
        go_to_page(self, TOP_STATE_PAGE_LIST);
    else if (selected_row(self) != NULL)
        go_to_page(self, TOP_STATE_PAGE_DOMAIN);
}

static void
run_bytes(Screen *self, const TopKeys *key)
{
    (void)key;
    self->state.counts_requests = !self->state.counts_requests;
}

static void
run_of_host(Screen *self, const TopKeys *key)
{
    (void)key;
    self->state.is_of_host = !self->state.is_of_host;
    make_rows(self);
}

static void
use_delay(Screen *self, const char *text)
{
    char *end = NULL;
    double ms = g_ascii_strtod(text, &end) * 1000;

    if (end == text || *end != '\0' || !(ms >= TOP_ASKER_LEAST_DELAY_MS) ||
        ms > TOP_ASKER_MOST_DELAY_MS) {
        top_state_take_message(&self->state, g_strdup_printf("a delay is %g to %g seconds",
                                                             TOP_ASKER_LEAST_DELAY_MS / 1000.0,
                                                             TOP_ASKER_MOST_DELAY_MS / 1000.0));
        return;
    }
    self->state.delay_ms = (unsigned int)(ms + 0.5);
    top_rounds_set_delay(self->rounds, self->state.delay_ms);
}

static void
run_delay(Screen *self, const TopKeys *key)
{
    (void)key;
    type_line(self, "seconds between rounds:", NULL, use_delay);
}

static void
run_fields(Screen *self, const TopKeys *key)
{
    (void)key;
    go_to_page(self, self->state.page == TOP_STATE_PAGE_COLUMNS ? TOP_STATE_PAGE_LIST
                                                                : TOP_STATE_PAGE_COLUMNS);
}

static void
run_save(Screen *self, const TopKeys *key)
{
    g_autofree char *path = top_settings_path();
    g_autoptr(GError) error = NULL;

    (void)key;
    if (top_settings_save(&self->state, path, &error))
        top_state_take_message(&self->state, g_strdup_printf("saved in '%s'", path));
    else
        say(self, error->message);
}

static void
run_mark(Screen *self, const TopKeys *key)
{
    const TopRow *row = selected_row(self);
    const char *uuid = row != NULL ? row->entry->seen.now->uuid : NULL;

    (void)key;
    if (uuid == NULL)
        return;
    if (!g_hash_table_remove(self->state.marked, uuid))
        (void)g_hash_table_add(self->state.marked, g_strdup(uuid));
    make_rows(self);
}

static void
run_pause(Screen *self, const TopKeys *key)
{
    (void)key;
    if (top_rounds_is_replay(self->rounds)) {
        say(self, "a recorded series does not run: , and . step through it");
        return;
    }
    self->state.is_paused = !self->state.is_paused;
    top_rounds_set_paused(self->rounds, self->state.is_paused);
}

static void
run_step(Screen *self, const TopKeys *key)
{
    if (top_rounds_step(self->rounds, key->value))
        make_rows(self);
    else
        say(self, key->value < 0 ? "this is the first round" : "this is the last round");
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
count_list(Screen *self)
{
    g_autoptr(GPtrArray) columns = NULL;

    if (self->state.page == TOP_STATE_PAGE_LIST)
        return self->rows != NULL ? self->rows->n : 0;
    columns = top_state_list_all(&self->state, self->state.view);
    return columns->len;
}

static void
run_move(Screen *self, const TopKeys *key)
{
    TopStatePlace *place = &self->state.places[self->state.page];
    size_t n_seen = count_seen(self);
    long step = count_lines(key, n_seen);

    if (self->state.page == TOP_STATE_PAGE_HELP || self->state.page == TOP_STATE_PAGE_DOMAIN)
        top_state_scroll(place, step, n_seen);
    else
        top_state_move(place, step, count_list(self), n_seen);
}

static void
run_redraw(Screen *self, const TopKeys *key)
{
    (void)key;
    top_terminal_redraw(self->terminal);
}

static void
run_leave(Screen *self, const TopKeys *key)
{
    (void)key;
    if (self->state.page != TOP_STATE_PAGE_LIST)
        go_to_page(self, TOP_STATE_PAGE_LIST);
    else
        use_filter(self, "");
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
    [TOP_KEYS_ACTION_LEAVE] = run_leave,
};

/* The column that is selected in a list of columns; NULL if there is none. */
static const TopColumn *
selected_column(Screen *self)
{
    g_autoptr(GPtrArray) all = top_state_list_all(&self->state, self->state.view);
    size_t at = self->state.places[self->state.page].selected;

    return at < all->len ? g_ptr_array_index(all, at) : NULL;
}

/* A key in a list of columns: Space chooses, Enter ends it, in the list of orders by sorting. */
static void
take_key_of_columns(Screen *self, const TopKeys *key)
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
        make_rows(self);
    }
}

static void
take_key_of_help(Screen *self, const TopKeys *key)
{
    if (key != NULL && key->action == TOP_KEYS_ACTION_MOVE)
        run_move(self, key);
    else
        go_to_page(self, TOP_STATE_PAGE_LIST);
}

static void
take_key_of_line(Screen *self, int code)
{
    TopPromptOutcome outcome = top_prompt_take(&self->prompt, code);
    UseLine use = self->use_line;

    if (outcome == TOP_PROMPT_OUTCOME_GOES_ON)
        return;
    self->use_line = NULL;
    if (outcome == TOP_PROMPT_OUTCOME_ENTERED)
        use(self, self->prompt.text->str);
    top_prompt_clear(&self->prompt);
}

static void
take_key(Screen *self, int code)
{
    const TopKeys *key = top_keys_find(code);

    if (self->use_line != NULL) {
        take_key_of_line(self, code);
        return;
    }
    top_state_take_message(&self->state, NULL);
    if (self->state.page == TOP_STATE_PAGE_HELP)
        take_key_of_help(self, key);
    else if (key == NULL)
        say(self, "no key for that; h lists them");
    else if (self->state.page == TOP_STATE_PAGE_COLUMNS || self->state.page == TOP_STATE_PAGE_ORDER)
        take_key_of_columns(self, key);
    else
        actions[key->action](self, key);
}

static void
take_rounds(Screen *self)
{
    const char *error = NULL;

    if (top_rounds_update(self->rounds))
        make_rows(self);
    error = top_rounds_recording_error(self->rounds);
    if (error != NULL)
        say(self, error);
}

static void
loop(Screen *self)
{
    while (!self->has_ended) {
        int code = 0;

        draw(self);
        switch (top_terminal_wait(self->terminal, top_rounds_fd(self->rounds), REDRAW_MS, &code)) {
        case TOP_TERMINAL_EVENT_KEY:
            take_key(self, code);
            break;
        case TOP_TERMINAL_EVENT_OTHER:
            take_rounds(self);
            break;
        case TOP_TERMINAL_EVENT_END:
            return;
        case TOP_TERMINAL_EVENT_TIME:
        case TOP_TERMINAL_EVENT_RESIZED:
            break;
        }
    }
}

/* What the command line says counts more than the file. */
static void
take_options(Screen *self, const TopOptions *options)
{
    TopStateView *view = NULL;

    if (options->has_view)
        self->state.view = options->view;
    view = &self->state.views[self->state.view];
    if (options->order != NULL) {
        view->order = options->order;
        view->is_turned = false;
    }
    view->is_turned = view->is_turned != options->is_reversed;
    if (options->columns != NULL) {
        g_clear_pointer(&view->columns, g_ptr_array_unref);
        view->columns = g_ptr_array_ref(options->columns);
        view->is_exact = true;
    }
    self->state.counts_requests |= options->counts_requests;
    self->state.is_of_host |= options->is_of_host;
    if (options->has_delay)
        self->state.delay_ms = options->call.delay_ms;
}

static void
prepare(Screen *self, const TopOptions *options)
{
    g_autofree char *path = top_settings_path();
    g_autoptr(GError) error = NULL;

    if (!top_settings_load(&self->state, path, &error))
        say(self, error->message);
    take_options(self, options);
    top_rounds_set_delay(self->rounds, self->state.delay_ms);
    if (options->filter_text != NULL)
        use_filter(self, options->filter_text);
    make_rows(self);
}

static void
end(Screen *self)
{
    top_terminal_close(self->terminal);
    top_prompt_clear(&self->prompt);
    top_filter_free(self->filter);
    top_rows_free(self->rows);
    top_state_clear(&self->state);
}

bool
top_screen_check(GError **error)
{
    return top_terminal_check(error);
}

bool
top_screen_run(TopRounds *rounds, const TopOptions *options, const char *source, GError **error)
{
    Screen self = {.rounds = rounds, .source = source, .began_us = util_deadline_now_us()};

    self.terminal = top_terminal_open(error);
    if (self.terminal == NULL)
        return false;
    top_state_init(&self.state);
    prepare(&self, options);
    loop(&self);
    end(&self);
    return true;
}
