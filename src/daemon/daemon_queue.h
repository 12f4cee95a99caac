/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_queue: which round serves a request, and which round begins next. Pure.
 *
 * Knows the rounds that wait and those that can be joined while they run, and counts the requests
 * in them. Who uses it begins the rounds, says when they end, and frees them then.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domstats/domstats.h"

typedef struct DaemonQueue DaemonQueue;

/* One call of the library for all whose entries are in it. */
typedef struct {
    DomstatsCall *wish;  /* what it asks for; owned */
    GQueue entries;      /* DaemonQueueEntry *, borrowed, in the order in which they came */
    int64_t wanted_us;   /* when its first request came */
    int64_t deadline_us; /* the earliest of its requests */
    bool is_begun;
    bool is_hasty; /* with less time than rounds have that all share */
    bool is_alone; /* only equal requests share it */
} DaemonQueueRound;

/* A request. Who asks sets all but @round, and keeps it where it is while it is in a round. */
typedef struct {
    DomstatsCall *wanted; /* borrowed */
    size_t words_size;    /* memory of its words */
    int64_t deadline_us;
    bool must_be_alone;      /* a word of it was not found in a round that was shared */
    DaemonQueueRound *round; /* NULL: it is in none */
    void *data;              /* of who asks */
} DaemonQueueEntry;

DaemonQueue *daemon_queue_new(void);

/* Frees no round and no entry: all rounds have been taken before. */
void daemon_queue_free(DaemonQueue *self);

/* Whether a request for @call may enter: so many, and so much memory of words, wait at most. */
bool daemon_queue_has_room(const DaemonQueue *self, const DomstatsCall *call, size_t words_size);

/* Whether one more round may wait that only equal requests share. */
bool daemon_queue_has_room_alone(const DaemonQueue *self);

/* Puts @entry into the round that serves it: one that runs, or that waits and is widened, or a new
 * one behind the others. All times are on the same clock. */
void daemon_queue_enter(DaemonQueue *self, DaemonQueueEntry *entry, int64_t now_us);

/* Takes @entry out of its round, if any. A round that waits and has no other is freed. */
void daemon_queue_leave(DaemonQueue *self, DaemonQueueEntry *entry);

/* The round that begins next; NULL: none waits. It stays the queue's. */
const DaemonQueueRound *daemon_queue_next(const DaemonQueue *self);

/* Gives that round, as begun: requests join it until it is closed. */
DaemonQueueRound *daemon_queue_take_next(DaemonQueue *self);

/* No further request joins @round. Its entries may leave still. */
void daemon_queue_close(DaemonQueue *self, DaemonQueueRound *round);

/* Frees a round that was taken, and is closed; not its entries. */
void daemon_queue_round_free(DaemonQueueRound *round);
