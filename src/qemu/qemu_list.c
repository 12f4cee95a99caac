/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_list: the domains of a connection.
 *
 * Owns them, their order, the lock that settles who holds which, and the descriptor that the
 * application polls. Knows nothing of what a holder does with a domain.
 *
 * How it works
 *
 * The list has one lock, which is held to copy the list and to hand domains over, never while
 * anything is waited for. A domain is worked on by one call at a time: its holder. A call
 * first takes all domains that are free, and then those that other calls have released
 * meanwhile; so no call waits for a domain while it holds another, and a deadline bounds the
 * waiting.
 */
#include "qemu_list.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "util/util_error.h"
#include "util/util_fd.h"

struct QemuList {
    QemuSource *source;
    pthread_mutex_t scan_lock; /* one scan at a time */
    pthread_mutex_t lock;      /* the list, and each domain's holder */
    pthread_cond_t released;   /* some holder let go */
    GPtrArray *domains;        /* QemuDomain *, in the source's order */
    GHashTable *by_key;        /* endpoint key -> QemuDomain *, borrowed from @domains */
    UtilFd watch_fd;           /* -1 until asked for */
};

static void
free_domain(gpointer data)
{
    qemu_domain_unref(data);
}

QemuList *
qemu_list_new(QemuSource *source)
{
    QemuList *self = g_new0(QemuList, 1);

    self->source = source;
    pthread_mutex_init(&self->scan_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->released);
    self->domains = g_ptr_array_new_with_free_func(free_domain);
    self->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    self->watch_fd = -1;
    return self;
}

void
qemu_list_free(QemuList *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_key);
    g_ptr_array_unref(self->domains);
    util_fd_clear(&self->watch_fd);
    pthread_cond_destroy(&self->released);
    pthread_mutex_destroy(&self->lock);
    pthread_mutex_destroy(&self->scan_lock);
    g_free(self);
}

/* Makes the list what the source has found, keeping the domains that are the same. */
static void
update(QemuList *self, const GPtrArray *endpoints)
{
    GPtrArray *domains = g_ptr_array_new_full(endpoints->len, free_domain);
    GHashTable *by_key = g_hash_table_new(g_str_hash, g_str_equal);

    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        QemuDomain *known = g_hash_table_lookup(self->by_key, endpoint->key);
        QemuDomain *domain = known ? known : qemu_domain_new(endpoint);

        /* One that a call knows of, which may look at it now, is brought up to date by a later
         * scan: who has no reference gets none while we hold the lock. */
        if (domain->endpoint != endpoint && qemu_domain_is_held_once(domain)) {
            g_hash_table_remove(self->by_key, endpoint->key);
            qemu_domain_set_endpoint(domain, endpoint);
        }
        g_ptr_array_add(domains, known ? qemu_domain_ref(known) : domain);
        g_hash_table_insert(by_key, domain->endpoint->key, domain);
    }
    g_hash_table_unref(self->by_key);
    g_ptr_array_unref(self->domains);
    self->domains = domains;
    self->by_key = by_key;
    pthread_mutex_unlock(&self->lock);
}

GPtrArray *
qemu_list_scan(QemuList *self, UtilDeadline deadline, GError **error)
{
    g_autoptr(GPtrArray) endpoints = NULL;
    GPtrArray *snapshot = g_ptr_array_new_with_free_func(free_domain);

    pthread_mutex_lock(&self->scan_lock);
    endpoints = qemu_source_scan(self->source, deadline, error);
    if (endpoints != NULL)
        update(self, endpoints);
    pthread_mutex_unlock(&self->scan_lock);
    if (endpoints == NULL) {
        g_ptr_array_unref(snapshot);
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < self->domains->len; i++)
        g_ptr_array_add(snapshot, qemu_domain_ref(g_ptr_array_index(self->domains, i)));
    pthread_mutex_unlock(&self->lock);
    return snapshot;
}

/* Takes the jobs whose domains nobody holds out of @pending. Call it with the lock held. */
static GPtrArray *
take(GPtrArray *pending, gpointer holder)
{
    GPtrArray *taken = g_ptr_array_new();

    for (guint i = 0; i < pending->len;) {
        QemuJob *job = g_ptr_array_index(pending, i);

        if (job->domain->holder != NULL) {
            i++;
            continue;
        }
        job->domain->holder = holder;
        g_ptr_array_add(taken, job);
        g_ptr_array_remove_index(pending, i);
    }
    return taken;
}

GPtrArray *
qemu_list_take_free(QemuList *self, GPtrArray *pending, gpointer holder, UtilDeadline deadline)
{
    g_autoptr(GPtrArray) taken = NULL;

    pthread_mutex_lock(&self->lock);
    taken = take(pending, holder);
    while (taken->len == 0 && util_deadline_wait_cond(deadline, &self->released, &self->lock)) {
        g_ptr_array_unref(taken);
        taken = take(pending, holder);
    }
    pthread_mutex_unlock(&self->lock);
    return taken->len > 0 ? g_steal_pointer(&taken) : NULL;
}

void
qemu_list_release(QemuList *self, QemuDomain *domain)
{
    pthread_mutex_lock(&self->lock);
    domain->holder = NULL;
    pthread_cond_broadcast(&self->released);
    pthread_mutex_unlock(&self->lock);
}

int
qemu_list_get_fd(QemuList *self, GError **error)
{
    int fd = -1;

    pthread_mutex_lock(&self->lock);
    if (self->watch_fd < 0)
        self->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    fd = self->watch_fd;
    pthread_mutex_unlock(&self->lock);
    if (fd < 0)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot make a poll: %s",
                    g_strerror(errno));
    else
        qemu_list_watch(self);
    return fd;
}

void
qemu_list_watch(QemuList *self)
{
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; self->watch_fd >= 0 && i < self->domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(self->domains, i);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = domain};

        if (domain->holder == NULL && domain->monitor != NULL &&
            qemu_monitor_fd(domain->monitor) >= 0)
            epoll_ctl(self->watch_fd, EPOLL_CTL_ADD, qemu_monitor_fd(domain->monitor), &event);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Reads one monitor to the end of what it has sent; its holder is this function. */
static void
drain(QemuDomain *domain, QemuMonitorBuffer *buffer)
{
    QemuStep step = QEMU_STEP_WOULD_BLOCK;

    if (domain->monitor == NULL)
        return;
    qemu_monitor_begin_round(domain->monitor);
    do
        step = qemu_monitor_step(domain->monitor, buffer, NULL);
    while (step == QEMU_STEP_MOVED);
    if (step == QEMU_STEP_CLOSED)
        qemu_domain_disconnect(domain);
}

void
qemu_list_dispatch(QemuList *self)
{
    g_autoptr(QemuMonitorBuffer) buffer = qemu_monitor_buffer_new();
    struct epoll_event events[64];
    guint n_passes = 0;

    pthread_mutex_lock(&self->lock);
    /* Each has its turn, and none a second one: a peer that never ends would keep us here. */
    if (self->watch_fd >= 0)
        n_passes = self->domains->len / G_N_ELEMENTS(events) + 1;
    for (guint pass = 0; pass < n_passes; pass++) {
        int n = epoll_wait(self->watch_fd, events, G_N_ELEMENTS(events), 0);

        for (int i = 0; i < n; i++) {
            QemuDomain *domain = events[i].data.ptr;

            /* One that has left the list may be gone as well. A round that holds it reads it
             * itself. Draining does not wait, so the lock can stay: the domain then cannot be
             * taken away meanwhile. */
            if (g_ptr_array_find(self->domains, domain, NULL) && domain->holder == NULL)
                drain(domain, buffer);
        }
    }
    pthread_mutex_unlock(&self->lock);
}
