/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_json: records as JSON: one object with the array "domains", one domain a line.
 *
 * Written as it goes, without a tree of values in between: a host with a thousand domains has
 * some hundred thousand of them.
 */
#pragma once

#include <stddef.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* Everything of each record; its parameters are the members of "stats". What is not known
 * (id, reason, monitor_us, last) is null. */
void cli_json_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records);

/* What 'list' shows: the same with "state" in the place of "stats" and "last". */
void cli_json_print_list(CliOutput *output, DomstatsRecord *const *records, size_t n_records);
