/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_rounds: see daemon_rounds.h. Owns the requests and the rounds.
 *
 * How it works
 *
 * A request joins a round that runs, if daemon_wish says that this covers it and the round ends no
 * later than the request allows. Else it is united with the first round that is not begun yet and
 * can be widened to cover it; else it gets a new one, behind the others. The first of them begins
 * when none runs, once the loop has nothing else to do, so that requests which come together share
 * it, or after ROUND_START_MS, as clients may keep the loop busy; or after ROUND_WAIT_MS, if the
 * running one is held up by a domain that does not answer.
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
#include "daemon_source.h"
#include "daemon_wish.h"
#include "util/util_deadline.h"

enum {
    US_PER_MS = 1000,
    GATES_MS = 5, /* between looks whether gates have opened */
};

typedef struct {
    DaemonRounds *owner;
    DomstatsCall *wish;
    GQueue requests;     /* DaemonRoundsRequest *, owned */
    DaemonCall *call;    /* NULL: not begun */
    unsigned int number; /* counted from 1 as they begin */
    int64_t wanted_us;   /* when its first request came */
    int64_t deadline_us; /* the earliest of its requests */
    bool is_hasty;       /* with less time than rounds have that all share */
    bool is_alone;       /* only equal requests share it */
} Round;

struct DaemonRoundsRequest {
    DaemonRounds *owner;
    Round *round; /* NULL: it is refused, and is told so in a moment */
    size_t words_size;
    DomstatsCall *wanted;
    DaemonRoundsDone done;
    void *data;
    int64_t deadline_us; /* on the monotonic clock */
    sd_event_source *timer;
    bool must_be_alone;          /* a word of it was not found in a round that was shared */
    bool (*is_open)(void *gate); /* NULL: it is always answered */
    void *gate;
};

struct DaemonRounds {
    sd_event *loop;
    DaemonSource *source;
    unsigned int timeout_ms;
    GQueue waiting;            /* Round *, owned, in the order in which they were wanted */
    GQueue running;            /* Round *, owned */
    GQueue ended;              /* Round *, owned: whose requests are being answered */
    GQueue alone;              /* Round *, owned, likewise: that only equal requests share */
    bool was_alone;            /* the last round that was begun was of @alone */
    sd_event_source *starter;  /* begins the first of @waiting when the loop has nothing to do */
    sd_event_source *patience; /* begins it when it has been held up long enough */
    sd_event_source *answerer; /* answers requests of @ended */
    sd_event_source *gates;    /* looks whether gates of @ended have opened */
    size_t n_requests;         /* that wait for rounds */
    size_t words_size;         /* memory of their words */
    unsigned int n_begun;
    const DaemonRoundsWatcher *watcher;
    void *watcher_data;
};

static void
free_request(DaemonRoundsRequest *self)
{
    sd_event_source_disable_unref(self->timer);
    daemon_wish_free(self->wanted);
    g_free(self);
}

static void
free_round(Round *self)
{
    DaemonRoundsRequest *request = NULL;

    while ((request = g_queue_pop_head(&self->requests)) != NULL)
        free_request(request);
    daemon_call_free(self->call);
    daemon_wish_free(self->wish);
    g_free(self);
}

/* Takes @request out of its round, if any. One that is not begun and has no other is dropped. */
static void
leave_round(DaemonRounds *self, DaemonRoundsRequest *request)
{
    Round *round = request->round;

    if (round == NULL)
        return;
    g_queue_remove(&round->requests, request);
    self->n_requests--;
    self->words_size -= request->words_size;
    request->round = NULL;
    if (round->call != NULL || !g_queue_is_empty(&round->requests))
        return;
    if (g_queue_remove(round->is_alone ? &self->alone : &self->waiting, round))
        free_round(round);
}

static void
finish(DaemonRounds *self, DaemonRoundsRequest *request, const DaemonRoundsAnswer *answer,
       const GError *error)
{
    leave_round(self, request);
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
        request->round == NULL
            ? make_too_many()
            : g_error_new(DOMSTATS_ERROR, DOMSTATS_ERROR_TIMEOUT,
                          "there was no answer in the time that the request allows");

    (void)source;
    (void)at_us;
    finish(request->owner, request, NULL, error);
    return 0;
}

static int64_t
left_us(const DaemonRoundsRequest *request)
{
    return request->deadline_us - util_deadline_now_us();
}

static bool
is_hasty(const DaemonRoundsRequest *request)
{
    return left_us(request) < (int64_t)DAEMON_LIMIT_ROUND_SHARED_MS * US_PER_MS;
}

static void
enter_round(DaemonRounds *self, Round *round, DaemonRoundsRequest *request)
{
    request->round = round;
    g_queue_push_tail(&round->requests, request);
    self->n_requests++;
    self->words_size += request->words_size;
}

/* The round that runs, covers @request, and ends soon enough; NULL: none does. */
static Round *
find_running(const DaemonRounds *self, const DaemonRoundsRequest *request)
{
    bool has_time = !is_hasty(request);

    for (GList *at = self->running.head; at != NULL; at = at->next) {
        Round *round = at->data;

        if (round->deadline_us > request->deadline_us || (round->is_hasty && has_time))
            continue;
        if (request->must_be_alone ? daemon_wish_equals(round->wish, request->wanted)
                                   : daemon_wish_covers(round->wish, request->wanted))
            return round;
    }
    return NULL;
}

static bool
must_be_alone(const DaemonRoundsRequest *request)
{
    return request->must_be_alone || !daemon_wish_is_shareable(request->wanted);
}

/* Unites @request with a round that is not begun; NULL: none can be widened to cover it. */
static Round *
widen_waiting(const DaemonRounds *self, const DaemonRoundsRequest *request)
{
    bool is_alone = must_be_alone(request);
    bool has_time = !is_hasty(request);

    for (GList *at = is_alone ? self->alone.head : self->waiting.head; at != NULL; at = at->next) {
        Round *round = at->data;

        if (round->is_hasty == has_time)
            continue;
        if (is_alone ? daemon_wish_equals(round->wish, request->wanted)
                     : daemon_wish_unite(round->wish, request->wanted)) {
            round->deadline_us = MIN(round->deadline_us, request->deadline_us);
            return round;
        }
    }
    return NULL;
}

static Round *
add_round(DaemonRounds *self, const DaemonRoundsRequest *request)
{
    Round *round = g_new0(Round, 1);

    round->owner = self;
    round->wish = daemon_wish_copy(request->wanted);
    round->wanted_us = util_deadline_now_us();
    round->deadline_us = request->deadline_us;
    round->is_hasty = is_hasty(request);
    round->is_alone = must_be_alone(request);
    g_queue_init(&round->requests);
    g_queue_push_tail(round->is_alone ? &self->alone : &self->waiting, round);
    return round;
}

/* The queue whose first round is begun next: each in turn, where both have one. So requests that
 * share nothing delay those that all share by one round at most. NULL: none waits. */
static GQueue *
choose_queue(DaemonRounds *self)
{
    if (g_queue_is_empty(&self->waiting))
        return g_queue_is_empty(&self->alone) ? NULL : &self->alone;
    return g_queue_is_empty(&self->alone) || self->was_alone ? &self->waiting : &self->alone;
}

/* Sees to it that the next waiting round begins when it may. */
static void
schedule(DaemonRounds *self)
{
    GQueue *queue = choose_queue(self);
    const Round *first = queue ? g_queue_peek_head(queue) : NULL;
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
    Round *round = find_running(self, request);

    if (round == NULL)
        round = widen_waiting(self, request);
    if (round == NULL)
        round = add_round(self, request);
    enter_round(self, round, request);
    schedule(self);
}

/* Gives @error to all requests of @round, which is in no queue any more, and frees it. */
static void
fail_round(DaemonRounds *self, Round *round, const GError *error)
{
    while (!g_queue_is_empty(&round->requests))
        finish(self, g_queue_peek_head(&round->requests), NULL, error);
    free_round(round);
}

static bool
has_room_alone(const DaemonRounds *self)
{
    return self->alone.length < DAEMON_LIMIT_ROUNDS_ALONE;
}

/* Asks for @request, whose round has not found all of its words, in a round for it alone. */
static void
ask_alone(DaemonRounds *self, DaemonRoundsRequest *request)
{
    g_autoptr(GError) error = has_room_alone(self) ? NULL : make_too_many();

    if (error != NULL) {
        finish(self, request, NULL, error);
        return;
    }
    leave_round(self, request);
    request->must_be_alone = true;
    place(self, request);
}

/* What the library answered @round, without its records. */
static DaemonRoundsAnswer
describe(const Round *round)
{
    const DaemonCallResult *result = daemon_call_result(round->call);

    return (DaemonRoundsAnswer){.blind_spot = result->blind_spot,
                                .number = round->number,
                                .round_us = result->took_us,
                                .begun_us = result->begun_us};
}

/* Answers @request of @round, or asks for it alone. */
static void
answer_one(DaemonRounds *self, const Round *round, DaemonRoundsRequest *request)
{
    const DaemonCallResult *result = daemon_call_result(round->call);
    DaemonRoundsAnswer answer = describe(round);
    g_auto(DaemonNarrow) narrow = {0};

    if (result->records == NULL) {
        finish(self, request, NULL, result->error);
        return;
    }
    if (!daemon_narrow_make(result->records, result->n_records, daemon_call_asked(round->call),
                            request->wanted, &narrow)) {
        ask_alone(self, request);
        return;
    }
    answer.records = (const DomstatsRecord *const *)narrow.records->pdata;
    answer.n_records = narrow.records->len;
    finish(self, request, &answer, NULL);
}

/* Answers requests of @round whose gate is open, @n_most at most, and gives how many. If it is one
 * round too many to be kept, the others are refused. */
static unsigned int
answer_open(DaemonRounds *self, const Round *round, unsigned int n_most, bool is_kept)
{
    g_autoptr(GError) error = is_kept ? NULL : make_too_many();
    unsigned int n = 0;
    GList *next = NULL;

    for (GList *at = round->requests.head; at != NULL && n < n_most; at = next) {
        DaemonRoundsRequest *request = at->data;

        next = at->next;
        if (request->is_open == NULL || request->is_open(request->gate)) {
            answer_one(self, round, request);
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
        Round *round = at->data;
        bool is_kept = self->ended.length <= DAEMON_LIMIT_ROUNDS_KEPT;

        next = at->next;
        n += answer_open(self, round, DAEMON_LIMIT_ANSWERS_PER_TURN - n, is_kept);
        if (g_queue_is_empty(&round->requests)) {
            g_queue_delete_link(&self->ended, at);
            free_round(round);
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
tell_watcher(const DaemonRounds *self, const Round *round)
{
    const DaemonCallResult *result = daemon_call_result(round->call);
    DaemonRoundsAnswer answer = describe(round);

    answer.records = (const DomstatsRecord *const *)result->records;
    answer.n_records = result->n_records;
    if (result->records != NULL && self->watcher != NULL && self->watcher->ended != NULL)
        self->watcher->ended(daemon_call_asked(round->call), &answer, self->watcher_data);
}

static void
on_round_ended(DaemonCall *call, void *data)
{
    const DaemonCallResult *result = daemon_call_result(call);
    Round *round = data;
    DaemonRounds *self = round->owner;

    g_queue_remove(&self->running, round);
    g_queue_push_tail(&self->ended, round);
    daemon_loop_take_turn(self->answerer);
    if (result->error != NULL)
        daemon_log_refusal("a round failed: %s", result->error->message);
    tell_watcher(self, round);
    schedule(self);
}

/* Begins the next waiting round. The time that its requests have waited is theirs. */
static void
begin_next(DaemonRounds *self)
{
    GQueue *queue = choose_queue(self);
    Round *round = queue ? g_queue_pop_head(queue) : NULL;
    g_autoptr(GError) error = NULL;
    int64_t left = 0;

    if (round == NULL)
        return;
    self->was_alone = round->is_alone;
    left = (round->deadline_us - util_deadline_now_us()) / US_PER_MS;
    round->wish->timeout_ms = (unsigned int)CLAMP(left, 1, (int64_t)G_MAXINT);
    round->call = daemon_call_start(daemon_source_conn(self->source), round->wish, self->loop,
                                    on_round_ended, round, &error);
    if (round->call == NULL) {
        daemon_log_refusal("a round failed: %s", error->message);
        fail_round(self, round, error);
        return;
    }
    g_queue_push_tail(&self->running, round);
    round->number = ++self->n_begun;
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
    g_queue_init(&self->waiting);
    g_queue_init(&self->alone);
    g_queue_init(&self->running);
    g_queue_init(&self->ended);
    if (self->source == NULL || !add_sources(self, error))
        return NULL;
    return g_steal_pointer(&self);
}

void
daemon_rounds_free(DaemonRounds *self)
{
    Round *round = NULL;

    if (self == NULL)
        return;
    while ((round = g_queue_pop_head(&self->ended)) != NULL ||
           (round = g_queue_pop_head(&self->running)) != NULL ||
           (round = g_queue_pop_head(&self->waiting)) != NULL ||
           (round = g_queue_pop_head(&self->alone)) != NULL)
        free_round(round);
    sd_event_source_disable_unref(self->starter);
    sd_event_source_disable_unref(self->patience);
    sd_event_source_disable_unref(self->answerer);
    sd_event_source_disable_unref(self->gates);
    daemon_source_free(self->source);
    sd_event_unref(self->loop);
    g_free(self);
}

static bool
has_room(const DaemonRounds *self, const DomstatsCall *call, size_t words_size)
{
    return self->n_requests < DAEMON_LIMIT_ROUND_REQUESTS &&
           self->words_size + words_size <= DAEMON_LIMIT_ROUND_WORDS_BYTES &&
           (has_room_alone(self) || daemon_wish_is_shareable(call));
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
    request->words_size = daemon_wish_words_size(call);
    request->deadline_us = util_deadline_now_us() + (int64_t)timeout_ms * US_PER_MS;
    is_taken = has_room(self, call, request->words_size);
    (void)sd_event_add_time(self->loop, &request->timer, CLOCK_MONOTONIC,
                            is_taken ? (uint64_t)(request->deadline_us + grace_us) : 0, 1,
                            on_deadline, request);
    if (is_taken) {
        request->wanted = daemon_wish_copy(call);
        place(self, request);
    }
    return request;
}

void
daemon_rounds_cancel(DaemonRoundsRequest *request)
{
    if (request == NULL)
        return;
    leave_round(request->owner, request);
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
    return self->running.length + self->waiting.length + self->alone.length + self->ended.length >
           0;
}

unsigned int
daemon_rounds_count(const DaemonRounds *self)
{
    return self->n_begun;
}
