/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_plain: a round as text, for output without a terminal: the head, and a table in which nothing
 * is cut.
 */
#pragma once

#include <glib.h>

#include "top_options.h"

void top_plain_append(GString *out, TopModel *model, const TopOptions *options);
