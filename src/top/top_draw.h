/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_draw: draws the screen of `domstats top`. All that it shows is in its picture; it computes no
 * value of a domain.
 *
 * The lines, from above: two of the head, one that names the domains that do not answer, if there
 * are any, the headings, the rows, what is to be said of the
 * selected domain, and the last line: what is typed, a message, or the most used keys. A screen
 * that is too low for all of them has fewer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "top_model.h"
#include "top_prompt.h"
#include "top_rows.h"
#include "top_state.h"
#include "top_terminal.h"

typedef struct {
    const TopTerminal *terminal;
    TopState *state; /* its places are brought into sight */
    TopModel *model; /* NULL: no round has ended */
    TopRows *rows;   /* of the view; NULL without a model */
    TopColumnMode mode;
    const TopPrompt *prompt; /* NULL: nothing is typed */
    const char *source;      /* what is asked */
    const char *place;       /* in a series: which of its rounds is shown; NULL: the latest */
    double asking_s;         /* so long a round has run that takes unusually long; 0: none does */
} TopDraw;

void top_draw(const TopDraw *self);

/* Rows of a list that the screen has room for, on the page that is shown. */
size_t top_draw_count_seen(const TopState *state, const TopModel *model);
