/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_virttop: rounds as comma-separated values in the columns of virt-top's --csv, for what reads
 * those: a line a round, in which each domain that runs has ten values.
 *
 * CPU time, requests and bytes are those since the round before, %CPU and %Mem are of the whole
 * host, and "Mem (bytes)" has KiB, all as there. What is not known is empty.
 */
#pragma once

#include <glib.h>

#include "top_options.h"

void top_virttop_append_head(GString *out);
/* The domains that the filter lets pass, in the order that the options have; without one by their
 * ids. What is told of all domains together is of all. */
void top_virttop_append(GString *out, TopModel *model, const TopOptions *options);
