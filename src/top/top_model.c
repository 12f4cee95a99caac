/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_model: see top_model.h.
 *
 * How it works
 *
 * A domain is found in the round before by its UUID and its process. Another process, or the same
 * number with another start, is a new run, which begins with nothing to compare with. If two
 * domains have one UUID (an incoming migration on the same host), their processes tell them apart.
 *
 * The service gives the same answer to clients that ask in short order. An answer that is not newer
 * than the one before takes its place, and what that was compared with stays: the rates are then
 * those of the round before.
 */
#include "top_model.h"

#include <string.h>

#include "top_limits.h"

/* Answers that are not further apart are one: their times come from two clocks, which do not go
 * exactly alike. Rounds are half a second apart. */
#define SAME_US 10000

static void
set_pair(TopModelPair *pair, TopSampleDomain *now, TopSampleDomain *before)
{
    pair->now = now != NULL ? top_sample_domain_ref(now) : NULL;
    pair->before = before != NULL ? top_sample_domain_ref(before) : NULL;
}

/* What @now is compared with, where @pair is that of the round before. A clock that went back is
 * that of another boot of the host, in a series that was continued. */
static TopSampleDomain *
choose_before(const TopModelPair *pair, const TopSampleDomain *now)
{
    int64_t later_us = 0;

    if (pair->now == NULL)
        return NULL;
    later_us = now->at_us - pair->now->at_us;
    if (later_us > SAME_US)
        return pair->now;
    return later_us >= -SAME_US ? pair->before : NULL;
}

/* @before: the same run in the round before, or NULL. */
static void
make_entry(TopModelEntry *self, TopSampleDomain *now, const TopModelEntry *before, int64_t end_us)
{
    static const TopModelEntry none = {.age_us = -1};

    before = before != NULL ? before : &none;
    set_pair(&self->seen, now, choose_before(&before->seen, now));
    self->has_answered = top_sample_has_answered(now);
    if (self->has_answered) {
        set_pair(&self->answered, now, choose_before(&before->answered, now));
    } else {
        set_pair(&self->answered, before->answered.now, before->answered.before);
        self->n_silent = before->n_silent + 1;
    }
    self->age_us = self->answered.now != NULL ? MAX(end_us - self->answered.now->at_us, 0) : -1;
}

/* Entries by UUID. Those with the same are a chain, which begins with the last. */
typedef struct {
    GHashTable *last;           /* char * -> TopModelEntry * */
    const TopModelEntry **next; /* of each entry, by its place in the model */
} Index;

static void
make_index(Index *self, const TopModel *model)
{
    self->last = g_hash_table_new(g_str_hash, g_str_equal);
    self->next = g_new0(const TopModelEntry *, model->n_entries + 1);
    for (size_t i = 0; i < model->n_entries; i++) {
        TopModelEntry *entry = &model->entries[i];

        self->next[i] = g_hash_table_lookup(self->last, entry->seen.now->uuid);
        g_hash_table_insert(self->last, entry->seen.now->uuid, entry);
    }
}

static void
clear_index(Index *self)
{
    g_hash_table_unref(self->last);
    g_free(self->next);
}

static const TopModelEntry *
find_entry(const Index *index, const TopModel *model, const TopSampleDomain *domain)
{
    const TopModelEntry *entry = g_hash_table_lookup(index->last, domain->uuid);

    while (entry != NULL && !top_sample_is_same_run(entry->seen.now, domain))
        entry = index->next[entry - model->entries];
    return entry;
}

static TopModel *
new_model(TopSample *sample)
{
    TopModel *self = g_new0(TopModel, 1);

    util_refcount_init(&self->refs);
    self->sample = top_sample_ref(sample);
    self->n_entries = sample->domains->len;
    self->entries = g_new0(TopModelEntry, self->n_entries);
    return self;
}

TopModel *
top_model_next(const TopModel *before, TopSample *sample)
{
    static const TopModel empty = {0};
    TopModel *self = new_model(sample);
    const TopModel *earlier = before != NULL ? before : &empty;
    Index index = {0};

    make_index(&index, earlier);
    for (size_t i = 0; i < self->n_entries; i++) {
        TopSampleDomain *now = g_ptr_array_index(sample->domains, i);

        make_entry(&self->entries[i], now, find_entry(&index, earlier, now), sample->ended_us);
    }
    clear_index(&index);
    if (before != NULL)
        self->host_before = before->sample->host;
    return self;
}

/* Copies what @before knows. */
static TopModel *
copy_model(const TopModel *before)
{
    TopModel *self = new_model(before->sample);

    for (size_t i = 0; i < self->n_entries; i++) {
        const TopModelEntry *entry = &before->entries[i];

        self->entries[i] = *entry;
        set_pair(&self->entries[i].seen, entry->seen.now, entry->seen.before);
        set_pair(&self->entries[i].answered, entry->answered.now, entry->answered.before);
    }
    self->host_before = before->host_before;
    return self;
}

TopModel *
top_model_next_failed(const TopModel *before, const char *message)
{
    static const TopSampleTimes never = {0};
    static const TopHost unknown = {0};
    g_autoptr(TopSample) empty = top_sample_new_empty(&never, &unknown, NULL);
    TopModel *self = before != NULL ? copy_model(before) : new_model(empty);

    self->error = g_strndup(message, TOP_MAX_REASON);
    return self;
}

TopModel *
top_model_ref(TopModel *self)
{
    util_refcount_inc(&self->refs);
    return self;
}

static void
clear_pair(TopModelPair *pair)
{
    top_sample_domain_unref(pair->now);
    top_sample_domain_unref(pair->before);
}

void
top_model_unref(TopModel *self)
{
    if (self == NULL || !util_refcount_dec(&self->refs))
        return;
    for (size_t i = 0; i < self->n_entries; i++) {
        clear_pair(&self->entries[i].seen);
        clear_pair(&self->entries[i].answered);
    }
    g_free(self->entries);
    top_sample_unref(self->sample);
    g_free(self->error);
    g_free(self);
}
