/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_histogram: QEMU's latency bins as cumulative buckets.
 *
 * QEMU's bins begin at a bound and end before the next; buckets end with their bound. So what took
 * exactly as long as a bound is counted one bucket too high.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openmetrics_output.h"

/* The histogram whose bins are being read; all members zero: none. */
typedef struct {
    bool is_open;
    size_t family;
    uint32_t device;   /* number of its disk */
    double start;      /* of the bin being read, s */
    uint64_t n_so_far; /* in the bins before it, and in it */
    OpenmetricsBuffer labels;
} OpenmetricsHistogram;

void openmetrics_histogram_clear(OpenmetricsHistogram *self);

/* A bin of @family begins. Ends the histogram before it if that is another. */
void openmetrics_histogram_add_start(OpenmetricsHistogram *self, OpenmetricsOutput *output,
                                     size_t family, uint32_t device, const char *labels,
                                     size_t n_labels, uint64_t start_ns);

/* How many are in the bin that began last. */
void openmetrics_histogram_add_count(OpenmetricsHistogram *self, size_t family, uint32_t device,
                                     uint64_t count);

/* Writes the last bucket of the histogram being read, if there is one. */
void openmetrics_histogram_finish(OpenmetricsHistogram *self, OpenmetricsOutput *output);
