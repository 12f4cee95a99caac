/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_page: draws the pages that are no list of domains: the help, the columns to choose from, and
 * all of one domain.
 */
#pragma once

#include <glib.h>

#include "top_pen.h"
#include "top_rows.h"
#include "top_state.h"

/* Each writes all its lines through @pen, which shows those in sight. */
void top_page_draw_help(TopPen *pen);

/* @selected: the line that is selected. */
void top_page_draw_columns(const TopState *state, size_t selected, TopPen *pen);

/* Every view of the domain @only, an entry of @model. */
void top_page_draw_domain(const TopState *state, TopModel *model, const TopModelEntry *only,
                          const TopColumnMode *mode, TopPen *pen);
