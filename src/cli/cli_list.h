/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_list: prints the table of 'domstats list'.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* The state in virsh's words ("running", "shut off", ...); NULL if the record has none. */
const char *cli_list_state(const DomstatsRecord *record);

/* Prints a head, a line under it and a row for each domain, with columns as wide as their longest
 * cell. Only domains that are not OK have a reason. When that began is not told: a command sees it
 * for the first time. If @now_us is not 0, the time of now since 1970, two columns more tell who
 * answered and how many seconds ago. */
void cli_list_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                    int64_t now_us);
