/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_domain: what the label "domain" says of each record: the domain's name, and more
 * where several domains have that name, so that no two of them share a series.
 */
#pragma once

#include <glib.h>

#include "domstats/domstats.h"

/* One text a record, valid and unlike all others; NULL for a record of a domain that an earlier
 * record is of: it was asked for twice. The array frees them. */
GPtrArray *openmetrics_domain_make_labels(const DomstatsRecord *const *records, size_t n_records);
