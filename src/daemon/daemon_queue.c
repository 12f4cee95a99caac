/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_queue: see daemon_queue.h. Owns the rounds that wait.
 *
 * How it works
 *
 * A request joins a round that runs, if daemon_wish says that this covers it and the round ends no
 * later than the request allows. Else it is united with the first round that is not begun yet and
 * can be widened to cover it; else it gets a new one, behind the others. Rounds that only equal
 * requests share wait in a queue of their own: each queue has its turn.
 */
#include "daemon_queue.h"

#include "daemon_limits.h"
#include "daemon_wish.h"

enum { US_PER_MS = 1000 };

struct DaemonQueue {
    GQueue shared;     /* DaemonQueueRound *, owned, in the order in which they were wanted */
    GQueue alone;      /* DaemonQueueRound *, owned, likewise: that only equal requests share */
    GQueue running;    /* DaemonQueueRound *, borrowed: were taken, and are not closed */
    bool was_alone;    /* the last round that was taken was of @alone */
    size_t n_entries;  /* in all rounds, closed ones included */
    size_t words_size; /* memory of their words */
};

DaemonQueue *
daemon_queue_new(void)
{
    DaemonQueue *self = g_new0(DaemonQueue, 1);

    g_queue_init(&self->shared);
    g_queue_init(&self->alone);
    g_queue_init(&self->running);
    return self;
}

void
daemon_queue_free(DaemonQueue *self)
{
    if (self == NULL)
        return;
    g_queue_clear(&self->shared);
    g_queue_clear(&self->alone);
    g_queue_clear(&self->running);
    g_free(self);
}

void
daemon_queue_round_free(DaemonQueueRound *round)
{
    g_queue_clear(&round->entries);
    daemon_wish_free(round->wish);
    g_free(round);
}

bool
daemon_queue_has_room_alone(const DaemonQueue *self)
{
    return self->alone.length < DAEMON_LIMIT_ROUNDS_ALONE;
}

bool
daemon_queue_has_room(const DaemonQueue *self, const DomstatsCall *call, size_t words_size)
{
    return self->n_entries < DAEMON_LIMIT_ROUND_REQUESTS &&
           self->words_size + words_size <= DAEMON_LIMIT_ROUND_WORDS_BYTES &&
           (daemon_queue_has_room_alone(self) || daemon_wish_is_shareable(call));
}

static bool
is_hasty(const DaemonQueueEntry *entry, int64_t now_us)
{
    return entry->deadline_us - now_us < (int64_t)DAEMON_LIMIT_ROUND_SHARED_MS * US_PER_MS;
}

static bool
must_be_alone(const DaemonQueueEntry *entry)
{
    return entry->must_be_alone || !daemon_wish_is_shareable(entry->wanted);
}

/* The round that runs, covers @entry, and ends soon enough; NULL: none does. */
static DaemonQueueRound *
find_running(const DaemonQueue *self, const DaemonQueueEntry *entry, int64_t now_us)
{
    bool has_time = !is_hasty(entry, now_us);

    for (GList *at = self->running.head; at != NULL; at = at->next) {
        DaemonQueueRound *round = at->data;

        if (round->deadline_us > entry->deadline_us || (round->is_hasty && has_time))
            continue;
        if (entry->must_be_alone ? daemon_wish_equals(round->wish, entry->wanted)
                                 : daemon_wish_covers(round->wish, entry->wanted))
            return round;
    }
    return NULL;
}

/* Unites @entry with a round that is not begun; NULL: none can be widened to cover it. */
static DaemonQueueRound *
widen_waiting(const DaemonQueue *self, const DaemonQueueEntry *entry, int64_t now_us)
{
    bool is_alone = must_be_alone(entry);
    bool has_time = !is_hasty(entry, now_us);

    for (GList *at = is_alone ? self->alone.head : self->shared.head; at != NULL; at = at->next) {
        DaemonQueueRound *round = at->data;

        if (round->is_hasty == has_time)
            continue;
        if (is_alone ? daemon_wish_equals(round->wish, entry->wanted)
                     : daemon_wish_unite(round->wish, entry->wanted)) {
            round->deadline_us = MIN(round->deadline_us, entry->deadline_us);
            return round;
        }
    }
    return NULL;
}

static DaemonQueueRound *
add_round(DaemonQueue *self, const DaemonQueueEntry *entry, int64_t now_us)
{
    DaemonQueueRound *round = g_new0(DaemonQueueRound, 1);

    round->wish = daemon_wish_copy(entry->wanted);
    round->wanted_us = now_us;
    round->deadline_us = entry->deadline_us;
    round->is_hasty = is_hasty(entry, now_us);
    round->is_alone = must_be_alone(entry);
    g_queue_init(&round->entries);
    g_queue_push_tail(round->is_alone ? &self->alone : &self->shared, round);
    return round;
}

void
daemon_queue_enter(DaemonQueue *self, DaemonQueueEntry *entry, int64_t now_us)
{
    DaemonQueueRound *round = find_running(self, entry, now_us);

    if (round == NULL)
        round = widen_waiting(self, entry, now_us);
    if (round == NULL)
        round = add_round(self, entry, now_us);
    entry->round = round;
    g_queue_push_tail(&round->entries, entry);
    self->n_entries++;
    self->words_size += entry->words_size;
}

void
daemon_queue_leave(DaemonQueue *self, DaemonQueueEntry *entry)
{
    DaemonQueueRound *round = entry->round;

    if (round == NULL)
        return;
    g_queue_remove(&round->entries, entry);
    self->n_entries--;
    self->words_size -= entry->words_size;
    entry->round = NULL;
    if (round->is_begun || !g_queue_is_empty(&round->entries))
        return;
    g_queue_remove(round->is_alone ? &self->alone : &self->shared, round);
    daemon_queue_round_free(round);
}

/* Each queue in turn, where both have a round. So requests that share nothing delay those that all
 * share by one round at most. */
static bool
is_turn_of_alone(const DaemonQueue *self)
{
    if (self->alone.length == 0 || self->shared.length == 0)
        return self->alone.length > 0;
    return !self->was_alone;
}

const DaemonQueueRound *
daemon_queue_next(const DaemonQueue *self)
{
    const GList *first = is_turn_of_alone(self) ? self->alone.head : self->shared.head;

    return first != NULL ? first->data : NULL;
}

DaemonQueueRound *
daemon_queue_take_next(DaemonQueue *self)
{
    DaemonQueueRound *round =
        g_queue_pop_head(is_turn_of_alone(self) ? &self->alone : &self->shared);

    if (round == NULL)
        return NULL;
    self->was_alone = round->is_alone;
    round->is_begun = true;
    g_queue_push_tail(&self->running, round);
    return round;
}

void
daemon_queue_close(DaemonQueue *self, DaemonQueueRound *round)
{
    g_queue_remove(&self->running, round);
}
