/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_actions: what each key of `domstats top` does: to what is shown, to the rounds, and to the
 * line that is typed. Draws nothing.
 */
#pragma once

#include <stdbool.h>

#include "top_filter.h"
#include "top_prompt.h"
#include "top_rounds.h"
#include "top_rows.h"
#include "top_state.h"
#include "top_terminal.h"

typedef struct TopActions TopActions;

/* What is done with a line that was typed. */
typedef void (*TopActionsUseLine)(TopActions *self, const char *text);

struct TopActions {
    TopTerminal *terminal; /* borrowed, as the rounds are */
    TopRounds *rounds;
    TopState state;
    TopFilter *filter; /* that of the state; NULL: none */
    TopRows *rows;     /* NULL before the first round has ended */
    TopColumnMode mode;
    TopPrompt prompt;
    TopActionsUseLine use_line; /* NULL: nothing is typed */
    bool is_pasting;            /* keys are characters of a text, not commands */
    bool has_ended;             /* the user wants the end */
};

void top_actions_init(TopActions *self, TopTerminal *terminal, TopRounds *rounds);
void top_actions_clear(TopActions *self);

/* Does what the key with @code is for; on a page, or while a line is typed, what it is for there.
 */
void top_actions_take_key(TopActions *self, int code);

/* Makes the rows anew. What was selected stays so, but at the first place: there the first row is
 * selected, whichever it is. */
void top_actions_make_rows(TopActions *self);

/* Shows what passes @text; a text that is no filter changes nothing. */
void top_actions_filter(TopActions *self, const char *text);

/* Says @text on the last line, until the next key. */
void top_actions_say(TopActions *self, const char *text);
