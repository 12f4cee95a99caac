/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_output: the samples of an exposition, family by family, and the text that they
 * become.
 *
 * Samples come domain by domain, but those of a family must stand together: so each family has a
 * buffer.
 */
#pragma once

#include <glib.h>

#include "openmetrics_buffer.h"
#include "openmetrics_family.h"

typedef struct {
    OpenmetricsBuffer *families; /* as many as there are families */
} OpenmetricsOutput;

typedef enum {
    OPENMETRICS_OUTPUT_TEXT,        /* Prometheus' text format 0.0.4 */
    OPENMETRICS_OUTPUT_OPENMETRICS, /* OpenMetrics 1.0.0 */
} OpenmetricsOutputDialect;

void openmetrics_output_init(OpenmetricsOutput *self);
void openmetrics_output_clear(OpenmetricsOutput *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenmetricsOutput, openmetrics_output_clear)

/* Appends "name{labels} " to the samples of @family, to be followed by the value and a newline.
 * @suffix is part of the name. Gives the buffer. */
OpenmetricsBuffer *openmetrics_output_begin(OpenmetricsOutput *self, size_t family,
                                            const char *suffix, const char *labels,
                                            size_t n_labels);

/* The exposition: each family that has samples with its head. Leaves @self without samples. */
GBytes *openmetrics_output_finish(OpenmetricsOutput *self, OpenmetricsOutputDialect dialect);
