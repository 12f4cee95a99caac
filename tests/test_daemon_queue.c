/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_queue: which round serves a request, which begins next, and how many may wait.
 */
#include "testing.h"

#include "daemon/daemon_limits.h"
#include "daemon/daemon_queue.h"

enum {
    US_PER_MS = 1000,
    NOW_US = 5000000,
    STATE = VIR_DOMAIN_STATS_STATE,
    VCPU = VIR_DOMAIN_STATS_VCPU,
    ENFORCE = VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS,
    SHARED_MS = DAEMON_LIMIT_ROUND_SHARED_MS,
    LONG_MS = 10 * SHARED_MS,
};

/* How far the round of the first request is when the second one comes. */
typedef enum { WAITS, RUNS, CLOSED } Stage;

typedef struct {
    DomstatsCall call;
    int64_t left_ms; /* until its deadline */
    bool must_be_alone;
} Request;

typedef struct {
    const char *name;
    Request first;
    Stage stage;
    Request second;
    bool is_shared;   /* both are in one round */
    int64_t ended_ms; /* when the second one's round has to end */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"the same, in a round that waits", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, LONG_MS}, true, LONG_MS},
    {"the same, in a round that runs", {{.stats = STATE}, LONG_MS}, RUNS, {{.stats = STATE}, LONG_MS}, true, LONG_MS},
    {"nobody joins a round that is closed", {{.stats = STATE}, LONG_MS}, CLOSED, {{.stats = STATE}, LONG_MS}, false, LONG_MS},
    {"a round that waits is widened", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = VCPU}, LONG_MS}, true, LONG_MS},
    {"a round that runs is not", {{.stats = STATE}, LONG_MS}, RUNS, {{.stats = VCPU}, LONG_MS}, false, LONG_MS},
    {"a round that runs serves what it covers", {{.stats = STATE | VCPU}, LONG_MS}, RUNS, {{.stats = VCPU}, LONG_MS}, true, LONG_MS},
    {"a round that waits ends as early as each allows", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, LONG_MS - 1}, true, LONG_MS - 1},
    {"and is not put off by one that allows more", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, LONG_MS + 1}, true, LONG_MS},
    {"a round that runs may end too late", {{.stats = STATE}, LONG_MS}, RUNS, {{.stats = STATE}, LONG_MS - 1}, false, LONG_MS - 1},
    {"or early enough", {{.stats = STATE}, LONG_MS}, RUNS, {{.stats = STATE}, LONG_MS + 1}, true, LONG_MS},

    {"one with time does not share a hasty round that waits", {{.stats = STATE}, 1}, WAITS, {{.stats = STATE}, LONG_MS}, false, LONG_MS},
    {"nor one that runs", {{.stats = STATE}, 1}, RUNS, {{.stats = STATE}, LONG_MS}, false, LONG_MS},
    {"a hasty one makes no round with time hasty", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, 1}, false, 1},
    {"hasty ones share a round that waits", {{.stats = STATE}, 2}, WAITS, {{.stats = STATE}, 1}, true, 1},
    {"and one that runs", {{.stats = STATE}, 1}, RUNS, {{.stats = STATE}, 2}, true, 1},
    {"one is hasty just below the limit", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, SHARED_MS - 1}, false, SHARED_MS - 1},
    {"and not at it", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, SHARED_MS}, true, SHARED_MS},

    {"who enforces shares with its like", {{.stats = STATE, .flags = ENFORCE}, LONG_MS}, WAITS, {{.stats = STATE, .flags = ENFORCE}, LONG_MS}, true, LONG_MS},
    {"with nothing else", {{.stats = STATE, .flags = ENFORCE}, LONG_MS}, WAITS, {{.stats = VCPU, .flags = ENFORCE}, LONG_MS}, false, LONG_MS},
    {"who must be alone joins none that waits for all", {{.stats = STATE}, LONG_MS}, WAITS, {{.stats = STATE}, LONG_MS, true}, false, LONG_MS},
    {"nor one that runs and covers it", {{.stats = STATE | VCPU}, LONG_MS}, RUNS, {{.stats = STATE}, LONG_MS, true}, false, LONG_MS},
    {"but an equal one that runs", {{.stats = STATE}, LONG_MS}, RUNS, {{.stats = STATE}, LONG_MS, true}, true, LONG_MS},
    {"or that waits and must be alone too", {{.stats = STATE}, LONG_MS, true}, WAITS, {{.stats = STATE}, LONG_MS, true}, true, LONG_MS},
};
/* clang-format on */

/* Puts @call into a round of @queue; @entry has to stay where it is. */
static void
enter(DaemonQueue *queue, DaemonQueueEntry *entry, DomstatsCall *call, int64_t left_ms)
{
    entry->wanted = call;
    entry->deadline_us = NOW_US + left_ms * US_PER_MS;
    daemon_queue_enter(queue, entry, NOW_US);
    assert_non_null(entry->round);
}

/* All leave, so that only rounds that have begun are left. */
static void
leave(DaemonQueue *queue, DaemonQueueEntry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        daemon_queue_leave(queue, &entries[i]);
}

static void
is_served(const void *data)
{
    const Row *row = data;
    DomstatsCall calls[] = {row->first.call, row->second.call};
    DaemonQueueEntry entries[] = {{.must_be_alone = row->first.must_be_alone},
                                  {.must_be_alone = row->second.must_be_alone}};
    DaemonQueue *queue = daemon_queue_new();
    DaemonQueueRound *begun = NULL;

    enter(queue, &entries[0], &calls[0], row->first.left_ms);
    if (row->stage != WAITS)
        begun = daemon_queue_take_next(queue);
    if (row->stage == CLOSED)
        daemon_queue_close(queue, begun);
    enter(queue, &entries[1], &calls[1], row->second.left_ms);
    assert_int_equal(entries[0].round == entries[1].round, row->is_shared);
    assert_int_equal(entries[1].round->deadline_us, NOW_US + row->ended_ms * US_PER_MS);
    assert_int_equal(entries[1].round->wanted_us, NOW_US);
    leave(queue, entries, G_N_ELEMENTS(entries));
    assert_null(daemon_queue_next(queue));
    if (begun != NULL) {
        daemon_queue_close(queue, begun);
        daemon_queue_round_free(begun);
    }
    daemon_queue_free(queue);
}

/* Takes the next round, in which @entry is, and ends it. */
static void
assert_next(DaemonQueue *queue, DaemonQueueEntry *entry)
{
    DaemonQueueRound *round = entry->round;

    assert_ptr_equal(daemon_queue_next(queue), round);
    assert_ptr_equal(daemon_queue_take_next(queue), round);
    assert_true(round->is_begun);
    daemon_queue_close(queue, round);
    daemon_queue_leave(queue, entry);
    assert_true(g_queue_is_empty(&round->entries));
    daemon_queue_round_free(round);
}

/* Rounds that all share and rounds that only equal requests share begin in turn. */
static void
queues_have_turns(void **state)
{
    DomstatsCall alone[] = {{.stats = 1, .flags = ENFORCE},
                            {.stats = 2, .flags = ENFORCE},
                            {.stats = 4, .flags = ENFORCE}};
    DomstatsCall shared[] = {{.stats = STATE}, {.stats = STATE}};
    DaemonQueueEntry lone[G_N_ELEMENTS(alone)] = {0};
    DaemonQueueEntry common[G_N_ELEMENTS(shared)] = {0};
    DaemonQueue *queue = daemon_queue_new();

    (void)state;
    assert_null(daemon_queue_next(queue));
    assert_null(daemon_queue_take_next(queue));
    for (size_t i = 0; i < G_N_ELEMENTS(alone); i++)
        enter(queue, &lone[i], &alone[i], LONG_MS);
    enter(queue, &common[0], &shared[0], LONG_MS);
    enter(queue, &common[1], &shared[1], 1);
    assert_next(queue, &lone[0]);
    assert_next(queue, &common[0]);
    assert_next(queue, &lone[1]);
    assert_next(queue, &common[1]);
    assert_next(queue, &lone[2]);
    assert_null(daemon_queue_next(queue));
    daemon_queue_free(queue);
}

/* A round that waits ends with its last request; one that has begun does not. */
static void
leaving(void **state)
{
    DomstatsCall calls[2] = {{.stats = STATE}, {.stats = STATE}};
    DaemonQueueEntry entries[2] = {0};
    DaemonQueue *queue = daemon_queue_new();
    DaemonQueueRound *begun = NULL;

    (void)state;
    daemon_queue_leave(queue, &entries[0]); /* of no round */
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
        enter(queue, &entries[i], &calls[i], LONG_MS);
    daemon_queue_leave(queue, &entries[0]);
    assert_null(entries[0].round);
    assert_non_null(daemon_queue_next(queue));
    daemon_queue_leave(queue, &entries[1]);
    assert_null(daemon_queue_next(queue));

    enter(queue, &entries[0], &calls[0], LONG_MS);
    begun = daemon_queue_take_next(queue);
    daemon_queue_leave(queue, &entries[0]);
    enter(queue, &entries[1], &calls[1], LONG_MS);
    assert_ptr_equal(entries[1].round, begun);
    daemon_queue_leave(queue, &entries[1]);
    daemon_queue_close(queue, begun);
    daemon_queue_round_free(begun);
    daemon_queue_free(queue);
}

static void
so_many_requests(void **state)
{
    enum { N = DAEMON_LIMIT_ROUND_REQUESTS };
    DomstatsCall call = {.stats = STATE};
    g_autofree DaemonQueueEntry *entries = g_new0(DaemonQueueEntry, N);
    DaemonQueue *queue = daemon_queue_new();

    (void)state;
    for (size_t i = 0; i < N; i++) {
        assert_true(daemon_queue_has_room(queue, &call, 0));
        enter(queue, &entries[i], &call, LONG_MS);
    }
    assert_false(daemon_queue_has_room(queue, &call, 0));
    daemon_queue_leave(queue, &entries[0]);
    assert_true(daemon_queue_has_room(queue, &call, 0));
    leave(queue, entries, N);
    daemon_queue_free(queue);
}

static void
so_many_words(void **state)
{
    DomstatsCall call = {.stats = STATE};
    DaemonQueueEntry entry = {.words_size = DAEMON_LIMIT_ROUND_WORDS_BYTES - 1};
    DaemonQueue *queue = daemon_queue_new();

    (void)state;
    assert_true(daemon_queue_has_room(queue, &call, DAEMON_LIMIT_ROUND_WORDS_BYTES));
    enter(queue, &entry, &call, LONG_MS);
    assert_true(daemon_queue_has_room(queue, &call, 1));
    assert_false(daemon_queue_has_room(queue, &call, 2));
    daemon_queue_leave(queue, &entry);
    assert_true(daemon_queue_has_room(queue, &call, 2));
    daemon_queue_free(queue);
}

/* There is room for shared requests still. */
static void
so_many_rounds_alone(void **state)
{
    enum { N = DAEMON_LIMIT_ROUNDS_ALONE };
    const DomstatsCall shared = {.stats = STATE};
    g_autofree DomstatsCall *calls = g_new0(DomstatsCall, N);
    g_autofree DaemonQueueEntry *entries = g_new0(DaemonQueueEntry, N);
    DaemonQueue *queue = daemon_queue_new();

    (void)state;
    for (size_t i = 0; i < N; i++) {
        calls[i] = (DomstatsCall){.stats = (unsigned int)i + 1, .flags = ENFORCE};
        assert_true(daemon_queue_has_room_alone(queue));
        assert_true(daemon_queue_has_room(queue, &calls[i], 0));
        enter(queue, &entries[i], &calls[i], LONG_MS);
    }
    assert_false(daemon_queue_has_room_alone(queue));
    assert_false(daemon_queue_has_room(queue, &calls[0], 0));
    assert_true(daemon_queue_has_room(queue, &shared, 0));
    leave(queue, entries, N);
    assert_true(daemon_queue_has_room_alone(queue));
    daemon_queue_free(queue);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"queues have turns", queues_have_turns, NULL, NULL, NULL},
        {"a round that waits ends with its last request", leaving, NULL, NULL, NULL},
        {"so many requests wait at most", so_many_requests, NULL, NULL, NULL},
        {"so many words wait at most", so_many_words, NULL, NULL, NULL},
        {"so many rounds alone wait at most", so_many_rounds_alone, NULL, NULL, NULL},
    };
    int failed = cmocka_run_group_tests_name("daemon_queue: limits, turns", tests, NULL, NULL);

    return failed + TESTING_RUN_TABLE("daemon_queue", rows, is_served);
}
