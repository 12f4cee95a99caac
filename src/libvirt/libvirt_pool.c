/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool: see libvirt_pool.h. Owns the connections, the threads and the queue of requests.
 *
 * How it works
 *
 * A request goes into the queue. A thread takes one after another from it and ends when the queue
 * is empty. N_FIRST threads work at first; libvirt_pool_look_after() starts one more when requests
 * wait and those under way have made no progress for STUCK_MS.
 *
 * A thread uses the connection that has the fewest requests under way, if that has less than
 * REQUESTS_PER_CONNECTION, else it opens another one. One thread at a time opens a connection; the
 * others wait for it. If that fails, all requests that wait now fail likewise, so that a libvirt
 * that does not run is tried once a call.
 */
#include "libvirt_pool.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/util_fd.h"
#include "util/util_refcount.h"
#include "util/util_thread.h"

enum {
    N_REQUESTS = 10,
    N_CONNECTIONS = 4,
    REQUESTS_PER_CONNECTION = 4, /* libvirt works on 5 of a client at a time, and then no longer
                                    reads what it sends */
    N_FIRST = 4,
    STUCK_MS = 20,
};

/* One connection with the requests under way on it. */
typedef struct {
    LibvirtConnection *connection;
    unsigned int n_under_way;
    bool is_lost;
} Line;

struct LibvirtPool {
    char *uri;
    LibvirtPoolLimits limits;
    pthread_mutex_t lock;   /* guards all below, and the state of each request */
    pthread_cond_t changed; /* a request has ended, or a connection was opened */
    GQueue *waiting;        /* LibvirtPoolRequest *, a reference each */
    GPtrArray *lines;       /* Line * */
    bool is_connecting;
    unsigned int n_threads;
    int64_t progress_us; /* monotonic: when a request ended last, or a thread began */
    UtilRefcount ref_count;
};

struct LibvirtPoolRequest {
    LibvirtPool *pool; /* a reference */
    LibvirtPoolWork work;
    void *data;
    GDestroyNotify free_data;
    LibvirtPoolInbox *inbox; /* a reference; NULL: none */
    int64_t asked_us;
    bool has_ended;
    LibvirtOutcome outcome;
    UtilRefcount ref_count;
};

struct LibvirtPoolInbox {
    pthread_mutex_t lock;
    GQueue *ended; /* LibvirtPoolRequest *, a reference each; NULL: its owner has freed it */
    UtilFd fd;
    UtilRefcount ref_count;
};

static void *run_thread(void *data);

static void
unref_inbox(LibvirtPoolInbox *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    util_fd_clear(&self->fd);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

LibvirtPoolInbox *
libvirt_pool_inbox_new(void)
{
    LibvirtPoolInbox *self = NULL;
    UtilFd fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return NULL;
    self = g_new0(LibvirtPoolInbox, 1);
    self->fd = fd;
    self->ended = g_queue_new();
    pthread_mutex_init(&self->lock, NULL);
    util_refcount_init(&self->ref_count);
    return self;
}

static void
unref_request(gpointer data)
{
    libvirt_pool_request_unref(data);
}

void
libvirt_pool_inbox_free(LibvirtPoolInbox *self)
{
    GQueue *ended = NULL;

    if (self == NULL)
        return;
    pthread_mutex_lock(&self->lock);
    ended = self->ended;
    self->ended = NULL;
    pthread_mutex_unlock(&self->lock);
    g_queue_free_full(ended, unref_request);
    unref_inbox(self);
}

int
libvirt_pool_inbox_fd(const LibvirtPoolInbox *self)
{
    return self->fd;
}

LibvirtPoolRequest *
libvirt_pool_inbox_take(LibvirtPoolInbox *self)
{
    LibvirtPoolRequest *request = NULL;
    uint64_t n = 0;

    pthread_mutex_lock(&self->lock);
    request = g_queue_pop_head(self->ended);
    if (request == NULL && read(self->fd, &n, sizeof(n)) < 0)
        g_assert(errno == EAGAIN);
    pthread_mutex_unlock(&self->lock);
    return request;
}

static void
put_into(LibvirtPoolInbox *self, LibvirtPoolRequest *request)
{
    uint64_t one = 1;

    pthread_mutex_lock(&self->lock);
    if (self->ended != NULL) {
        g_queue_push_tail(self->ended, libvirt_pool_request_ref(request));
        if (write(self->fd, &one, sizeof(one)) < 0)
            g_assert(errno == EAGAIN);
    }
    pthread_mutex_unlock(&self->lock);
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
    if (self->limits.n_connections == 0)
        self->limits.n_connections = N_CONNECTIONS;
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->changed);
    self->waiting = g_queue_new();
    self->lines = g_ptr_array_new();
    util_refcount_init(&self->ref_count);
    return self;
}

LibvirtPool *
libvirt_pool_ref(LibvirtPool *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

static void
free_line(Line *line)
{
    libvirt_connection_free(line->connection);
    g_free(line);
}

/* Frees the pool, whose last request has ended. Closing asks libvirt. */
static void *
run_free(void *data)
{
    LibvirtPool *self = data;

    for (guint i = 0; i < self->lines->len; i++)
        free_line(g_ptr_array_index(self->lines, i));
    g_ptr_array_unref(self->lines);
    g_queue_free(self->waiting);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    g_free(self->uri);
    g_free(self);
    return NULL;
}

void
libvirt_pool_unref(LibvirtPool *self)
{
    GThread *thread = NULL;

    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    if (self->lines->len > 0)
        thread = util_thread_start("domstats-close", run_free, self);
    if (thread == NULL)
        run_free(self);
    else
        g_thread_unref(thread);
}

const char *
libvirt_pool_uri(const LibvirtPool *self)
{
    return self->uri;
}

LibvirtPoolRequest *
libvirt_pool_request_ref(LibvirtPoolRequest *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
libvirt_pool_request_unref(LibvirtPoolRequest *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    if (self->free_data != NULL)
        self->free_data(self->data);
    libvirt_outcome_clear(&self->outcome);
    unref_inbox(self->inbox);
    libvirt_pool_unref(self->pool);
    g_free(self);
}

/* Starts a thread, with the lock held. It has a reference to the pool. */
static bool
start_thread(LibvirtPool *self)
{
    GThread *thread = util_thread_start("domstats-virt", run_thread, libvirt_pool_ref(self));

    if (thread == NULL) {
        (void)util_refcount_dec(&self->ref_count);
        return false;
    }
    g_thread_unref(thread);
    self->n_threads++;
    self->progress_us = util_deadline_now_us();
    return true;
}

void
libvirt_pool_look_after(LibvirtPool *self)
{
    pthread_mutex_lock(&self->lock);
    if (self->waiting->length > 0 && self->n_threads < self->limits.n_requests &&
        util_deadline_now_us() - self->progress_us > STUCK_MS * 1000)
        start_thread(self);
    pthread_mutex_unlock(&self->lock);
}

/* Ends @request, with the lock held. */
static void
end_request(LibvirtPoolRequest *request)
{
    request->has_ended = true;
    request->pool->progress_us = util_deadline_now_us();
    pthread_cond_broadcast(&request->pool->changed);
    if (request->inbox != NULL)
        put_into(request->inbox, request);
}

/* Fails all requests that wait, as @outcome says, with the lock held. */
static void
fail_waiting(LibvirtPool *self, const LibvirtOutcome *outcome)
{
    for (LibvirtPoolRequest *request = g_queue_pop_head(self->waiting); request != NULL;
         request = g_queue_pop_head(self->waiting)) {
        request->outcome = (LibvirtOutcome){outcome->kind, g_strdup(outcome->message)};
        end_request(request);
        libvirt_pool_request_unref(request);
    }
}

LibvirtPoolRequest *
libvirt_pool_ask(LibvirtPool *self, LibvirtPoolWork work, void *take_data, GDestroyNotify free_data,
                 LibvirtPoolInbox *inbox)
{
    LibvirtPoolRequest *request = g_new0(LibvirtPoolRequest, 1);
    LibvirtOutcome no_thread = {LIBVIRT_OUTCOME_FAILED,
                                (char *)(uintptr_t) "the system gives no thread"};

    request->pool = libvirt_pool_ref(self);
    request->work = work;
    request->data = take_data;
    request->free_data = free_data;
    request->inbox = inbox;
    if (inbox != NULL)
        util_refcount_inc(&inbox->ref_count);
    util_refcount_init(&request->ref_count);
    pthread_mutex_lock(&self->lock);
    g_queue_push_tail(self->waiting, libvirt_pool_request_ref(request));
    if (self->n_threads < MIN(N_FIRST, self->limits.n_requests) && !start_thread(self) &&
        self->n_threads == 0)
        fail_waiting(self, &no_thread);
    pthread_mutex_unlock(&self->lock);
    return request;
}

bool
libvirt_pool_request_wait(LibvirtPoolRequest *self, UtilDeadline deadline)
{
    LibvirtPool *pool = self->pool;
    bool has_ended = false;

    pthread_mutex_lock(&pool->lock);
    while (!self->has_ended && util_deadline_wait_cond(deadline, &pool->changed, &pool->lock))
        ;
    has_ended = self->has_ended;
    pthread_mutex_unlock(&pool->lock);
    return has_ended;
}

bool
libvirt_pool_request_has_ended(LibvirtPoolRequest *self)
{
    return libvirt_pool_request_wait(self, util_deadline_in_ms(0));
}

void *
libvirt_pool_request_data(LibvirtPoolRequest *self)
{
    return self->data;
}

const LibvirtOutcome *
libvirt_pool_request_outcome(LibvirtPoolRequest *self)
{
    return &self->outcome;
}

int64_t
libvirt_pool_request_asked_us(LibvirtPoolRequest *self)
{
    int64_t asked_us = 0;

    pthread_mutex_lock(&self->pool->lock);
    asked_us = self->asked_us;
    pthread_mutex_unlock(&self->pool->lock);
    return asked_us;
}

bool
libvirt_pool_request_cancel(LibvirtPoolRequest *self)
{
    LibvirtPoolInbox *inbox = NULL;
    bool is_waiting = false;

    pthread_mutex_lock(&self->pool->lock);
    is_waiting = g_queue_remove(self->pool->waiting, self);
    if (!self->has_ended) {
        inbox = self->inbox;
        self->inbox = NULL;
    }
    pthread_mutex_unlock(&self->pool->lock);
    unref_inbox(inbox);
    if (is_waiting)
        libvirt_pool_request_unref(self);
    return is_waiting;
}

/* The connection with the fewest requests under way, with the lock held; NULL if each has enough.
 */
static Line *
find_line(LibvirtPool *self)
{
    Line *best = NULL;

    for (guint i = 0; i < self->lines->len; i++) {
        Line *line = g_ptr_array_index(self->lines, i);

        if (!line->is_lost && line->n_under_way < REQUESTS_PER_CONNECTION &&
            (best == NULL || line->n_under_way < best->n_under_way))
            best = line;
    }
    return best;
}

/* Opens a connection, with the lock held, which it releases meanwhile. NULL with the outcome if
 * that fails. */
static Line *
open_line(LibvirtPool *self, LibvirtOutcome *ret_outcome)
{
    LibvirtConnection *connection = NULL;
    Line *line = NULL;

    self->is_connecting = true;
    pthread_mutex_unlock(&self->lock);
    connection = libvirt_connection_open(self->uri, ret_outcome);
    pthread_mutex_lock(&self->lock);
    self->is_connecting = false;
    pthread_cond_broadcast(&self->changed);
    if (connection == NULL)
        return NULL;
    line = g_new0(Line, 1);
    line->connection = connection;
    g_ptr_array_add(self->lines, line);
    return line;
}

/* Takes a connection for one request, with the lock held. NULL with the outcome. */
static Line *
take_line(LibvirtPool *self, LibvirtOutcome *ret_outcome)
{
    Line *line = find_line(self);

    while (line == NULL && self->is_connecting) {
        pthread_cond_wait(&self->changed, &self->lock);
        line = find_line(self);
    }
    if (line == NULL)
        line = open_line(self, ret_outcome);
    if (line != NULL)
        line->n_under_way++;
    return line;
}

/* Gives @line back, with the lock held. The last request of one that is lost closes it. */
static void
give_line_back(LibvirtPool *self, Line *line)
{
    line->n_under_way--;
    if (!line->is_lost || line->n_under_way > 0)
        return;
    g_ptr_array_remove_fast(self->lines, line);
    pthread_mutex_unlock(&self->lock);
    free_line(line);
    pthread_mutex_lock(&self->lock);
}

/* Runs @request once, with the lock held, which it releases meanwhile. True if the connection was
 * lost. */
static bool
try_request(LibvirtPool *self, LibvirtPoolRequest *request)
{
    Line *line = take_line(self, &request->outcome);
    bool is_lost = false;

    if (line == NULL) {
        fail_waiting(self, &request->outcome);
        return false;
    }
    request->asked_us = util_deadline_now_us();
    pthread_mutex_unlock(&self->lock);
    request->work(line->connection, request->data, &request->outcome);
    is_lost = request->outcome.kind != LIBVIRT_OUTCOME_WELL &&
              !libvirt_connection_is_alive(line->connection);
    pthread_mutex_lock(&self->lock);
    line->is_lost = line->is_lost || is_lost;
    give_line_back(self, line);
    return is_lost;
}

static void *
run_thread(void *data)
{
    LibvirtPool *self = data;
    LibvirtPoolRequest *request = NULL;

    pthread_mutex_lock(&self->lock);
    while ((request = g_queue_pop_head(self->waiting)) != NULL) {
        if (try_request(self, request)) {
            libvirt_outcome_clear(&request->outcome);
            try_request(self, request);
        }
        end_request(request);
        pthread_mutex_unlock(&self->lock);
        libvirt_pool_request_unref(request);
        pthread_mutex_lock(&self->lock);
    }
    self->n_threads--;
    pthread_mutex_unlock(&self->lock);
    libvirt_pool_unref(self);
    return NULL;
}
