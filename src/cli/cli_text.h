/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_text: prints records as 'virsh domstats' does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cli_output.h"
#include "domstats/domstats.h"

/* Prints each record as "Domain: 'NAME'" and lines "  FIELD=VALUE", with an empty line between two
 * records. If domains have the same name, fields named domain.id and domain.uuid come first. With
 * @show_health, fields named health and health.* follow. If the record has a last
 * complete one, its fields follow, named last.*. A domain that is gone or unknown, and of which
 * there are no values, is printed only with @show_health. */
void cli_text_print(CliOutput *output, DomstatsRecord *const *records, size_t n_records,
                    bool show_health);
