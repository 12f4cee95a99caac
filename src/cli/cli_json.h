/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_json: prints records as JSON: one object with the array "domains", one domain a line, and
 * "blind_spot".
 *
 * It is written without a tree of values in memory: a host with a thousand domains has some hundred
 * thousand values.
 */
#pragma once

#include <stddef.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* Prints all of each record; its parameters are the members of "stats". Members that are not known
 * (id, reason, monitor_us, pid, monitor, holder_pid, last) are null. @blind_spot is that of the
 * source: a sentence, or NULL. */
void cli_json_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                    const char *blind_spot);

/* For 'list': the same with "state" instead of "stats" and "last". */
void cli_json_print_list(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                         const char *blind_spot);
