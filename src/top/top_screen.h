/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_screen: the screen of `domstats top`: what a key does, and when the screen is drawn.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "top_options.h"
#include "top_rounds.h"

/* False, with an error, if stdin and stdout are no terminal that can show the screen. */
bool top_screen_check(GError **error);

/* Shows @rounds until the user wants the end; @source is what is asked, in a word. What @options do
 * not say is as in the file of the settings. The terminal is then as it was. False with an error if
 * it cannot be taken over. Rounds may be under way when it comes back. */
bool top_screen_run(TopRounds *rounds, const TopOptions *options, const char *source,
                    GError **error);
