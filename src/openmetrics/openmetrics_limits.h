/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_limits: every limit on what an exposition is made of, with its reason. One byte that
 * breaks the format makes a whole exposition invalid, and a scraper may have limits of its own.
 * docs/internals.md shows this table.
 *
 * LIMIT(name, value, unit, what it bounds and why that much)
 */
#pragma once

#define OPENMETRICS_LIMITS(LIMIT)                                                                  \
    LIMIT(LABEL_BYTES, 1024, "bytes",                                                              \
          "value of a label of an exposition; a longer one is cut, with a mark: names of domains " \
          "and disks are far shorter, paths nearly always")                                        \
    LIMIT(LABEL_SLOTS, 24, "labels",                                                               \
          "fields that are labels, of one domain or device; the table of families has 19 at most")

enum {
#define LIMIT(name, value, unit, reason) OPENMETRICS_LIMIT_##name = (value),
    OPENMETRICS_LIMITS(LIMIT)
#undef LIMIT
};
