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
 *
 * In a round that failed as a whole nobody has answered: each domain of the round before is there,
 * with its last answers, which are older by the time of the round.
 */
#include "top_model.h"

#include <string.h>

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
 * that of another boot of the host, in a series that was continued. Rounds that failed told nothing
 * to compare with. */
static TopSampleDomain *
choose_before(const TopModelPair *pair, const TopSampleDomain *now)
{
    TopSampleDomain *last = pair->now;
    int64_t later_us = 0;

    if (last != NULL && last->is_unasked)
        last = pair->before;
    if (last == NULL || now->is_unasked)
        return last;
    later_us = now->at_us - last->at_us;
    if (later_us > SAME_US)
        return last;
    return later_us >= -SAME_US && last == pair->now ? pair->before : NULL;
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

static void
unref_domain(void *domain)
{
    top_sample_domain_unref(domain);
}

static TopModel *
new_model(TopSample *sample, size_t n_entries)
{
    TopModel *self = g_new0(TopModel, 1);

    util_refcount_init(&self->refs);
    self->sample = top_sample_ref(sample);
    self->error = sample->error;
    self->n_entries = n_entries;
    self->entries = g_new0(TopModelEntry, self->n_entries);
    return self;
}

/* The domains of the round: of one that failed those of the round before. */
static GPtrArray *
list_domains(const TopModel *before, TopSample *sample)
{
    GPtrArray *domains = NULL;

    if (sample->error == NULL)
        return g_ptr_array_ref(sample->domains);
    domains = g_ptr_array_new_with_free_func(unref_domain);
    for (size_t i = 0; i < before->n_entries; i++)
        g_ptr_array_add(domains,
                        top_sample_domain_new_unasked(before->entries[i].seen.now, sample));
    return domains;
}

TopModel *
top_model_next(const TopModel *before, TopSample *sample)
{
    static const TopModel empty = {0};
    const TopModel *earlier = before != NULL ? before : &empty;
    g_autoptr(GPtrArray) domains = list_domains(earlier, sample);
    TopModel *self = new_model(sample, domains->len);
    Index index = {0};

    make_index(&index, earlier);
    for (size_t i = 0; i < self->n_entries; i++) {
        TopSampleDomain *now = g_ptr_array_index(domains, i);

        make_entry(&self->entries[i], now, find_entry(&index, earlier, now), sample->ended_us);
    }
    clear_index(&index);
    if (before != NULL)
        self->host_before = before->sample->host;
    return self;
}

size_t
top_model_count_bytes(const TopModel *self)
{
    size_t n_bytes = sizeof(*self) + self->n_entries * sizeof(TopModelEntry);

    for (size_t i = 0; i < self->n_entries; i++)
        n_bytes += self->entries[i].seen.now->n_bytes;
    return n_bytes;
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
    g_free(self);
}
