/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain_list: the domains of a connection.
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
 *
 * A QEMU serves one client, so there is one domain of each: a second would wait in the queue
 * behind the first's connection. A domain that a scan does not find stays known, though not in
 * the list, as long as some call knows it, and is taken back if it is found again meanwhile.
 * When the last such call ends, it is closed.
 *
 * What a scan finds changed (its socket has another name, say) becomes true at once for a
 * domain that nobody holds, else when its holder lets go. A holder may so read the endpoint as
 * it likes; others take a reference.
 */
#include "qemu_domain_list.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "qemu/exchange/qemu_health.h"
#include "util/util_error.h"
#include "util/util_fd.h"

struct QemuDomainList {
    QemuSource *source;
    pthread_mutex_t scan_lock; /* one scan at a time */
    pthread_mutex_t lock;      /* the list, and each domain's holder */
    pthread_cond_t released;   /* some holder let go */
    GPtrArray *domains;        /* QemuDomain *, in the source's order */
    GHashTable *by_key;        /* key -> QemuDomain *: those, and what left and is still known */
    UtilFd watch_fd;           /* -1 until asked for */
};

static void
free_domain(gpointer data)
{
    qemu_domain_unref(data);
}

QemuDomainList *
qemu_domain_list_new(QemuSource *source)
{
    QemuDomainList *self = g_new0(QemuDomainList, 1);

    self->source = source;
    pthread_mutex_init(&self->scan_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    util_deadline_init_cond(&self->released);
    self->domains = g_ptr_array_new_with_free_func(free_domain);
    self->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_domain);
    self->watch_fd = -1;
    return self;
}

void
qemu_domain_list_free(QemuDomainList *self)
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

/* The source's newest word on @domain. Call it with the lock held. */
static void
offer_endpoint(QemuDomain *domain, QemuEndpoint *endpoint)
{
    g_clear_pointer(&domain->next_endpoint, qemu_endpoint_unref);
    if (domain->endpoint == endpoint)
        return;
    if (domain->holder == NULL)
        qemu_domain_set_endpoint(domain, endpoint);
    else
        domain->next_endpoint = qemu_endpoint_ref(endpoint);
}

static gboolean
is_forgotten(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    (void)data;
    return qemu_domain_is_held_once(value);
}

/* Lets go of what has left the list and no call knows any more: to whom nobody else has a
 * reference, nobody gets one while we hold the lock. Call it with the lock held. */
static void
forget_left(QemuDomainList *self)
{
    g_hash_table_foreach_remove(self->by_key, is_forgotten, NULL);
}

/* Makes the list what the source has found, keeping the domains that are the same. */
static void
update(QemuDomainList *self, const GPtrArray *endpoints)
{
    GPtrArray *domains = g_ptr_array_new_full(endpoints->len, free_domain);

    pthread_mutex_lock(&self->lock);
    for (guint i = 0; i < endpoints->len; i++) {
        QemuEndpoint *endpoint = g_ptr_array_index(endpoints, i);
        QemuDomain *domain = g_hash_table_lookup(self->by_key, endpoint->key);

        if (domain == NULL) {
            domain = qemu_domain_new(endpoint);
            g_hash_table_insert(self->by_key, domain->key, domain);
        }
        offer_endpoint(domain, endpoint);
        g_ptr_array_add(domains, qemu_domain_ref(domain));
    }
    g_ptr_array_unref(self->domains);
    self->domains = domains;
    forget_left(self);
    pthread_mutex_unlock(&self->lock);
}

GPtrArray *
qemu_domain_list_scan(QemuDomainList *self, UtilDeadline deadline, GError **error)
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

void
qemu_domain_list_give_back(QemuDomainList *self, GPtrArray *take_snapshot)
{
    g_ptr_array_unref(take_snapshot);
    pthread_mutex_lock(&self->lock);
    forget_left(self);
    pthread_mutex_unlock(&self->lock);
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
qemu_domain_list_take_free(QemuDomainList *self, GPtrArray *pending, gpointer holder,
                           UtilDeadline deadline)
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
qemu_domain_list_release(QemuDomainList *self, QemuDomain *domain)
{
    pthread_mutex_lock(&self->lock);
    domain->holder = NULL;
    if (domain->next_endpoint != NULL)
        qemu_domain_set_endpoint(domain, domain->next_endpoint);
    g_clear_pointer(&domain->next_endpoint, qemu_endpoint_unref);
    pthread_cond_broadcast(&self->released);
    pthread_mutex_unlock(&self->lock);
}

int
qemu_domain_list_get_fd(QemuDomainList *self, GError **error)
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
        qemu_domain_list_watch(self);
    return fd;
}

/* What was passed over while a call held the domain, and what came after the call's last read,
 * makes no new edge by itself: putting it under watch anew does. */
static void
watch(const QemuDomainList *self, int fd, struct epoll_event *event)
{
    if (epoll_ctl(self->watch_fd, EPOLL_CTL_ADD, fd, event) < 0 && errno == EEXIST)
        epoll_ctl(self->watch_fd, EPOLL_CTL_MOD, fd, event);
}

void
qemu_domain_list_watch(QemuDomainList *self)
{
    pthread_mutex_lock(&self->lock);
    for (guint i = 0; self->watch_fd >= 0 && i < self->domains->len; i++) {
        QemuDomain *domain = g_ptr_array_index(self->domains, i);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = domain};

        if (domain->holder == NULL && domain->monitor != NULL &&
            qemu_monitor_fd(domain->monitor) >= 0)
            watch(self, qemu_monitor_fd(domain->monitor), &event);
    }
    pthread_mutex_unlock(&self->lock);
}

/* Reads one monitor to the end of what it has sent; its holder is this function. True if something
 * came, or it closed. */
static bool
drain(HostRoot *root, QemuDomain *domain, QemuMonitorBuffer *buffer)
{
    QemuStep step = QEMU_STEP_WOULD_BLOCK;
    bool has_come = false;

    if (domain->monitor == NULL)
        return false;
    qemu_monitor_begin_call(domain->monitor);
    do {
        step = qemu_monitor_step(domain->monitor, buffer, NULL);
        has_come = has_come || step == QEMU_STEP_RECEIVED;
    } while (step == QEMU_STEP_RECEIVED);
    if (step != QEMU_STEP_CLOSED)
        return has_come;
    qemu_domain_disconnect(domain);
    /* A process closes its connections a moment before it has ended. */
    qemu_host_kept_let_go(&domain->host);
    if (qemu_health_has_ended(root, domain))
        qemu_host_kept_clear(&domain->host);
    return true;
}

int
qemu_domain_list_dispatch(QemuDomainList *self, GError **error)
{
    g_autofree QemuMonitorBuffer *buffer = g_new(QemuMonitorBuffer, 1);
    struct epoll_event events[64];
    guint n_passes = 0;
    int n_changed = 0;
    int n = 0;

    pthread_mutex_lock(&self->lock);
    /* Each has its turn, and none a second one: a peer that never ends would keep us here. */
    if (self->watch_fd >= 0)
        n_passes = self->domains->len / G_N_ELEMENTS(events) + 1;
    for (guint pass = 0; pass < n_passes && n >= 0; pass++) {
        n = epoll_wait(self->watch_fd, events, G_N_ELEMENTS(events), 0);

        for (int i = 0; i < n; i++) {
            QemuDomain *domain = events[i].data.ptr;

            /* One that has left the list may be gone as well. A round that holds it reads it
             * itself. Draining does not wait, so the lock can stay: the domain then cannot be
             * taken away meanwhile. */
            if (g_ptr_array_find(self->domains, domain, NULL) && domain->holder == NULL)
                n_changed += drain(qemu_source_root(self->source), domain, buffer);
        }
    }
    if (n < 0)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot poll monitors: %s",
                    g_strerror(errno));
    pthread_mutex_unlock(&self->lock);
    return n < 0 ? -1 : n_changed;
}
