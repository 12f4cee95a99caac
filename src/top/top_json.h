/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_json: a round as one line of JSON.
 *
 * What is not known is null. "old" of a row lists the columns whose value is of an earlier round,
 * "estimates" those that are estimates.
 */
#pragma once

#include <glib.h>

#include "top_options.h"

void top_json_append(GString *out, TopModel *model, const TopOptions *options);
