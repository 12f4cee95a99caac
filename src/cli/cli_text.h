/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_text: records as 'virsh domstats' writes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* Prints each record as "Domain: 'NAME'" and lines "  FIELD=VALUE", with an empty line between
 * two. With @show_health, fields named health and health.* follow. A last complete record
 * follows too, if there is one, each of its fields named last.*. What does not exist (gone or no
 * domain, and nothing is known of it) is printed only with @show_health. */
void cli_text_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                    bool show_health);
