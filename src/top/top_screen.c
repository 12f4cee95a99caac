/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_screen: the screen of `domstats top`.
 *
 * How it works
 *
 * One loop waits for a key, for the end of a round, and for signals, and draws the screen anew
 * after each. Rounds run on a thread of their own (top_asker), so a key is answered while QEMUs
 * hang.
 */
#include "top_screen.h"

#include "top_actions.h"
#include "top_draw.h"
#include "top_settings.h"
#include "util/util_deadline.h"

enum {
    REDRAW_MS = 1000,       /* the time of a round that hangs is counted on the screen */
    LONG_ROUND_US = 800000, /* a round that has run so long is told of */
};

typedef struct {
    TopActions actions;
    const char *source;
} Screen;

/* How long the round runs that is under way, if that is long; else 0. */
static double
find_asking_s(Screen *self)
{
    int64_t began_us = top_rounds_began_us(self->actions.rounds);
    int64_t now_us = util_deadline_now_us();

    if (began_us == 0 ||
        top_rounds_place(self->actions.rounds) + 1 < top_rounds_count(self->actions.rounds))
        return 0;
    return now_us - began_us > LONG_ROUND_US ? (double)(now_us - began_us) / G_USEC_PER_SEC : 0;
}

/* Which round is shown, if it is not simply the latest. */
static char *
make_place(Screen *self)
{
    size_t place = top_rounds_place(self->actions.rounds),
           n = top_rounds_count(self->actions.rounds);

    if (!top_rounds_is_replay(self->actions.rounds) && place + 1 >= n)
        return NULL;
    return g_strdup_printf("round %zu of %zu", place + 1, n);
}

static TopDraw
make_draw(Screen *self, const char *place)
{
    return (TopDraw){
        .terminal = self->actions.terminal,
        .state = &self->actions.state,
        .model = top_rounds_model(self->actions.rounds),
        .rows = self->actions.rows,
        .mode = self->actions.mode,
        .prompt = self->actions.use_line != NULL ? &self->actions.prompt : NULL,
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

static void
take_rounds(Screen *self)
{
    const char *error = NULL;

    if (top_rounds_update(self->actions.rounds))
        top_actions_make_rows(&self->actions);
    error = top_rounds_recording_error(self->actions.rounds);
    if (error != NULL)
        top_actions_say(&self->actions, error);
}

static void
loop(Screen *self)
{
    while (!self->actions.has_ended) {
        int code = 0;

        draw(self);
        switch (top_terminal_wait(self->actions.terminal, top_rounds_fd(self->actions.rounds),
                                  REDRAW_MS, &code)) {
        case TOP_TERMINAL_EVENT_KEY:
            top_actions_take_key(&self->actions, code);
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
take_options(TopState *state, const TopOptions *options)
{
    TopStateView *view = NULL;

    if (options->has_view)
        state->view = options->view;
    view = &state->views[state->view];
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
    state->counts_requests |= options->counts_requests;
    state->is_of_host |= options->is_of_host;
    if (options->has_delay)
        state->delay_ms = options->call.delay_ms;
}

static void
prepare(TopActions *actions, const TopOptions *options)
{
    g_autofree char *path = top_settings_path();
    g_autoptr(GError) error = NULL;

    if (!top_settings_load(&actions->state, path, &error))
        top_actions_say(actions, error->message);
    take_options(&actions->state, options);
    top_rounds_set_delay(actions->rounds, actions->state.delay_ms);
    if (options->filter_text != NULL)
        top_actions_filter(actions, options->filter_text);
    top_actions_make_rows(actions);
}

bool
top_screen_check(GError **error)
{
    return top_terminal_check(error);
}

bool
top_screen_run(TopRounds *rounds, const TopOptions *options, const char *source, GError **error)
{
    Screen self = {.source = source};
    TopTerminal *terminal = top_terminal_open(error);

    if (terminal == NULL)
        return false;
    top_actions_init(&self.actions, terminal, rounds);
    prepare(&self.actions, options);
    loop(&self);
    top_terminal_close(terminal);
    top_actions_clear(&self.actions);
    return true;
}
