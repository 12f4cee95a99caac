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

#include <stdbool.h>
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
    unsigned int number;    /* of the round, which may end before one that began earlier */
    int64_t round_us;       /* how long the call of the library took */
    int64_t begun_us;       /* wall clock, µs since 1970: when the call began */
} DaemonRoundsAnswer;

/* Called exactly once, from the loop and never from daemon_rounds_ask(), unless the request is
 * cancelled: with @answer, or with @error (DOMSTATS_ERROR). */
typedef void (*DaemonRoundsDone)(const DaemonRoundsAnswer *answer, const GError *error, void *data);

/* Who is told of what happens beside the requests; each member may be NULL. Called from the loop;
 * may ask for a round. */
typedef struct {
    /* A monitor has sent something, or a QEMU has ended, while no round was asking. */
    void (*has_news)(void *data);
    /* A round has ended: what was asked of the library, and all that it answered. */
    void (*ended)(const DomstatsCall *call, const DaemonRoundsAnswer *answer, void *data);
} DaemonRoundsWatcher;

/* Takes @take_conn, borrows @loop. @timeout_ms: of requests that set none. */
DaemonRounds *daemon_rounds_new(DomstatsConn *take_conn, unsigned int timeout_ms, sd_event *loop,
                                GError **error);

/* Waits for the rounds that run, and answers nobody. */
void daemon_rounds_free(DaemonRounds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonRounds, daemon_rounds_free)

/* Asks for @call, which is copied. The request is valid until @done is called. */
DaemonRoundsRequest *daemon_rounds_ask(DaemonRounds *self, const DomstatsCall *call,
                                       DaemonRoundsDone done, void *data);

/* Takes back a request: @done is not called. A round that nobody waits for any more is not begun.
 */
void daemon_rounds_cancel(DaemonRoundsRequest *request);

/* Sets the one watcher; NULL: none. */
void daemon_rounds_watch(DaemonRounds *self, const DaemonRoundsWatcher *watcher, void *data);

/* @request is answered only while @is_open says yes: its client reads what it got before. It gets
 * an error when its deadline passes, or when more than ROUNDS_KEPT rounds wait for such clients. */
void daemon_rounds_set_gate(DaemonRoundsRequest *request, bool (*is_open)(void *gate), void *gate);

/* Later rounds ask @take_conn; the connection before it is closed when its last round has ended.
 * False, with @take_conn closed, if its monitors cannot be watched. */
bool daemon_rounds_reopen(DaemonRounds *self, DomstatsConn *take_conn, GError **error);

/* Whether a round runs, or a request waits for one. */
bool daemon_rounds_is_busy(const DaemonRounds *self);

/* How many rounds were begun since the start. */
unsigned int daemon_rounds_count(const DaemonRounds *self);
