/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_compute: see top_compute.h.
 */
#include "top_compute.h"

/* A sum of numbers of which some are not known. */
typedef struct {
    double sum;
    bool is_known;   /* at least one was */
    bool is_refused; /* a counter went back */
} Sum;

typedef void (*AddUnit)(Sum *sum, const TopModelPair *pair, const TopSampleUnit *unit,
                        TopField field);

static void
add_value(Sum *sum, const TopModelPair *pair, const TopSampleUnit *unit, TopField field)
{
    UtilCount value = top_sample_value(pair->now, unit, field);

    if (!value.is_present)
        return;
    sum->sum += (double)value.value;
    sum->is_known = true;
}

static void
add_growth(Sum *sum, const TopModelPair *pair, const TopSampleUnit *unit, TopField field)
{
    UtilCount now = top_sample_value(pair->now, unit, field);
    UtilCount before = {0};

    if (unit != NULL)
        unit = top_sample_find_unit(pair->before, top_field_kind(field), unit);
    before = top_sample_value(pair->before, unit, field);
    if (!now.is_present || !before.is_present)
        return;
    if (now.value < before.value) {
        sum->is_refused = true;
        return;
    }
    sum->sum += (double)(now.value - before.value);
    sum->is_known = true;
}

/* Adds @field of the domain, of the one unit that is like @unit, or of all units. */
static void
add_field(Sum *sum, const TopModelPair *pair, const TopSampleUnit *unit, TopField field,
          AddUnit add)
{
    TopFieldKind kind = top_field_kind(field);

    if (kind == TOP_FIELD_KIND_DOMAIN) {
        add(sum, pair, NULL, field);
    } else if (unit != NULL) {
        unit = top_sample_find_unit(pair->now, kind, unit);
        if (unit != NULL)
            add(sum, pair, unit, field);
    } else {
        for (size_t i = 0; i < top_sample_count_units(pair->now, kind); i++)
            add(sum, pair, top_sample_unit(pair->now, kind, i), field);
    }
}

static bool
sum_up(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields, AddUnit add,
       double *ret_sum)
{
    Sum sum = {0};

    if (pair->now == NULL)
        return false;
    for (size_t i = 0; fields[i] != TOP_N_FIELDS; i++)
        add_field(&sum, pair, unit, fields[i], add);
    if (!sum.is_known || sum.is_refused)
        return false;
    *ret_sum = sum.sum;
    return true;
}

/* Seconds between both answers; false if there are no two. */
static bool
find_seconds(const TopModelPair *pair, double *ret_seconds)
{
    if (pair->now == NULL || pair->before == NULL || pair->now->at_us <= pair->before->at_us)
        return false;
    *ret_seconds = (double)(pair->now->at_us - pair->before->at_us) / G_USEC_PER_SEC;
    return true;
}

bool
top_compute_value(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                  double *ret_value)
{
    return sum_up(pair, unit, fields, add_value, ret_value);
}

bool
top_compute_growth(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                   double *ret_growth)
{
    return pair->before != NULL && sum_up(pair, unit, fields, add_growth, ret_growth);
}

bool
top_compute_rate(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                 double *ret_rate)
{
    double seconds = 0, growth = 0;

    if (!find_seconds(pair, &seconds) || !top_compute_growth(pair, unit, fields, &growth))
        return false;
    *ret_rate = growth / seconds;
    return true;
}

bool
top_compute_quotient(const TopModelPair *pair, const TopSampleUnit *unit, const TopField *fields,
                     const TopField *divisor, double *ret_quotient)
{
    double growth = 0, by = 0;

    if (!top_compute_growth(pair, unit, fields, &growth) ||
        !top_compute_growth(pair, unit, divisor, &by) || by < 1)
        return false;
    *ret_quotient = growth / by;
    return true;
}

/* The rates of each unit that has one: their sum, their most and how many they are. */
static size_t
rate_units(const TopModelPair *pair, TopField field, double *ret_sum, double *ret_most)
{
    const TopField fields[] = {field, TOP_N_FIELDS};
    TopFieldKind kind = top_field_kind(field);
    size_t n = 0;

    for (size_t i = 0; i < top_sample_count_units(pair->now, kind); i++) {
        double rate = 0;

        if (!top_compute_rate(pair, top_sample_unit(pair->now, kind, i), fields, &rate))
            continue;
        *ret_sum += rate;
        *ret_most = n == 0 || rate > *ret_most ? rate : *ret_most;
        n++;
    }
    return n;
}

bool
top_compute_mean_rate(const TopModelPair *pair, TopField field, double *ret_rate)
{
    double sum = 0, most = 0;
    size_t n = rate_units(pair, field, &sum, &most);

    if (n > 0)
        *ret_rate = sum / (double)n;
    return n > 0;
}

bool
top_compute_most_rate(const TopModelPair *pair, TopField field, double *ret_rate)
{
    double sum = 0, most = 0;
    size_t n = rate_units(pair, field, &sum, &most);

    if (n > 0)
        *ret_rate = most;
    return n > 0;
}

bool
top_compute_host_cpu(const TopHost *now, const TopHost *before, double *ret_part)
{
    if (!now->all_ticks.is_present || !before->all_ticks.is_present ||
        now->all_ticks.value <= before->all_ticks.value ||
        now->busy_ticks.value < before->busy_ticks.value)
        return false;
    *ret_part = (double)(now->busy_ticks.value - before->busy_ticks.value) /
                (double)(now->all_ticks.value - before->all_ticks.value);
    *ret_part = MIN(*ret_part, 1.0);
    return true;
}
