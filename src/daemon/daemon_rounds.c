/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_rounds: see daemon_rounds.h. Owns the requests, and the rounds that have begun.
 *
 * How it works
 *
 * daemon_queue puts a request into a round that runs, or into one that waits. The first of those
 * begins when none runs, once the loop has nothing else to do, so that requests which come together
 * share it, or after ROUND_START_MS, as clients may keep the loop busy; or after ROUND_WAIT_MS, if
 * the running one is held up by a domain that does not answer.
 *
 * When a round ends, each request gets what daemon_narrow makes of its records: some in a turn of
 * the loop, so that clients read the first answers before all are made, and none whose gate is
 * closed, since each answer is a copy of its own. A word that names none of them is asked of the
 * library in a round for that request alone, which answers it whatever comes. A request whose
 * deadline passes gets an error; its round goes on.
 */
#include "daemon_rounds.h"

#include "daemon_call.h"
#include "daemon_limits.h"
#include "daemon_log.h"
#include "daemon_loop.h"
#include "daemon_narrow.h"
#include "daemon_queue.h"
#include "daemon_source.h"
#include "daemon_wish.h"
#include "util/util_deadline.h"

enum {
    US_PER_MS = 1000,
    GATES_MS = 5, /* between looks whether gates have opened */
};

/* A round that has begun. */
typedef struct {
    DaemonRounds *owner;
    DaemonQueueRound *round;
    DaemonCall *call;
    unsigned int number; /* counted from 1 as they begin */
} Run;

struct DaemonRoundsRequest {
    DaemonRounds *owner;
    DaemonQueueEntry entry; /* in no round: it is refused, and is told so in a moment */
    DaemonRoundsDone done;
    void *data;
    sd_event_source *timer;
    bool (*is_open)(void *gate); /* NULL: it is always answered */
    void *gate;
};

struct DaemonRounds {
    sd_event *loop;
    DaemonSource *source;
    unsigned int timeout_ms;
    DaemonQueue *queue;        /* the rounds that wait */
    GQueue running;            /* Run *, owned */
    GQueue ended;              /* Run *, owned: whose requests are being answered */
    sd_event_source *starter;  /* begins the next of @queue when the loop has nothing to do */
    sd_event_source *patience; /* begins it when it has been held up long enough */
    sd_event_source *answerer; /* answers requests of @ended */
    sd_event_source *gates;    /* looks whether gates of @ended have opened */
    unsigned int n_begun;
    const DaemonRoundsWatcher *watcher;
    void *watcher_data;
};

static void
free_request(DaemonRoundsRequest *self)
{
    sd_event_source_disable_unref(self->timer);
    daemon_wish_free(self->entry.wanted);
    g_free(self);
}

/* Frees @round, which was taken from the queue, and the requests in it. */
static void
free_round(DaemonQueueRound *round)
{
    DaemonQueueEntry *entry = NULL;

    while ((entry = g_queue_pop_head(&round->entries)) != NULL)
        free_request(entry->data);
    daemon_queue_round_free(round);
}

static void
free_run(Run *self)
{
    daemon_call_free(self->call);
    free_round(self->round);
    g_free(self);
}

static void
finish(DaemonRounds *self, DaemonRoundsRequest *request, const DaemonRoundsAnswer *answer,
       const GError *error)
{
    daemon_queue_leave(self->queue, &request->entry);
    request->done(answer, error, request->data);
    free_request(request);
}

static GError *
make_too_many(void)
{
    return g_error_new(DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "too many requests wait already");
}

/* A request that is refused has no time. */
static int
on_deadline(sd_event_source *source, uint64_t at_us, void *data)
{
    DaemonRoundsRequest *request = data;
    g_autoptr(GError) error =
        request->entry.round == NULL
            ? make_too_many()
            : g_error_new(DOMSTATS_ERROR, DOMSTATS_ERROR_TIMEOUT,
                          "there was no answer in the time that the request allows");

    (void)source;
    (void)at_us;
    finish(request->owner, request, NULL, error);
    return 0;
}

/* Sees to it that the next waiting round begins when it may. */
static void
schedule(DaemonRounds *self)
{
    const DaemonQueueRound *first = daemon_queue_next(self->queue);
    int64_t wait_ms = DAEMON_LIMIT_ROUND_WAIT_MS;

    if (first == NULL || self->running.length >= DAEMON_LIMIT_ROUNDS_AT_ONCE)
        return;
    if (self->running.length == 0) {
        sd_event_source_set_enabled(self->starter, SD_EVENT_ONESHOT);
        wait_ms = DAEMON_LIMIT_ROUND_START_MS;
    }
    daemon_loop_set_timer(self->patience, first->wanted_us + wait_ms * US_PER_MS);
}

static void
place(DaemonRounds *self, DaemonRoundsRequest *request)
{
    daemon_queue_enter(self->queue, &request->entry, util_deadline_now_us());
    schedule(self);
}

/* Gives @error to all requests of @round, which could not begin, and frees it. */
static void
fail_round(DaemonRounds *self, DaemonQueueRound *round, const GError *error)
{
    const DaemonQueueEntry *entry = NULL;

    daemon_queue_close(self->queue, round);
    while ((entry = g_queue_peek_head(&round->entries)) != NULL)
        finish(self, entry->data, NULL, error);
    daemon_queue_round_free(round);
}

/* Asks for @request, whose round has not found all of its words, in a round for it alone. */
static void
ask_alone(DaemonRounds *self, DaemonRoundsRequest *request)
{
    g_autoptr(GError) error = daemon_queue_has_room_alone(self->queue) ? NULL : make_too_many();

    if (error != NULL) {
        finish(self, request, NULL, error);
        return;
    }
    daemon_queue_leave(self->queue, &request->entry);
    request->entry.must_be_alone = true;
    place(self, request);
}

/* What the library answered @run, without its records. */
static DaemonRoundsAnswer
describe(const Run *run)
{
    const DaemonCallResult *result = daemon_call_result(run->call);

    return (DaemonRoundsAnswer){.blind_spot = result->blind_spot,
                                .number = run->number,
                                .round_us = result->took_us,
                                .begun_us = result->begun_us};
}

/* Answers @request of @run, or asks for it alone. */
static void
answer_one(DaemonRounds *self, const Run *run, DaemonRoundsRequest *request)
{
    const DaemonCallResult *result = daemon_call_result(run->call);
    DaemonRoundsAnswer answer = describe(run);
    g_auto(DaemonNarrow) narrow = {0};

    if (result->records == NULL) {
        finish(self, request, NULL, result->error);
        return;
    }
    if (!daemon_narrow_make(result->records, result->n_records, daemon_call_asked(run->call),
                            request->entry.wanted, &narrow)) {
        ask_alone(self, request);
        return;
    }
    answer.records = (const DomstatsRecord *const *)narrow.records->pdata;
    answer.n_records = narrow.records->len;
    finish(self, request, &answer, NULL);
}

/* Answers requests of @run whose gate is open, @n_most at most, and gives how many. If it is one
 * round too many to be kept, the others are refused. */
static unsigned int
answer_open(DaemonRounds *self, const Run *run, unsigned int n_most, bool is_kept)
{
    g_autoptr(GError) error = is_kept ? NULL : make_too_many();
    unsigned int n = 0;
    GList *next = NULL;

    for (GList *at = run->round->entries.head; at != NULL && n < n_most; at = next) {
        const DaemonQueueEntry *entry = at->data;
        DaemonRoundsRequest *request = entry->data;

        next = at->next;
        if (request->is_open == NULL || request->is_open(request->gate)) {
            answer_one(self, run, request);
            n++;
        } else if (error != NULL) {
            finish(self, request, NULL, error);
        }
    }
    return n;
}

/* Those whose clients have to read first are looked at again in a moment. */
static void
answer_some(DaemonRounds *self)
{
    unsigned int n = 0;
    GList *next = NULL;

    for (GList *at = self->ended.head; at != NULL; at = next) {
        Run *run = at->data;
        bool is_kept = self->ended.length <= DAEMON_LIMIT_ROUNDS_KEPT;

        next = at->next;
        n += answer_open(self, run, DAEMON_LIMIT_ANSWERS_PER_TURN - n, is_kept);
        if (g_queue_is_empty(&run->round->entries)) {
            g_queue_delete_link(&self->ended, at);
            free_run(run);
        }
    }
    if (n == DAEMON_LIMIT_ANSWERS_PER_TURN)
        daemon_loop_take_turn(self->answerer);
    else if (!g_queue_is_empty(&self->ended))
        daemon_loop_set_timer(self->gates, util_deadline_now_us() + (int64_t)GATES_MS * US_PER_MS);
}

static int
on_answering(sd_event_source *source, uint64_t at_us, void *data)
{
    (void)source;
    (void)at_us;
    answer_some(data);
    return 0;
}

static void
tell_watcher(const DaemonRounds *self, const Run *run)
{
    const DaemonCallResult *result = daemon_call_result(run->call);
    DaemonRoundsAnswer answer = describe(run);

    answer.records = (const DomstatsRecord *const *)result->records;
    answer.n_records = result->n_records;
    if (result->records != NULL && self->watcher != NULL && self->watcher->ended != NULL)
        self->watcher->ended(daemon_call_asked(run->call), &answer, self->watcher_data);
}

static void
on_round_ended(DaemonCall *call, void *data)
{
    const DaemonCallResult *result = daemon_call_result(call);
    Run *run = data;
    DaemonRounds *self = run->owner;

    daemon_queue_close(self->queue, run->round);
    g_queue_remove(&self->running, run);
    g_queue_push_tail(&self->ended, run);
    daemon_loop_take_turn(self->answerer);
    if (result->error != NULL)
        daemon_log_refusal("a round failed: %s", result->error->message);
    tell_watcher(self, run);
    schedule(self);
}

/* Begins the next waiting round. The time that its requests have waited is theirs. */
static void
begin_next(DaemonRounds *self)
{
    DaemonQueueRound *round = daemon_queue_take_next(self->queue);
    g_autofree Run *run = NULL;
    g_autoptr(GError) error = NULL;
    int64_t left = 0;

    if (round == NULL)
        return;
    left = (round->deadline_us - util_deadline_now_us()) / US_PER_MS;
    round->wish->timeout_ms = (unsigned int)CLAMP(left, 1, (int64_t)G_MAXINT);
    run = g_new0(Run, 1);
    run->owner = self;
    run->round = round;
    run->call = daemon_call_start(daemon_source_conn(self->source), round->wish, self->loop,
                                  on_round_ended, run, &error);
    if (run->call == NULL) {
        daemon_log_refusal("a round failed: %s", error->message);
        fail_round(self, round, error);
        return;
    }
    run->number = ++self->n_begun;
    g_queue_push_tail(&self->running, g_steal_pointer(&run));
}

static int
begin_if_fewer(DaemonRounds *self, unsigned int n_running)
{
    if (self->running.length < n_running)
        begin_next(self);
    schedule(self);
    return 0;
}

static int
on_turn_over(sd_event_source *source, void *data)
{
    (void)source;
    return begin_if_fewer(data, 1);
}

static int
on_patience_over(sd_event_source *source, uint64_t at_us, void *data)
{
    (void)source;
    (void)at_us;
    return begin_if_fewer(data, DAEMON_LIMIT_ROUNDS_AT_ONCE);
}

static void
on_news(void *data)
{
    const DaemonRounds *self = data;

    if (self->watcher != NULL && self->watcher->has_news != NULL)
        self->watcher->has_news(self->watcher_data);
}

static bool
add_sources(DaemonRounds *self, GError **error)
{
    sd_event *loop = self->loop;
    int result = daemon_loop_add_idle(loop, &self->starter, on_turn_over, self);

    if (result >= 0)
        result = daemon_loop_add_timer(loop, &self->answerer, on_answering, self);
    if (result >= 0)
        result = daemon_loop_add_timer(loop, &self->patience, on_patience_over, self);
    if (result >= 0)
        result = daemon_loop_add_timer(loop, &self->gates, on_answering, self);
    if (result < 0)
        g_set_error(error, DOMSTATS_ERROR, DOMSTATS_ERROR_SYSTEM, "cannot use the loop: %s",
                    g_strerror(-result));
    return result >= 0;
}

DaemonRounds *
daemon_rounds_new(DomstatsConn *take_conn, unsigned int timeout_ms, sd_event *loop, GError **error)
{
    g_autoptr(DaemonRounds) self = g_new0(DaemonRounds, 1);

    self->loop = sd_event_ref(loop);
    self->source = daemon_source_new(take_conn, loop, on_news, self, error);
    self->timeout_ms = timeout_ms;
    self->queue = daemon_queue_new();
    g_queue_init(&self->running);
    g_queue_init(&self->ended);
    if (self->source == NULL || !add_sources(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
daemon_rounds_free(DaemonRounds *self)
{
    DaemonQueueRound *round = NULL;
    Run *run = NULL;

    if (self == NULL)
        return;
    while ((run = g_queue_pop_head(&self->ended)) != NULL ||
           (run = g_queue_pop_head(&self->running)) != NULL)
        free_run(run);
    while ((round = daemon_queue_take_next(self->queue)) != NULL)
        free_round(round);
    daemon_queue_free(self->queue);
    sd_event_source_disable_unref(self->starter);
    sd_event_source_disable_unref(self->patience);
    sd_event_source_disable_unref(self->answerer);
    sd_event_source_disable_unref(self->gates);
    daemon_source_free(self->source);
    sd_event_unref(self->loop);
    g_free(self);
}

DaemonRoundsRequest *
daemon_rounds_ask(DaemonRounds *self, const DomstatsCall *call, DaemonRoundsDone done, void *data)
{
    DaemonRoundsRequest *request = g_new0(DaemonRoundsRequest, 1);
    unsigned int timeout_ms = call->timeout_ms ? call->timeout_ms : self->timeout_ms;
    int64_t grace_us = (int64_t)DAEMON_LIMIT_ROUND_GRACE_MS * US_PER_MS;
    bool is_taken = false;

    request->owner = self;
    request->done = done;
    request->data = data;
    request->entry.data = request;
    request->entry.words_size = daemon_wish_words_size(call);
    request->entry.deadline_us = util_deadline_now_us() + (int64_t)timeout_ms * US_PER_MS;
    is_taken = daemon_queue_has_room(self->queue, call, request->entry.words_size);
    (void)sd_event_add_time(self->loop, &request->timer, CLOCK_MONOTONIC,
                            is_taken ? (uint64_t)(request->entry.deadline_us + grace_us) : 0, 1,
                            on_deadline, request);
    if (is_taken) {
        request->entry.wanted = daemon_wish_copy(call);
        place(self, request);
    }
    return request;
}

void
daemon_rounds_cancel(DaemonRoundsRequest *request)
{
    if (request == NULL)
        return;
    daemon_queue_leave(request->owner->queue, &request->entry);
    free_request(request);
}

void
daemon_rounds_watch(DaemonRounds *self, const DaemonRoundsWatcher *watcher, void *data)
{
    self->watcher = watcher;
    self->watcher_data = data;
}

void
daemon_rounds_set_gate(DaemonRoundsRequest *request, bool (*is_open)(void *gate), void *gate)
{
    request->is_open = is_open;
    request->gate = gate;
}

bool
daemon_rounds_reopen(DaemonRounds *self, DomstatsConn *take_conn, GError **error)
{
    return daemon_source_replace(self->source, take_conn, error);
}

bool
daemon_rounds_is_busy(const DaemonRounds *self)
{
    return self->running.length + self->ended.length > 0 || daemon_queue_next(self->queue) != NULL;
}

unsigned int
daemon_rounds_count(const DaemonRounds *self)
{
    return self->n_begun;
}
