/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_bins: the histograms of latencies that a disk may keep, and their quantiles.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "top_limits.h"
#include "util/util_count.h"

typedef enum {
    TOP_BINS_KIND_READ,
    TOP_BINS_KIND_WRITE,
    TOP_BINS_N_KINDS,
} TopBinsKind;

/* One histogram: bin i has the requests that took @starts_ns[i] or longer, but less than the start
 * of the next bin. */
typedef struct {
    size_t n;      /* the highest bin that was told, plus one */
    bool is_whole; /* it has no more than TOP_MAX_BINS bins */
    UtilCount starts_ns[TOP_MAX_BINS];
    UtilCount counts[TOP_MAX_BINS]; /* since the histogram was set */
} TopBins;

/* Where a value of a histogram belongs. */
typedef struct {
    unsigned int disk;
    TopBinsKind kind;
    unsigned int bin;
    bool is_start;
} TopBinsPlace;

/* The place that a record calls @name; false if it is none of a histogram. */
bool top_bins_find(const char *name, TopBinsPlace *ret_place);
/* The words of a kind in the name: "read", "write". */
const char *top_bins_kind_name(TopBinsKind kind);

void top_bins_set(TopBins *self, const TopBinsPlace *place, uint64_t value);

/* The latency below which @part (0 to 1) of the requests between both answers stayed: the end of
 * the bin that has it; of the last bin, which has none, its start. False if there were no requests,
 * or one is not known, or the histogram was set anew. */
bool top_bins_quantile(const TopBins *now, const TopBins *before, double part, double *ret_ns);
