/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_number: values of fields as an exposition has them. Integers and scaled integers are
 * exact decimals; other numbers are the shortest text that reads back as the same number.
 */
#pragma once

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

#include "openmetrics_buffer.h"
#include "openmetrics_family.h"

void openmetrics_number_append_count(OpenmetricsBuffer *out, uint64_t value);
void openmetrics_number_append_integer(OpenmetricsBuffer *out, int64_t value);
void openmetrics_number_append_scaled(OpenmetricsBuffer *out, uint64_t value,
                                      OpenmetricsFamilyScale scale);

/* As OpenMetrics wants the bounds of buckets: "1.0", "0.001", "1e-06", "+Inf". */
void openmetrics_number_append_float(OpenmetricsBuffer *out, double value);

/* Appends the value of @param, booleans as 0 and 1. False, and nothing, if it is a string or no
 * finite number. */
bool openmetrics_number_append_param(OpenmetricsBuffer *out, const virTypedParameter *param,
                                     OpenmetricsFamilyScale scale);
