/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_asker: asks the library, round after round, on a thread of its own: the screen answers keys
 * while a round runs.
 *
 * A round begins @delay_ms after the one before began, or when that ended if it took longer. The
 * deadline of its call is the delay, but no more than DOMSTATS_DEFAULT_TIMEOUT_MS. Every call may
 * be made from one thread only, that of the screen.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "domstats/domstats.h"
#include "top_model.h"

typedef struct TopAsker TopAsker;

enum {
    TOP_ASKER_LEAST_DELAY_MS = 500,
    TOP_ASKER_DEFAULT_DELAY_MS = 2000,
    TOP_ASKER_MOST_DELAY_MS = 3600 * 1000,
};

/* What each round asks for. Strings are borrowed as long as the asker lives. */
typedef struct {
    const char *const *domains; /* NULL: all */
    unsigned int flags;         /* VIR_CONNECT_GET_ALL_DOMAINS_STATS_* */
    unsigned int timeout_ms; /* the most that a round may take, if that is less than the delay; 0:
                                as above */
    unsigned int delay_ms;
    bool tells_slices; /* see top_slice.h: of each domain of this host */
    /* Sees each round when it has ended, on the thread of the rounds; borrows the sample. NULL:
     * nobody does. */
    void (*see)(TopSample *sample, void *data);
    void *see_data;
} TopAskerCall;

/* Begins with a round at once. @conn is borrowed until the asker is freed. NULL with an error if
 * the system gives no thread. */
TopAsker *top_asker_new(DomstatsConn *conn, const TopAskerCall *call, GError **error);

/* Asks the thread to end and waits until it has, but no longer than @timeout_ms; false if a round
 * is still under way: then the process may only end. */
bool top_asker_end(TopAsker *self, unsigned int timeout_ms);
/* Likewise, however long the round takes, which has a deadline. Takes NULL. */
void top_asker_free(TopAsker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TopAsker, top_asker_free)

/* When the round that runs began, on the monotonic clock; 0: none runs. */
int64_t top_asker_began_us(TopAsker *self);

/* A descriptor that can be read when a result waits. */
int top_asker_fd(const TopAsker *self);

/* Takes the sample of the next round, without waiting, to be freed; NULL if there is none. If the
 * call failed, it has the error. If the screen takes none for long, the oldest of more than a few
 * is dropped. */
TopSample *top_asker_take(TopAsker *self);
/* How many were dropped so. */
size_t top_asker_count_lost(TopAsker *self);

void top_asker_set_delay(TopAsker *self, unsigned int delay_ms);
/* Asks for a round at once, or after the one that runs. */
void top_asker_hurry(TopAsker *self);
/* No rounds begin while it is paused. */
void top_asker_set_paused(TopAsker *self, bool is_paused);

/* One round, on the calling thread: a sample to be freed. */
TopSample *top_asker_run(DomstatsConn *conn, const TopAskerCall *call);
/* The deadline of a round. */
unsigned int top_asker_timeout_ms(const TopAskerCall *call);
