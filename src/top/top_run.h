/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_run: the sub-command `top`: opens what is asked or replayed, and shows its rounds on the
 * screen or writes them.
 */
#pragma once

#include <glib.h>

#include "cli/cli_options.h"
#include "cli/cli_outcome.h"
#include "cli/cli_output.h"
#include "domstats/domstats.h"

/* Opens the source that the options name; NULL with an error. */
typedef DomstatsConn *(*TopRunOpen)(const CliOptions *options, GError **error);

/* Gives the exit status: of output without a screen COMPLETE if every domain was ok in every round,
 * NOTHING if no round gave anything, else INCOMPLETE. NOTHING or USAGE with an error if there were
 * no rounds at all. */
CliOutcome top_run(const CliOptions *options, TopRunOpen open, CliOutput *output, GError **error);
