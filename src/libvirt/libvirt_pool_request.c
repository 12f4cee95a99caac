/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_request: see libvirt_pool_request.h. Owns the data, the answer and the outcome of a
 * request, and the queue of an inbox.
 *
 * The thread that runs a request of no kind writes its data without the lock: nobody else reads
 * them before the request has ended, and it ends under the lock. Data of a request of a kind do not
 * change: two threads may run it, and the first answer is its answer.
 */
#include "libvirt_pool_request.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/util_fd.h"
#include "util/util_refcount.h"

struct LibvirtPoolRequest {
    void *pool;
    GDestroyNotify unref_pool;
    LibvirtPoolRequestWork work;
    const LibvirtPoolRequestKind *kind; /* NULL: it is of none, and has work */
    bool may_share;
    UtilDeadline deadline;
    void *data;
    GDestroyNotify free_data;
    pthread_mutex_t lock;    /* guards all below */
    pthread_cond_t ended;    /* it has */
    LibvirtPoolInbox *inbox; /* a reference; NULL: none */
    int64_t asked_us;
    unsigned int n_shared; /* with so many it is asked, itself among them */
    bool is_abandoned;
    bool has_ended;
    LibvirtPoolRequest *late; /* what ends with the call about it and others; NULL: none */
    LibvirtOutcome outcome;
    void *answer;
    UtilRefcount ref_count;
};

struct LibvirtPoolInbox {
    pthread_mutex_t lock;
    GQueue *ended; /* LibvirtPoolRequest *, a reference each; NULL: its owner has freed it */
    UtilFd fd;
    UtilRefcount ref_count;
};

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
    UtilFd fd = util_fd_move_up(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

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

/* Adds @request. The descriptor becomes readable with the first one. */
static void
put_into(LibvirtPoolInbox *self, LibvirtPoolRequest *request)
{
    uint64_t one = 1;

    pthread_mutex_lock(&self->lock);
    if (self->ended != NULL) {
        g_queue_push_tail(self->ended, libvirt_pool_request_ref(request));
        if (self->ended->length == 1 && write(self->fd, &one, sizeof(one)) < 0)
            g_assert(errno == EAGAIN);
    }
    pthread_mutex_unlock(&self->lock);
}

LibvirtPoolRequest *
libvirt_pool_request_new(LibvirtPoolRequestWork work, void *take_data, GDestroyNotify free_data,
                         LibvirtPoolInbox *inbox)
{
    LibvirtPoolRequest *self = g_new0(LibvirtPoolRequest, 1);

    self->work = work;
    self->deadline = (UtilDeadline){INT64_MAX};
    self->data = take_data;
    self->free_data = free_data;
    self->inbox = inbox;
    if (inbox != NULL)
        util_refcount_inc(&inbox->ref_count);
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->ended);
    util_refcount_init(&self->ref_count);
    return self;
}

LibvirtPoolRequest *
libvirt_pool_request_new_of_kind(const LibvirtPoolRequestKind *kind, bool may_share,
                                 UtilDeadline deadline, void *take_data, GDestroyNotify free_data,
                                 LibvirtPoolInbox *inbox)
{
    LibvirtPoolRequest *self = libvirt_pool_request_new(NULL, take_data, free_data, inbox);

    self->kind = kind;
    self->may_share = may_share;
    self->deadline = deadline;
    return self;
}

void
libvirt_pool_request_set_pool(LibvirtPoolRequest *self, void *take_pool, GDestroyNotify unref_pool)
{
    self->pool = take_pool;
    self->unref_pool = unref_pool;
}

void *
libvirt_pool_request_pool(const LibvirtPoolRequest *self)
{
    return self->pool;
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
    if (self->answer != NULL)
        self->kind->free_answer(self->answer);
    libvirt_pool_request_unref(self->late);
    libvirt_outcome_clear(&self->outcome);
    unref_inbox(self->inbox);
    pthread_cond_destroy(&self->ended);
    pthread_mutex_destroy(&self->lock);
    if (self->unref_pool != NULL)
        self->unref_pool(self->pool);
    g_free(self);
}

bool
libvirt_pool_request_await(LibvirtPoolRequest *self, UtilDeadline deadline)
{
    bool has_ended = false;

    pthread_mutex_lock(&self->lock);
    while (!self->has_ended && util_deadline_wait_cond(deadline, &self->ended, &self->lock))
        ;
    has_ended = self->has_ended;
    pthread_mutex_unlock(&self->lock);
    return has_ended;
}

bool
libvirt_pool_request_has_ended(LibvirtPoolRequest *self)
{
    bool has_ended = false;

    pthread_mutex_lock(&self->lock);
    has_ended = self->has_ended;
    pthread_mutex_unlock(&self->lock);
    return has_ended;
}

void *
libvirt_pool_request_data(LibvirtPoolRequest *self)
{
    return self->data;
}

void *
libvirt_pool_request_answer(LibvirtPoolRequest *self)
{
    return self->answer;
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

    pthread_mutex_lock(&self->lock);
    asked_us = self->asked_us;
    pthread_mutex_unlock(&self->lock);
    return asked_us;
}

bool
libvirt_pool_request_is_shared(LibvirtPoolRequest *self)
{
    bool is_shared = false;

    pthread_mutex_lock(&self->lock);
    is_shared = self->n_shared > 1;
    pthread_mutex_unlock(&self->lock);
    return is_shared;
}

LibvirtPoolRequest *
libvirt_pool_request_ref_late(LibvirtPoolRequest *self)
{
    LibvirtPoolRequest *late = NULL;

    pthread_mutex_lock(&self->lock);
    if (self->late != NULL)
        late = libvirt_pool_request_ref(self->late);
    pthread_mutex_unlock(&self->lock);
    return late;
}

bool
libvirt_pool_request_may_join(const LibvirtPoolRequest *self, const LibvirtPoolRequest *other)
{
    return self->kind != NULL && self->kind == other->kind && self->may_share && other->may_share &&
           self->kind->may_join(self->data, other->data);
}

UtilDeadline
libvirt_pool_request_deadline(const LibvirtPoolRequest *self)
{
    return self->deadline;
}

void
libvirt_pool_request_abandon(LibvirtPoolRequest *self)
{
    LibvirtPoolInbox *inbox = NULL;

    pthread_mutex_lock(&self->lock);
    self->is_abandoned = true;
    inbox = self->inbox;
    self->inbox = NULL;
    pthread_mutex_unlock(&self->lock);
    unref_inbox(inbox);
}

bool
libvirt_pool_request_is_abandoned(LibvirtPoolRequest *self)
{
    bool is_abandoned = false;

    pthread_mutex_lock(&self->lock);
    is_abandoned = self->is_abandoned;
    pthread_mutex_unlock(&self->lock);
    return is_abandoned;
}

LibvirtPoolRequest *
libvirt_pool_request_split(LibvirtPoolRequest *self)
{
    LibvirtPoolRequest *late = libvirt_pool_request_new(NULL, NULL, NULL, NULL);

    pthread_mutex_lock(&self->lock);
    libvirt_pool_request_unref(self->late);
    self->late = libvirt_pool_request_ref(late);
    self->n_shared = 1;
    late->asked_us = self->asked_us;
    pthread_mutex_unlock(&self->lock);
    return late;
}

void
libvirt_pool_request_begin(LibvirtPoolRequest *self, unsigned int n_shared)
{
    pthread_mutex_lock(&self->lock);
    if (n_shared == 0 || self->asked_us == 0)
        self->asked_us = n_shared > 0 ? util_deadline_now_us() : 0;
    self->n_shared = n_shared;
    pthread_mutex_unlock(&self->lock);
}

void
libvirt_pool_request_run(LibvirtPoolRequest *const *requests, LibvirtPoolRequestPart *parts,
                         unsigned int n, LibvirtConnection *connection)
{
    for (unsigned int i = 0; i < n; i++)
        parts[i] = (LibvirtPoolRequestPart){.data = requests[i]->data};
    if (requests[0]->kind != NULL)
        requests[0]->kind->run(connection, parts, n);
    else if (requests[0]->work != NULL)
        requests[0]->work(connection, requests[0]->data, &parts[0].outcome);
}

void
libvirt_pool_request_drop(const LibvirtPoolRequest *self, LibvirtPoolRequestPart *part)
{
    if (part->answer != NULL)
        self->kind->free_answer(part->answer);
    libvirt_outcome_clear(&part->outcome);
    part->answer = NULL;
}

void
libvirt_pool_request_end(LibvirtPoolRequest *self, LibvirtPoolRequestPart *part)
{
    pthread_mutex_lock(&self->lock);
    if (!self->has_ended) {
        self->outcome = part->outcome;
        self->answer = g_steal_pointer(&part->answer);
        part->outcome = (LibvirtOutcome){LIBVIRT_OUTCOME_WELL, NULL};
        self->has_ended = true;
        pthread_cond_broadcast(&self->ended);
        if (self->inbox != NULL)
            put_into(self->inbox, self);
    }
    pthread_mutex_unlock(&self->lock);
    libvirt_pool_request_drop(self, part);
}
