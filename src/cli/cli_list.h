/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_list: the table of 'domstats list'.
 */
#pragma once

#include <stddef.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* The state in virsh's words ("running", "shut off", ...); NULL if the record does not tell. */
const char *cli_list_state(const DomstatsRecord *record);

/* A head, a line under it, then a row a domain; columns are as wide as they must be. Since when
 * and why are told of domains that are not well; times are local. */
void cli_list_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records);
