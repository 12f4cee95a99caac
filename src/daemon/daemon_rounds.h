/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_rounds: the calls of the library that the clients share.
 *
 * A *round* is one call of the library on behalf of all who ask for it. It runs only when somebody
 * asks. A request that comes while a round runs joins it if the round covers what it asks for;
 * requests that cannot join are united into the next one, which begins when the running one ends,
 * or a little later if that one is held up. The deadline of a round is the shortest that its
 * requesters gave. All functions are called on the thread of the loop.
 */
#pragma once

#include <systemd/sd-event.h>

#include "domstats/domstats.h"

typedef struct DaemonRounds DaemonRounds;
typedef struct DaemonRoundsRequest DaemonRoundsRequest;

/* What a request gets. Lives for the callback only, all it points to likewise; the strings and
 * parameters are those of the round, so a client that keeps something copies it. */
typedef struct {
    const DomstatsRecord *const *records; /* narrowed to what was asked for: domains, in the order
                                             in which they were named; filters; groups; extras */
    size_t n_records;
    const char *blind_spot; /* NULL: none */
    int64_t round_us;       /* how long the call of the library took */
    int64_t begun_us;       /* wall clock, µs since 1970: when the call began */
} DaemonRoundsAnswer;

/* Called exactly once, from the loop and never from daemon_rounds_ask(), unless the request is
 * cancelled: with @answer, or with @error (DOMSTATS_ERROR). */
typedef void (*DaemonRoundsDone)(const DaemonRoundsAnswer *answer, const GError *error, void *data);

/* Borrows @conn and @loop, which live longer. */
DaemonRounds *daemon_rounds_new(DomstatsConn *conn, sd_event *loop, GError **error);

/* Waits for the round that runs, and answers nobody. */
void daemon_rounds_free(DaemonRounds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonRounds, daemon_rounds_free)

/* Asks for @call, which is copied. The request is valid until @done is called. */
DaemonRoundsRequest *daemon_rounds_ask(DaemonRounds *self, const DomstatsCall *call,
                                       DaemonRoundsDone done, void *data);

/* Takes back a request: @done is not called. A round that nobody waits for any more is not begun.
 */
void daemon_rounds_cancel(DaemonRoundsRequest *request);
