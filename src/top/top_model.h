/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_model: what is known of each domain after a round: its answers of this round and of an
 * earlier one to compare with, and if it did not answer, its last answers.
 *
 * A model does not change once it is made; the next round makes the next one. So whoever wants to
 * step back keeps earlier models: they share the answers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top_sample.h"

/* Two records of one run of a domain. A rate is the difference of both over the time between. */
typedef struct {
    TopSampleDomain *now;    /* NULL: none */
    TopSampleDomain *before; /* an earlier one; NULL: none, so no rate is known */
} TopModelPair;

typedef struct {
    TopModelPair seen; /* of this round, also if only the host told something; now is never NULL */
    TopModelPair answered; /* of the last round in which it answered; now is NULL: in none */
    bool has_answered;     /* in this round: now is the same of both pairs then */
    size_t n_silent;       /* rounds since it answered */
    int64_t age_us;        /* of @answered.now at the end of this round; -1: there is none */
} TopModelEntry;

typedef struct {
    UtilRefcount refs;
    TopSample *sample;      /* of this round */
    TopHost host_before;    /* of the round before */
    TopModelEntry *entries; /* in the order of the sample's domains */
    size_t n_entries;
    const char *error; /* of the sample: the round failed as a whole; NULL: it did not */
} TopModel;

/* The model after @sample, of which it takes a reference. @before is the model of the round before;
 * NULL: there was none. Domains that @sample does not have are dropped: they ended. If the round
 * failed, they are those of @before, and none has answered. */
TopModel *top_model_next(const TopModel *before, TopSample *sample);

/* What it takes, with the records that are not those of an earlier round. */
size_t top_model_count_bytes(const TopModel *self);

TopModel *top_model_ref(TopModel *self);
void top_model_unref(TopModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopModel, top_model_unref)
