/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_compute: numbers out of one answer or of two: values, sums, rates. Pure arithmetic.
 *
 * @fields ends with TOP_N_FIELDS. A field of a unit is that of @unit; without one it is the sum
 * over all units of the domain. What is not known gives false: no answer, no earlier answer, a new
 * start. A sum counts what is known, and is not known if nothing of it is.
 */
#pragma once

#include <stdbool.h>

#include "top_field.h"
#include "top_model.h"

/* The sum of the values of the latest answer. */
bool top_compute_value(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                       double *ret_value);

/* By how much the sum grew between both answers. A unit that was not there before counts from the
 * next answer on. A counter that went back makes the sum unknown. */
bool top_compute_growth(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                        double *ret_growth);

/* The growth a second, by the times of both answers. */
bool top_compute_rate(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                      double *ret_rate);

/* The growth of @fields for each growth of @divisor by one; unknown while that did not grow. */
bool top_compute_quotient(const TopModelPair *pair, const TopSampleUnit *unit,
                          const TopField *fields, const TopField *divisor, double *ret_quotient);

/* The same as the rate for one unit at a time: the mean, and the most, over the units of which it
 * is known. */
bool top_compute_mean_rate(const TopModelPair *pair, TopField field, double *ret_rate);
bool top_compute_most_rate(const TopModelPair *pair, TopField field, double *ret_rate);

/* The CPU time that the host's processors worked, as a part of 1 of all of them. */
bool top_compute_host_cpu(const TopHost *now, const TopHost *before, double *ret_part);
