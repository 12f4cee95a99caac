/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_csv: rounds as comma-separated values, as RFC 4180 has them: exact numbers, nothing where
 * nothing is known.
 */
#pragma once

#include <glib.h>

#include "top_options.h"

/* The first line: "clock" and the keys of the columns. */
void top_csv_append_head(GString *out, const TopOptions *options);
/* A line for each row of the round; its clock is that of the round, in UTC. */
void top_csv_append(GString *out, TopModel *model, const TopOptions *options);

/* One value, quoted where it must be; what cannot be printed is escaped as in all text. */
void top_csv_append_text(GString *out, const char *text);
