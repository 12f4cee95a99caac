/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_histogram: see openmetrics_histogram.h.
 */
#include "openmetrics_histogram.h"

#include <math.h>

#include "openmetrics_number.h"

static const double ns_per_second = 1e9;

void
openmetrics_histogram_clear(OpenmetricsHistogram *self)
{
    openmetrics_buffer_clear(&self->labels);
    self->is_open = false;
}

static void
append_bucket(OpenmetricsHistogram *self, OpenmetricsOutput *output, double bound)
{
    size_t n_labels = self->labels.n_bytes;
    OpenmetricsBuffer *out = NULL;

    openmetrics_buffer_append_text(&self->labels, ",le=\"");
    openmetrics_number_append_float(&self->labels, bound);
    openmetrics_buffer_append_char(&self->labels, '"');
    out = openmetrics_output_begin(output, self->family, "_bucket", self->labels.bytes,
                                   self->labels.n_bytes);
    openmetrics_number_append_count(out, self->n_so_far);
    openmetrics_buffer_append_char(out, '\n');
    self->labels.n_bytes = n_labels;
}

static bool
is_of(const OpenmetricsHistogram *self, size_t family, uint32_t device)
{
    return self->is_open && self->family == family && self->device == device;
}

void
openmetrics_histogram_add_start(OpenmetricsHistogram *self, OpenmetricsOutput *output,
                                size_t family, uint32_t device, const char *labels, size_t n_labels,
                                uint64_t start_ns)
{
    double start = (double)start_ns / ns_per_second;

    if (is_of(self, family, device)) {
        /* Bounds that do not grow would be the same bucket twice. */
        if (start <= self->start)
            return;
        append_bucket(self, output, start);
        self->start = start;
        return;
    }
    openmetrics_histogram_finish(self, output);
    self->is_open = true;
    self->family = family;
    self->device = device;
    self->start = start;
    self->n_so_far = 0;
    self->labels.n_bytes = 0;
    openmetrics_buffer_append(&self->labels, labels, n_labels);
}

void
openmetrics_histogram_add_count(OpenmetricsHistogram *self, size_t family, uint32_t device,
                                uint64_t count)
{
    if (is_of(self, family, device))
        self->n_so_far += MIN(count, UINT64_MAX - self->n_so_far);
}

void
openmetrics_histogram_finish(OpenmetricsHistogram *self, OpenmetricsOutput *output)
{
    if (self->is_open)
        append_bucket(self, output, (double)INFINITY);
    self->is_open = false;
}
