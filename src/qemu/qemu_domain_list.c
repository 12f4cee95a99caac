/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain_list: the domains of a connection.
 *
 * Owns the domains, their order, the lock under which a domain gets its holder, and the descriptor
 * that the application polls. Does not know what a holder does with a domain.
 *
 * How it works
 *
 * The list has one lock. It is held to copy the list, to give a domain to a call and back, and
 * while qemu_domain_list_dispatch() reads, but never while a thread waits for a peer. One call at a
 * time works on a domain: its holder. A call first takes all domains without a holder, and works on
 * them; those that other calls release meanwhile it takes as they come. The thread that waits for a
 * release works on no domain meanwhile, and waits until the call's deadline at most, so calls
 * cannot block each other for ever.
 *
 * A QEMU serves one client, so there is one QemuDomain for each: the connection of a second one
 * would wait in QEMU's queue behind that of the first. A domain that a scan no longer finds leaves
 * the list, and is kept in @by_key while a call has it in its snapshot. If a later scan finds it
 * before the last of these calls ends, the list gets the same QemuDomain again; else it is closed
 * then.
 *
 * A scan may find that a domain has changed (its socket has another name, say). The domain gets its
 * new endpoint at once if it has no holder, else when the holder releases it. So the holder may
 * read the endpoint without a lock; others take a reference.
 */
#include "qemu_domain_list.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>

#include "qemu/exchange/qemu_pulse.h"
#include "util/util_error.h"
#include "util/util_fd.h"

enum { N_EVENTS = 64 };

struct QemuDomainList {
    QemuSource *source;
    pthread_mutex_t scan_lock; /* held for a whole scan: there is one at a time */
    pthread_mutex_t lock;      /* guards what follows, and each domain's holder and next_endpoint */
    pthread_cond_t released;   /* a holder released its domain */
    GPtrArray *domains;        /* QemuDomain *, owned, in the source's order */
    GHashTable *by_key; /* key -> QemuDomain *, owned: these, and those that left the list but are
                         * in a snapshot */
    UtilFd watch_fd;    /* an epoll descriptor; -1 until asked for */
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

/* Gives @domain its new @endpoint, now or when its holder releases it. Call it with the lock held.
 */
static void
set_endpoint(QemuDomain *domain, QemuEndpoint *endpoint)
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
is_in_table_only(gpointer key, gpointer value, gpointer data)
{
    (void)key;
    (void)data;
    return qemu_domain_is_held_once(value);
}

/* Closes the domains that are neither in the list nor in a snapshot: the table has the only
 * reference. Call it with the lock held, so that no other thread takes a reference meanwhile. */
static void
close_left(QemuDomainList *self)
{
    g_hash_table_foreach_remove(self->by_key, is_in_table_only, NULL);
}

/* Makes the list that of @endpoints. A domain that is known by its key stays the same. */
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
        set_endpoint(domain, endpoint);
        g_ptr_array_add(domains, qemu_domain_ref(domain));
    }
    g_ptr_array_unref(self->domains);
    self->domains = domains;
    close_left(self);
    pthread_mutex_unlock(&self->lock);
}

GPtrArray *
qemu_domain_list_scan(QemuDomainList *self, bool is_described, UtilDeadline deadline,
                      GError **error)
{
    g_autoptr(GPtrArray) endpoints = NULL;
    GPtrArray *snapshot = g_ptr_array_new_with_free_func(free_domain);

    pthread_mutex_lock(&self->scan_lock);
    qemu_source_describe(self->source, is_described);
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
    close_left(self);
    pthread_mutex_unlock(&self->lock);
}

/* See qemu_domain_list_take_free(), but does not wait. Call it with the lock held. */
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

/* The descriptor is edge-triggered. What came while a call held the domain gives no further edge,
 * so the connection is put under watch again, which gives one if there is something to read. */
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

/* Reads all that has come from the monitor of @domain, which has no holder, with the list's lock
 * held. True if something came, or if QEMU closed the connection. */
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
    if (qemu_pulse_has_ended(root, domain))
        qemu_host_kept_clear(&domain->host);
    return true;
}

/* Reads the monitors of @n_events events; gives the number of domains that something came from. The
 * lock stays held, so that no call takes a domain meanwhile. */
static int
drain_all(const QemuDomainList *self, const struct epoll_event *events, int n_events,
          QemuMonitorBuffer *buffer)
{
    int n_changed = 0;

    for (int i = 0; i < n_events; i++) {
        QemuDomain *domain = events[i].data.ptr;

        /* A domain that has left the list may be freed already. A holder reads by itself. */
        if (g_ptr_array_find(self->domains, domain, NULL) && domain->holder == NULL)
            n_changed += drain(qemu_source_root(self->source), domain, buffer);
    }
    return n_changed;
}

int
qemu_domain_list_dispatch(QemuDomainList *self, GError **error)
{
    g_autofree QemuMonitorBuffer *buffer = g_new(QemuMonitorBuffer, 1);
    struct epoll_event events[N_EVENTS];
    guint n_passes = 0;
    int n_changed = 0;
    int n = 0;

    pthread_mutex_lock(&self->lock);
    /* As many events as there are domains, not until none is left: a peer that sends without end
     * would keep us here. */
    if (self->watch_fd >= 0)
        n_passes = self->domains->len / N_EVENTS + 1;
    for (guint pass = 0; pass < n_passes && n >= 0; pass++) {
        n = epoll_wait(self->watch_fd, events, N_EVENTS, 0);
        n_changed += drain_all(self, events, n, buffer);
    }
    if (n < 0)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot poll monitors: %s",
                    g_strerror(errno));
    pthread_mutex_unlock(&self->lock);
    return n < 0 ? -1 : n_changed;
}
