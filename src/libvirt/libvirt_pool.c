/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool: see libvirt_pool.h. Owns the queues of requests, the threads and the connections.
 *
 * How it works
 *
 * A request goes into a queue. A thread takes one after another, each with a connection that no
 * other request uses, and ends when there is none to be taken. While requests wait, N_FIRST threads
 * work; one whose request libvirt has not answered for STUCK_MS does not count, and is replaced
 * within the limits. Who waits for requests sees to that (libvirt_pool_look_after()).
 *
 * libvirt's library would let threads share a connection. But before its version 10.3, what a
 * second thread asks is at times not sent while the first one waits for its answer, which may be
 * for ever; a crash is possible as well (CVE-2024-4418). It costs nothing not to: threads with
 * connections of their own need not hand their answers to each other.
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

#include "libvirt_limits.h"
#include "libvirt_pool_lines.h"
#include "util/util_refcount.h"
#include "util/util_thread.h"

enum {
    N_REQUESTS = 10,
    N_FIRST = 4,
    STUCK_MS = 20,   /* a request that takes longer is not counted on */
    SILENT_MS = 500, /* libvirt answers what asks no QEMU in less than one */
    FAIR_MS = 50,    /* for a libvirt that was silent before: it may have come back */
    AGAIN_MS = 1000, /* after a further connection was refused */
    CLOSE_MS = 200,  /* for connections to close; without it libvirt logs that their client died */
};

/* A request in one of the queues. */
typedef struct {
    LibvirtPoolRequest *request; /* a reference */
    bool is_daemons;
    int64_t since_us;      /* monotonic: since when it is in its queue */
    bool was_lost;         /* with the connection on which it was asked */
    LibvirtPoolLine *line; /* while it is under way */
    int64_t asked_us;      /* monotonic: since when it is under way */
} Entry;

struct LibvirtPool {
    char *uri;
    LibvirtPoolLimits limits;
    pthread_mutex_t lock;   /* guards all below */
    pthread_cond_t changed; /* a thread has ended */
    GQueue *again;          /* Entry *, of those whose connection was lost */
    GQueue *waiting;        /* Entry *, all others */
    GPtrArray *under_way;   /* Entry * */
    GPtrArray *lines;
    int64_t connecting_us; /* monotonic: since when a thread connects; 0: none does */
    int64_t refused_us;    /* monotonic: when a connect failed last; 0: it did not */
    int64_t answered_us;   /* monotonic: of the requests that were answered, when the latest one was
                              asked */
    unsigned int n_threads, n_closing, n_lost;
    bool is_closed;         /* it has no owner any more */
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
    g_ptr_array_unref(self->under_way);
    g_queue_free(self->waiting);
    g_queue_free(self->again);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    g_free(self->uri);
    g_free(self);
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
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->changed);
    self->again = g_queue_new();
    self->waiting = g_queue_new();
    self->under_way = g_ptr_array_new();
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

static void
free_entry(Entry *entry)
{
    libvirt_pool_request_unref(entry->request);
    g_free(entry);
}

/* How many requests are under way that libvirt has not answered for @ms. */
static unsigned int
count_unanswered(const LibvirtPool *self, int64_t now_us, int64_t ms)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->under_way->len; i++) {
        const Entry *entry = g_ptr_array_index(self->under_way, i);

        n += is_older(entry->asked_us, now_us, ms) ? 1 : 0;
    }
    return n;
}

/* Whether one more request may be under way. */
static bool
may_send(const LibvirtPool *self, bool is_daemons)
{
    return self->under_way->len < self->limits.n_requests - (is_daemons ? 0 : 1);
}

/* The request of the daemon that has waited longest for its answer, and that long enough, if
 * nothing was answered that was asked after it; NULL: there is none. */
static const Entry *
find_late(const LibvirtPool *self, int64_t now_us)
{
    const Entry *late = NULL;

    for (guint i = 0; i < self->under_way->len; i++) {
        const Entry *entry = g_ptr_array_index(self->under_way, i);

        if (entry->is_daemons && is_older(entry->asked_us, now_us, SILENT_MS) &&
            (late == NULL || entry->asked_us < late->asked_us))
            late = entry;
    }
    return late != NULL && self->answered_us < late->asked_us ? late : NULL;
}

/* How many requests under way were asked after @late, and have waited for @ms. */
static unsigned int
count_probes(const LibvirtPool *self, const Entry *late, int64_t now_us, int64_t ms)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->under_way->len; i++) {
        const Entry *entry = g_ptr_array_index(self->under_way, i);

        n += entry->asked_us > late->asked_us && now_us - entry->asked_us >= ms * 1000 ? 1 : 0;
    }
    return n;
}

/* Whether libvirt answers nothing. A late request of the daemon alone does not show that: libvirt
 * may have locked one domain. Requests that are sent after it, N_FIRST at most, show it. */
static bool
is_silent(const LibvirtPool *self, int64_t now_us)
{
    const Entry *late = find_late(self, now_us);

    if (is_older(self->connecting_us, now_us, SILENT_MS) &&
        count_unanswered(self, now_us, SILENT_MS) == self->under_way->len &&
        libvirt_pool_lines_find(self->lines, 0) == NULL)
        return true;
    return late != NULL &&
           (count_probes(self, late, now_us, STUCK_MS) >= N_FIRST || !may_send(self, false));
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
    else if (!may_send(self, false) &&
             count_unanswered(self, now_us, STUCK_MS) == self->under_way->len)
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

/* How many threads work, those left out that libvirt has not answered for STUCK_MS. */
static unsigned int
count_working(const LibvirtPool *self, int64_t now_us)
{
    unsigned int n_connecting = is_older(self->connecting_us, now_us, STUCK_MS) ? 1 : 0;

    return self->n_threads - n_connecting - count_unanswered(self, now_us, STUCK_MS);
}

/* Starts threads as long as requests wait and too few of them work, with the lock held. False if
 * there is none and the system gives none. */
static bool
start_threads(LibvirtPool *self)
{
    int64_t now_us = util_deadline_now_us();
    unsigned int n_waiting = self->again->length + self->waiting->length;

    if (self->is_closed || is_silent(self, now_us) ||
        (self->connecting_us != 0 && libvirt_pool_lines_n_usable(self->lines) == 0))
        return true;
    while (n_waiting > 0 && self->n_threads < self->limits.n_requests &&
           count_working(self, now_us) < N_FIRST) {
        if (!start_thread(self))
            return self->n_threads > 0;
        n_waiting--;
    }
    return true;
}

/* Ends and frees @entries, as @outcome says; without the lock. */
static void
fail_all(GQueue *entries, const LibvirtOutcome *outcome)
{
    for (Entry *entry = g_queue_pop_head(entries); entry != NULL;
         entry = g_queue_pop_head(entries)) {
        LibvirtOutcome copy = {outcome->kind, g_strdup(outcome->message)};

        libvirt_pool_request_end(entry->request, &copy);
        free_entry(entry);
    }
    g_queue_free(entries);
}

/* Takes what waits since @until_us or longer out of @entries. */
static void
take_older(GQueue *entries, int64_t until_us, GQueue *taken)
{
    for (guint n = entries->length; n > 0; n--) {
        Entry *entry = g_queue_pop_head(entries);

        g_queue_push_tail(entry->since_us <= until_us ? taken : entries, entry);
    }
}

/* Fails all requests that wait since @until_us or longer, with the lock held, which it releases
 * meanwhile. */
static void
fail_waiting(LibvirtPool *self, int64_t until_us, const LibvirtOutcome *outcome)
{
    GQueue *taken = g_queue_new();

    take_older(self->again, until_us, taken);
    take_older(self->waiting, until_us, taken);
    pthread_mutex_unlock(&self->lock);
    fail_all(taken, outcome);
    pthread_mutex_lock(&self->lock);
}

void
libvirt_pool_look_after(LibvirtPool *self)
{
    pthread_mutex_lock(&self->lock);
    start_threads(self);
    pthread_mutex_unlock(&self->lock);
}

/* What a thread that closes is given. */
typedef struct {
    LibvirtPool *pool; /* a reference */
    GPtrArray *lines;
} Closing;

static void *
run_close(void *data)
{
    Closing *self = data;
    LibvirtPool *pool = self->pool;

    for (guint i = 0; i < self->lines->len; i++)
        libvirt_pool_lines_close(g_ptr_array_index(self->lines, i));
    g_ptr_array_unref(self->lines);
    g_free(self);
    pthread_mutex_lock(&pool->lock);
    pool->n_closing--;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    unref(pool);
    return NULL;
}

/* Closes the connections that are used no more, with the lock held. If the system gives no thread
 * they stay open. */
static void
close_leaving(LibvirtPool *self)
{
    GPtrArray *lines = libvirt_pool_lines_take_leaving(self->lines);
    Closing *closing = NULL;
    GThread *thread = NULL;

    if (lines == NULL)
        return;
    closing = g_new0(Closing, 1);
    closing->pool = ref(self);
    closing->lines = lines;
    thread = util_thread_start("domstats-close", run_close, closing);
    if (thread != NULL) {
        self->n_closing++;
        g_thread_unref(thread);
        return;
    }
    for (guint i = 0; i < lines->len; i++)
        g_ptr_array_add(self->lines, g_ptr_array_index(lines, i));
    g_ptr_array_unref(lines);
    g_free(closing);
    (void)util_refcount_dec(&self->ref_count); /* the caller has one, too */
}

void
libvirt_pool_disconnect(LibvirtPool *self)
{
    pthread_mutex_lock(&self->lock);
    libvirt_pool_lines_leave(self->lines, true);
    close_leaving(self);
    pthread_mutex_unlock(&self->lock);
}

/* True if all threads have ended but those that libvirt does not answer. */
static bool
has_settled(const LibvirtPool *self)
{
    return self->n_closing == 0 && count_working(self, util_deadline_now_us()) == 0;
}

void
libvirt_pool_unref(LibvirtPool *self)
{
    static const LibvirtOutcome closed = {LIBVIRT_OUTCOME_FAILED,
                                          (char *)(uintptr_t) "the connection is closed"};
    UtilDeadline until = util_deadline_in_ms(CLOSE_MS);

    if (self == NULL || !util_refcount_dec(&self->n_owners))
        return;
    pthread_mutex_lock(&self->lock);
    self->is_closed = true;
    libvirt_pool_lines_leave(self->lines, true);
    close_leaving(self);
    fail_waiting(self, INT64_MAX, &closed);
    while (!has_settled(self) && !util_deadline_has_passed(until))
        util_deadline_wait_cond(util_deadline_at_most(until, STUCK_MS), &self->changed,
                                &self->lock);
    pthread_mutex_unlock(&self->lock);
    unref(self);
}

/* Queues @entry, with the lock held. A message says why it cannot be. */
static const char *
queue(LibvirtPool *self, Entry *entry)
{
    if (self->is_closed)
        return "the connection is closed";
    if (self->waiting->length >= LIBVIRT_LIMIT_WAITING_REQUESTS)
        return "too many requests wait for libvirt";
    entry->since_us = util_deadline_now_us();
    if (entry->is_daemons)
        g_queue_push_head(self->waiting, entry);
    else
        g_queue_push_tail(self->waiting, entry);
    if (start_threads(self))
        return NULL;
    g_queue_remove(self->waiting, entry);
    return "the system gives no thread";
}

static LibvirtPoolRequest *
ask(LibvirtPool *self, Entry *take_entry)
{
    LibvirtPoolRequest *request = libvirt_pool_request_ref(take_entry->request);
    const char *trouble = NULL;

    libvirt_pool_request_set_pool(request, ref(self), unref);
    pthread_mutex_lock(&self->lock);
    trouble = queue(self, take_entry);
    pthread_mutex_unlock(&self->lock);
    if (trouble != NULL) {
        LibvirtOutcome outcome = {LIBVIRT_OUTCOME_FAILED, g_strdup(trouble)};

        libvirt_pool_request_end(request, &outcome);
        free_entry(take_entry);
    }
    return request;
}

LibvirtPoolRequest *
libvirt_pool_ask(LibvirtPool *self, LibvirtPoolRequestWork work, void *take_data,
                 GDestroyNotify free_data, LibvirtPoolInbox *inbox)
{
    Entry *entry = g_new0(Entry, 1);

    entry->request = libvirt_pool_request_new(work, take_data, free_data, inbox);
    return ask(self, entry);
}

LibvirtPoolRequest *
libvirt_pool_ask_daemon(LibvirtPool *self, LibvirtPoolRequestWork work, void *take_data,
                        GDestroyNotify free_data, LibvirtPoolInbox *inbox)
{
    Entry *entry = g_new0(Entry, 1);

    entry->request = libvirt_pool_request_new(work, take_data, free_data, inbox);
    entry->is_daemons = true;
    return ask(self, entry);
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

static int
compare_request(gconstpointer a, gconstpointer b)
{
    const Entry *entry = a;

    return entry->request == b ? 0 : 1;
}

/* Takes the entry of @request out of @entries; NULL if it is not there. */
static Entry *
remove_from(GQueue *entries, const LibvirtPoolRequest *request)
{
    GList *found = g_queue_find_custom(entries, request, compare_request);
    Entry *entry = found ? found->data : NULL;

    if (found != NULL)
        g_queue_delete_link(entries, found);
    return entry;
}

bool
libvirt_pool_request_cancel(LibvirtPoolRequest *self)
{
    LibvirtPool *pool = libvirt_pool_request_pool(self);
    Entry *entry = NULL;

    libvirt_pool_request_abandon(self);
    pthread_mutex_lock(&pool->lock);
    entry = remove_from(pool->waiting, self);
    if (entry == NULL)
        entry = remove_from(pool->again, self);
    pthread_mutex_unlock(&pool->lock);
    if (entry == NULL)
        return false;
    free_entry(entry);
    return true;
}

/* The first entry of @entries that may be sent; NULL if there is none. */
static Entry *
peek(const LibvirtPool *self, GQueue *entries)
{
    Entry *entry = g_queue_peek_head(entries);
    int64_t now_us = util_deadline_now_us();
    const Entry *late = find_late(self, now_us);

    if (entry == NULL || (late != NULL && count_probes(self, late, now_us, 0) >= N_FIRST))
        return NULL;
    return may_send(self, entry->is_daemons) ? entry : NULL;
}

static Entry *
put_under_way(LibvirtPool *self, GQueue *entries, LibvirtPoolLine *line)
{
    Entry *entry = g_queue_pop_head(entries);

    entry->line = line;
    entry->asked_us = util_deadline_now_us();
    line->is_busy = true;
    g_ptr_array_add(self->under_way, entry);
    return entry;
}

/* Takes the next request for which there is a connection, with the lock held. */
static Entry *
take_ready(LibvirtPool *self)
{
    const Entry *again = peek(self, self->again);
    LibvirtPoolLine *line = NULL;

    if (again != NULL)
        line = libvirt_pool_lines_find(self->lines, again->since_us);
    if (line != NULL)
        return put_under_way(self, self->again, line);
    if (peek(self, self->waiting) != NULL)
        line = libvirt_pool_lines_find(self->lines, 0);
    return line ? put_under_way(self, self->waiting, line) : NULL;
}

/* Whether another connection is to be opened, with the lock held. */
static bool
wants_line(LibvirtPool *self)
{
    bool may_wait = libvirt_pool_lines_n_usable(self->lines) > 0;

    if (self->connecting_us != 0 ||
        (peek(self, self->again) == NULL && peek(self, self->waiting) == NULL))
        return false;
    if (may_wait && self->refused_us != 0 &&
        !is_older(self->refused_us, util_deadline_now_us(), AGAIN_MS))
        return false;
    if (self->lines->len >= self->limits.n_requests && self->again->length > 0) {
        libvirt_pool_lines_leave(self->lines, false);
        close_leaving(self);
    }
    return self->lines->len < self->limits.n_requests;
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
    connection = libvirt_connection_open(self->uri, &outcome);
    pthread_mutex_lock(&self->lock);
    self->connecting_us = 0;
    if (connection != NULL) {
        libvirt_pool_lines_add(self->lines, connection, util_deadline_now_us());
        if (self->is_closed)
            libvirt_pool_lines_leave(self->lines, false);
        close_leaving(self);
        return;
    }
    self->refused_us = util_deadline_now_us();
    if (libvirt_pool_lines_n_usable(self->lines) == 0)
        fail_waiting(self, begun_us, &outcome);
}

/* Takes the next request, with the lock held. NULL if there is none that may be sent now. */
static Entry *
take_next(LibvirtPool *self)
{
    Entry *entry = NULL;

    while (entry == NULL && !self->is_closed && !is_silent(self, util_deadline_now_us())) {
        entry = take_ready(self);
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
take_back(LibvirtPool *self, Entry *entry, bool is_lost)
{
    g_ptr_array_remove_fast(self->under_way, entry);
    entry->line->is_busy = false;
    entry->line->is_leaving = entry->line->is_leaving || is_lost || self->is_closed;
    if (is_lost)
        libvirt_pool_lines_leave(self->lines, false);
    if (is_lost)
        self->n_lost++;
    else
        self->answered_us = MAX(self->answered_us, entry->asked_us);
    close_leaving(self);
    entry->line = NULL;
}

/* Asks libvirt, with the lock held, which it releases meanwhile. */
static void
run_entry(LibvirtPool *self, Entry *entry)
{
    LibvirtOutcome outcome = {LIBVIRT_OUTCOME_WELL, NULL};
    bool is_lost = false;

    pthread_mutex_unlock(&self->lock);
    outcome = libvirt_pool_request_run(entry->request, entry->line->connection);
    is_lost = outcome.kind != LIBVIRT_OUTCOME_WELL &&
              !libvirt_connection_is_alive(entry->line->connection);
    pthread_mutex_lock(&self->lock);
    take_back(self, entry, is_lost);
    if (is_lost && !entry->was_lost && !self->is_closed &&
        !libvirt_pool_request_is_abandoned(entry->request)) {
        libvirt_outcome_clear(&outcome);
        entry->was_lost = true;
        entry->since_us = util_deadline_now_us();
        libvirt_pool_request_undo(entry->request);
        g_queue_push_tail(self->again, entry);
        return;
    }
    if (is_lost)
        outcome.kind = LIBVIRT_OUTCOME_LOST;
    pthread_mutex_unlock(&self->lock);
    libvirt_pool_request_end(entry->request, &outcome);
    free_entry(entry);
    pthread_mutex_lock(&self->lock);
}

static void *
run_thread(void *data)
{
    LibvirtPool *self = data;
    Entry *entry = NULL;

    pthread_mutex_lock(&self->lock);
    while ((entry = take_next(self)) != NULL)
        run_entry(self, entry);
    self->n_threads--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    unref(self);
    return NULL;
}
