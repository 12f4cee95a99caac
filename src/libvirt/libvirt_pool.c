/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool: see libvirt_pool.h. Owns the requests, the threads and the connections.
 *
 * How it works
 *
 * A request goes into a queue. A thread takes what is to be asked next, a request or several about
 * domains that may go together (see libvirt_pool_queue), with a connection that nothing else uses,
 * and ends when there is none to be taken. While requests wait and libvirt answers, one thread more
 * works than there are processors, N_FIRST at most, and one on one processor, where more only push
 * each other out of its caches. One that libvirt has not answered in time (20 ms, longer for
 * several domains) does not count, and is replaced within the limits and as far as libvirt's
 * workers can take more. Who waits for requests sees to that (libvirt_pool_look_after()).
 *
 * libvirt's library would let threads share a connection. But before its version 10.3, what a
 * second thread asks is at times not sent while the first one waits for its answer, which may be
 * for ever; a crash is possible as well (CVE-2024-4418). So no connection is shared.
 *
 * Only one thread at a time connects. Those that find no connection meanwhile end, and the one that
 * has connected starts others. So a libvirt that accepts no client holds one thread, and the
 * requests stay in the queue, where their callers may take them back. If it refuses and there is no
 * other connection, all requests fail that waited when the connect began.
 *
 * When a connection is lost, those on which no request is under way are not used any more, since
 * libvirt may have ended since they were; the threads of the others notice it themselves. A request
 * whose connection was lost is asked once more, on a connection that was opened later.
 *
 * A connection is closed on a thread of its own, since libvirt is asked for that too.
 */
#include "libvirt_pool.h"

#include <pthread.h>

#include "libvirt_pool_lines.h"
#include "libvirt_pool_queue.h"
#include "libvirt_pool_run.h"
#include "util/util_processors.h"
#include "util/util_refcount.h"
#include "util/util_thread.h"

enum {
    N_REQUESTS = 10,
    N_FIRST = 4,
    STUCK_MS = LIBVIRT_POOL_QUEUE_STUCK_MS,
    TAKEN_MS = LIBVIRT_POOL_QUEUE_TAKEN_MS,
    SILENT_MS = LIBVIRT_POOL_QUEUE_SILENT_MS,
    FAIR_MS = 50,    /* for a libvirt that was silent before: it may have come back */
    AGAIN_MS = 1000, /* after a further connection was refused */
    /* For connections to close; without it libvirt logs that their client died. */
    CLOSE_MS = 200,
    CLOSE_WELL_MS = 2000, /* the same, if libvirt has answered all that it was asked */
};

struct LibvirtPool {
    char *uri;
    LibvirtPoolLimits limits;
    pthread_mutex_t turn;   /* see libvirt_connection_open(); never taken with the lock held */
    pthread_mutex_t lock;   /* guards all below */
    pthread_cond_t changed; /* a thread has ended */
    LibvirtPoolQueue queue;
    GPtrArray *lines;      /* LibvirtPoolLine * */
    int64_t connecting_us; /* monotonic: since when a thread connects; 0: none does */
    int64_t refused_us;    /* monotonic: when a connect failed last; 0: it did not */
    unsigned int n_threads, n_closing, n_lost;
    bool is_closed;         /* it has no owner any more */
    bool keeps_none;        /* connections that no request needs are closed, until one is asked */
    UtilRefcount n_owners;  /* besides, all of them have one reference */
    UtilRefcount ref_count; /* requests and threads have one each */
};

static void *run_thread(void *data);

static bool
is_older(int64_t since_us, int64_t now_us, int64_t ms)
{
    return since_us != 0 && now_us - since_us > ms * 1000;
}

/* Frees the pool, which has no connection any more. */
static void
unref(gpointer data)
{
    LibvirtPool *self = data;

    if (!util_refcount_dec(&self->ref_count))
        return;
    g_ptr_array_unref(self->lines);
    libvirt_pool_queue_clear(&self->queue);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->turn);
    pthread_mutex_destroy(&self->lock);
    g_free(self->uri);
    g_free(self);
}

/* How many threads work when all is well. */
static unsigned int
count_first(void)
{
    unsigned int n = util_processors_count();

    return n == 1 ? 1 : MIN(n + 1, N_FIRST);
}

LibvirtPool *
libvirt_pool_new(const char *uri, const LibvirtPoolLimits *limits)
{
    LibvirtPool *self = g_new0(LibvirtPool, 1);

    self->uri = g_strdup(uri);
    if (limits != NULL)
        self->limits = *limits;
    if (self->limits.n_requests == 0)
        self->limits.n_requests = N_REQUESTS;
    self->limits.n_requests = MAX(self->limits.n_requests, 2);
    if (self->limits.n_first == 0)
        self->limits.n_first = count_first();
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->turn, NULL);
    util_deadline_init_cond(&self->changed);
    libvirt_pool_queue_init(&self->queue, self->limits.n_requests, self->limits.n_first);
    self->queue.late_ms = self->limits.late_ms;
    self->lines = libvirt_pool_lines_new();
    util_refcount_init(&self->n_owners);
    util_refcount_init(&self->ref_count);
    return self;
}

LibvirtPool *
libvirt_pool_ref(LibvirtPool *self)
{
    util_refcount_inc(&self->n_owners);
    return self;
}

const char *
libvirt_pool_uri(const LibvirtPool *self)
{
    return self->uri;
}

static LibvirtPool *
ref(LibvirtPool *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

/* Whether libvirt answers nothing: no connect, where there is no connection that is free or may get
 * so, or no request. */
static bool
is_silent(const LibvirtPool *self, int64_t now_us)
{
    if (is_older(self->connecting_us, now_us, SILENT_MS) &&
        libvirt_pool_queue_n_unanswered(&self->queue, now_us, SILENT_MS) ==
            self->queue.under_way->len &&
        libvirt_pool_lines_find(self->lines, 0) == NULL)
        return true;
    return libvirt_pool_queue_is_silent(&self->queue, now_us);
}

LibvirtPoolState
libvirt_pool_state(LibvirtPool *self)
{
    LibvirtPoolState state = LIBVIRT_POOL_READY;
    int64_t now_us = util_deadline_now_us();

    pthread_mutex_lock(&self->lock);
    if (is_silent(self, now_us))
        state = LIBVIRT_POOL_SILENT;
    else if (self->connecting_us != 0 && libvirt_pool_lines_n_usable(self->lines) == 0)
        state = LIBVIRT_POOL_CONNECTING;
    else if (libvirt_pool_queue_is_full(&self->queue, now_us))
        state = LIBVIRT_POOL_FULL;
    pthread_mutex_unlock(&self->lock);
    return state;
}

unsigned int
libvirt_pool_n_lost(LibvirtPool *self)
{
    unsigned int n = 0;

    pthread_mutex_lock(&self->lock);
    n = self->n_lost;
    pthread_mutex_unlock(&self->lock);
    return n;
}

UtilDeadline
libvirt_pool_fair(LibvirtPool *self, UtilDeadline deadline)
{
    if (libvirt_pool_state(self) != LIBVIRT_POOL_SILENT)
        return deadline;
    return util_deadline_at_most(deadline, FAIR_MS);
}

/* Starts a thread, with the lock held. */
static bool
start_thread(LibvirtPool *self)
{
    GThread *thread = util_thread_start("domstats-virt", run_thread, ref(self));

    if (thread == NULL) {
        (void)util_refcount_dec(&self->ref_count); /* the caller has one, too */
        return false;
    }
    g_thread_unref(thread);
    self->n_threads++;
    return true;
}

/* How many threads work, those left out that libvirt has not answered for @ms. */
static unsigned int
count_working(const LibvirtPool *self, int64_t now_us, int64_t ms)
{
    unsigned int n_connecting = is_older(self->connecting_us, now_us, ms) ? 1 : 0;

    return self->n_threads - n_connecting -
           libvirt_pool_queue_n_unanswered(&self->queue, now_us, ms);
}

/* Whether libvirt's workers can take one more request, with the lock held. Asked before n_at_once
 * is read. */
static bool
check_workers(LibvirtPool *self, int64_t now_us)
{
    bool is_connecting =
        self->connecting_us != 0 && !is_older(self->connecting_us, now_us, TAKEN_MS);

    return libvirt_pool_queue_check_workers(&self->queue, is_connecting ? 1 : 0, now_us);
}

/* Starts threads as long as requests wait and too few of them work, with the lock held. False if
 * there is none and the system gives none. */
static bool
start_threads(LibvirtPool *self)
{
    int64_t now_us = util_deadline_now_us();
    unsigned int n_waiting = libvirt_pool_queue_n_waiting(&self->queue);

    if (self->is_closed || is_silent(self, now_us) ||
        (self->connecting_us != 0 && libvirt_pool_lines_n_usable(self->lines) == 0))
        return true;
    while (n_waiting > 0 && libvirt_pool_queue_has_ready(&self->queue, now_us) &&
           check_workers(self, now_us) && self->n_threads < self->limits.n_requests &&
           count_working(self, now_us, STUCK_MS) < self->queue.n_first &&
           count_working(self, now_us, TAKEN_MS) < self->queue.n_at_once) {
        if (!start_thread(self))
            return self->n_threads > 0;
        n_waiting--;
    }
    return true;
}

/* Ends the requests of @entry, and frees it. Without the lock. */
static void
fail_entry(LibvirtPoolQueueEntry *entry, const LibvirtOutcome *outcome)
{
    for (guint i = 0; i < entry->requests->len; i++) {
        LibvirtPoolRequestPart part = {.outcome = {outcome->kind, g_strdup(outcome->message)}};

        libvirt_pool_request_end(g_ptr_array_index(entry->requests, i), &part);
    }
    libvirt_pool_queue_free_entry(entry);
}

/* Fails all requests that wait since @until_us or longer, with the lock held, which it releases
 * meanwhile. */
static void
fail_waiting(LibvirtPool *self, int64_t until_us, const LibvirtOutcome *outcome)
{
    GQueue *taken = libvirt_pool_queue_take_older(&self->queue, until_us);

    pthread_mutex_unlock(&self->lock);
    while (taken->length > 0)
        fail_entry(g_queue_pop_head(taken), outcome);
    g_queue_free(taken);
    pthread_mutex_lock(&self->lock);
}

static void
run_probe(LibvirtConnection *connection, void *data, LibvirtOutcome *ret_outcome)
{
    (void)data;
    libvirt_connection_ping(connection, ret_outcome);
}

/* Queues what late answers make necessary, with the lock held: the requests of late calls, and a
 * probe. What is queued once it is closed would stay. */
static void
look_at_late(LibvirtPool *self)
{
    int64_t now_us = util_deadline_now_us();

    if (self->is_closed)
        return;
    libvirt_pool_queue_split(&self->queue, now_us);
    if (libvirt_pool_queue_wants_probe(&self->queue, now_us)) {
        LibvirtPoolRequest *probe = libvirt_pool_request_new(run_probe, NULL, NULL, NULL);

        libvirt_pool_request_set_pool(probe, ref(self), unref);
        libvirt_pool_request_abandon(probe); /* nobody waits for its answer */
        libvirt_pool_queue_push_probe(&self->queue, probe);
    }
}

void
libvirt_pool_look_after(LibvirtPool *self)
{
    pthread_mutex_lock(&self->lock);
    look_at_late(self);
    start_threads(self);
    pthread_mutex_unlock(&self->lock);
}

/* Connections that were leaving have been closed. */
static void
end_closing(void *data)
{
    LibvirtPool *self = data;

    pthread_mutex_lock(&self->lock);
    self->n_closing--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    unref(self);
}

/* Closes the connections that are used no more, with the lock held. If the system gives no thread
 * they stay open. */
static void
close_leaving(LibvirtPool *self)
{
    GPtrArray *lines = libvirt_pool_lines_take_leaving(self->lines);

    if (lines == NULL)
        return;
    if (libvirt_pool_lines_close_beside(lines, end_closing, ref(self))) {
        self->n_closing++;
        return;
    }
    for (guint i = 0; i < lines->len; i++)
        g_ptr_array_add(self->lines, g_ptr_array_index(lines, i));
    g_ptr_array_unref(lines);
    (void)util_refcount_dec(&self->ref_count); /* the caller has one, too */
}

void
libvirt_pool_disconnect(LibvirtPool *self)
{
    pthread_mutex_lock(&self->lock);
    self->keeps_none = true;
    libvirt_pool_lines_leave(self->lines, true);
    close_leaving(self);
    pthread_mutex_unlock(&self->lock);
}

/* How long the last owner waits. A busy host keeps a libvirt that is well from closing for longer
 * than one that hangs should be waited for. */
static unsigned int
choose_close_ms(const LibvirtPool *self)
{
    bool is_well = self->queue.under_way->len == 0 && self->connecting_us == 0;

    if (self->limits.close_ms > 0)
        return self->limits.close_ms;
    return is_well ? CLOSE_WELL_MS : CLOSE_MS;
}

/* True if all threads have ended but those that libvirt does not answer. On a busy host an answer
 * takes longer than STUCK_MS at times, so only what is older than the longest wait is given up. */
static bool
has_settled(const LibvirtPool *self)
{
    return self->n_closing == 0 &&
           count_working(self, util_deadline_now_us(), choose_close_ms(self)) == 0;
}

/* True if its owner, which waits @since_us, should still wait for the threads. The connection of an
 * answer that comes is closed after it, so the time for that begins again. */
static bool
may_settle(const LibvirtPool *self, int64_t *since_us)
{
    int64_t now_us = util_deadline_now_us();

    if (!libvirt_pool_queue_has_outrun(&self->queue, now_us))
        return !has_settled(self) && !is_older(*since_us, now_us, choose_close_ms(self));
    *since_us = now_us;
    return true;
}

void
libvirt_pool_unref(LibvirtPool *self)
{
    static const LibvirtOutcome closed = {LIBVIRT_OUTCOME_FAILED,
                                          (char *)(uintptr_t) "the connection is closed"};
    int64_t since_us = util_deadline_now_us();

    if (self == NULL || !util_refcount_dec(&self->n_owners))
        return;
    pthread_mutex_lock(&self->lock);
    self->is_closed = true;
    libvirt_pool_lines_leave(self->lines, true);
    close_leaving(self);
    fail_waiting(self, INT64_MAX, &closed);
    while (may_settle(self, &since_us))
        util_deadline_wait_cond(util_deadline_in_ms(STUCK_MS), &self->changed, &self->lock);
    pthread_mutex_unlock(&self->lock);
    unref(self);
}

/* Queues @request, with the lock held. A message says why it cannot be. */
static const char *
queue(LibvirtPool *self, LibvirtPoolRequest *request, bool is_daemons)
{
    LibvirtPoolQueueEntry *entry = NULL;

    if (self->is_closed)
        return "the connection is closed";
    self->keeps_none = false;
    entry = libvirt_pool_queue_new_entry(libvirt_pool_request_ref(request), is_daemons);
    if (!libvirt_pool_queue_push(&self->queue, entry)) {
        libvirt_pool_queue_free_entry(entry);
        return "too many requests wait for libvirt";
    }
    if (start_threads(self))
        return NULL;
    libvirt_pool_queue_remove(&self->queue, request);
    return "the system gives no thread";
}

/* Gives @take_request. */
static LibvirtPoolRequest *
ask(LibvirtPool *self, LibvirtPoolRequest *take_request, bool is_daemons)
{
    const char *trouble = NULL;

    libvirt_pool_request_set_pool(take_request, ref(self), unref);
    pthread_mutex_lock(&self->lock);
    trouble = queue(self, take_request, is_daemons);
    pthread_mutex_unlock(&self->lock);
    if (trouble != NULL) {
        LibvirtPoolRequestPart part = {.outcome = {LIBVIRT_OUTCOME_FAILED, g_strdup(trouble)}};

        libvirt_pool_request_end(take_request, &part);
    }
    return take_request;
}

LibvirtPoolRequest *
libvirt_pool_ask(LibvirtPool *self, LibvirtPoolRequestWork work, void *take_data,
                 GDestroyNotify free_data, LibvirtPoolInbox *inbox)
{
    return ask(self, libvirt_pool_request_new(work, take_data, free_data, inbox), false);
}

LibvirtPoolRequest *
libvirt_pool_ask_of_kind(LibvirtPool *self, const LibvirtPoolKindQuestion *question)
{
    return ask(self,
               libvirt_pool_request_new_of_kind(question->kind, question->may_share,
                                                question->deadline, question->take_data,
                                                question->free_data, question->inbox),
               false);
}

LibvirtPoolRequest *
libvirt_pool_ask_daemon(LibvirtPool *self, LibvirtPoolRequestWork work, void *take_data,
                        GDestroyNotify free_data, LibvirtPoolInbox *inbox)
{
    return ask(self, libvirt_pool_request_new(work, take_data, free_data, inbox), true);
}

bool
libvirt_pool_request_wait(LibvirtPoolRequest *self, UtilDeadline deadline)
{
    while (!libvirt_pool_request_await(self, util_deadline_at_most(deadline, STUCK_MS))) {
        if (util_deadline_has_passed(deadline))
            return false;
        libvirt_pool_look_after(libvirt_pool_request_pool(self));
    }
    return true;
}

bool
libvirt_pool_request_cancel(LibvirtPoolRequest *self)
{
    LibvirtPool *pool = libvirt_pool_request_pool(self);
    bool was_waiting = false;

    libvirt_pool_request_abandon(self);
    pthread_mutex_lock(&pool->lock);
    was_waiting = libvirt_pool_queue_remove(&pool->queue, self);
    pthread_mutex_unlock(&pool->lock);
    return was_waiting;
}

/* Whether another connection is to be opened, with the lock held. */
static bool
wants_line(LibvirtPool *self)
{
    int64_t now_us = util_deadline_now_us();
    bool may_wait = libvirt_pool_lines_n_usable(self->lines) > 0;

    if (self->connecting_us != 0 || !libvirt_pool_queue_has_ready(&self->queue, now_us))
        return false;
    if (may_wait && self->refused_us != 0 && !is_older(self->refused_us, now_us, AGAIN_MS))
        return false;
    if (self->lines->len >= self->limits.n_requests) {
        libvirt_pool_lines_leave(self->lines, false); /* too old for what is asked again */
        close_leaving(self);
    }
    return self->lines->len < self->limits.n_requests;
}

/* True if a connection on which no request is under way is to be closed. */
static bool
keeps_none(const LibvirtPool *self)
{
    return self->is_closed || (self->keeps_none && libvirt_pool_queue_n_waiting(&self->queue) == 0);
}

/* Opens a connection, with the lock held, which it releases meanwhile. If that fails and there is
 * no other, the requests fail that were there when it began. */
static void
open_line(LibvirtPool *self)
{
    int64_t begun_us = util_deadline_now_us();
    LibvirtConnection *connection = NULL;
    g_auto(LibvirtOutcome) outcome = {LIBVIRT_OUTCOME_WELL, NULL};

    self->connecting_us = begun_us;
    pthread_mutex_unlock(&self->lock);
    connection = libvirt_connection_open(self->uri, &self->turn, &outcome);
    pthread_mutex_lock(&self->lock);
    self->connecting_us = 0;
    if (connection != NULL) {
        libvirt_pool_lines_add(self->lines, connection, util_deadline_now_us());
        if (keeps_none(self))
            libvirt_pool_lines_leave(self->lines, false);
        close_leaving(self);
        return;
    }
    self->refused_us = util_deadline_now_us();
    if (libvirt_pool_lines_n_usable(self->lines) == 0)
        fail_waiting(self, begun_us, &outcome);
}

/* Takes the next request, with the lock held. NULL if there is none that may be sent now. */
static LibvirtPoolQueueEntry *
take_next(LibvirtPool *self)
{
    LibvirtPoolQueueEntry *entry = NULL;

    look_at_late(self);
    while (entry == NULL && !self->is_closed && !is_silent(self, util_deadline_now_us()) &&
           check_workers(self, util_deadline_now_us())) {
        entry = libvirt_pool_queue_begin(&self->queue, self->lines, util_deadline_now_us());
        if (entry == NULL) {
            if (!wants_line(self))
                return NULL;
            open_line(self);
            start_threads(self);
        }
    }
    return entry;
}

/* Takes @entry from those under way, with the lock held. */
static void
take_back(LibvirtPool *self, LibvirtPoolQueueEntry *entry, bool is_lost)
{
    if (is_lost || keeps_none(self))
        entry->line->is_leaving = true;
    libvirt_pool_queue_end(&self->queue, entry, !is_lost, util_deadline_now_us());
    if (is_lost) {
        self->n_lost++;
        libvirt_pool_lines_leave(self->lines, false);
    }
    close_leaving(self);
}

/* Asks libvirt, with the lock held, which it releases meanwhile. */
static void
run_entry(LibvirtPool *self, LibvirtPoolQueueEntry *entry)
{
    LibvirtConnection *connection = entry->line->connection;
    LibvirtPoolRun *run = libvirt_pool_run_new(entry);
    bool is_lost = false;

    pthread_mutex_unlock(&self->lock);
    is_lost = libvirt_pool_run_ask(run, connection);
    pthread_mutex_lock(&self->lock);
    take_back(self, entry, is_lost);
    if (!self->is_closed)
        libvirt_pool_run_ask_again(run, &self->queue);
    start_threads(self);
    pthread_mutex_unlock(&self->lock);
    libvirt_pool_run_free(run);
    pthread_mutex_lock(&self->lock);
}

static void *
run_thread(void *data)
{
    LibvirtPool *self = data;
    LibvirtPoolQueueEntry *entry = NULL;

    pthread_mutex_lock(&self->lock);
    while ((entry = take_next(self)) != NULL)
        run_entry(self, entry);
    self->n_threads--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    unref(self);
    return NULL;
}
