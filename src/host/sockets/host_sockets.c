/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockets: see host_sockets.h.
 *
 * Owns the namespaces that were read and the two tables of sockets, behind one lock. Does not know
 * what is sent over the sockets.
 *
 * Unix sockets are listed when a namespace is added, TCP listeners when the first is asked for:
 * most hosts have no TCP monitor, and the kernel would load a module for it.
 */
#include "host_sockets.h"

#include <errno.h>
#include <pthread.h>

#include "host/host_limits.h"
#include "host/process/host_process.h"
#include "host_clients.h"
#include "host_namespaces.h"
#include "host_tcptable.h"
#include "host_unixtable.h"
#include "util/util_error.h"
#include "util/util_refcount.h"

struct HostSockets {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, so that a recording of @root keeps nothing of other
                            processes; NULL: use @root */
    pthread_mutex_t lock;
    HostNamespaces namespaces;
    HostUnixtable *unix_table;
    HostTcptable *tcp_table;
    bool all_were_added;
    bool is_whole; /* what host_sockets_add_all() gave */
    UtilRefcount ref_count;
};

HostSockets *
host_sockets_new(HostRoot *root)
{
    HostSockets *self = g_new0(HostSockets, 1);

    self->root = root;
    if (host_root_is_live(root))
        self->live_root = host_root_new_live();
    pthread_mutex_init(&self->lock, NULL);
    host_namespaces_init(&self->namespaces);
    self->unix_table = host_unixtable_new();
    self->tcp_table = host_tcptable_new();
    util_refcount_init(&self->ref_count);
    return self;
}

HostSockets *
host_sockets_ref(HostSockets *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
host_sockets_unref(HostSockets *self)
{
    if (!self || !util_refcount_dec(&self->ref_count))
        return;
    host_tcptable_free(self->tcp_table);
    host_unixtable_free(self->unix_table);
    host_namespaces_clear(&self->namespaces);
    pthread_mutex_destroy(&self->lock);
    host_root_free(self->live_root);
    g_free(self);
}

HostSockets *
host_sockets_read(HostRoot *root, GError **error)
{
    g_autoptr(HostSockets) self = host_sockets_new(root);

    return host_sockets_add_namespace(self, 0, error) != 0 ? g_steal_pointer(&self) : NULL;
}

static HostRoot *
get_root(const HostSockets *self)
{
    return self->live_root ? self->live_root : self->root;
}

typedef struct {
    HostSockets *self;
    guint64 number;
} Reading;

static bool
take_unix(const HostUnixdiagSocket *socket, void *data)
{
    const Reading *reading = data;

    return host_unixtable_add(reading->self->unix_table, reading->number, socket);
}

/* Gives the namespace of @pid if its sockets are in the table; else NULL with errno. Lists them if
 * the namespace is new, and sets the error if that fails. */
static const HostNamespace *
add_namespace(HostSockets *self, pid_t pid, GError **error)
{
    HostNamespace *netns = NULL;
    bool is_new = false;

    if (!host_namespaces_add(&self->namespaces, get_root(self), pid, &netns, &is_new))
        return NULL;
    if (is_new) {
        Reading reading = {self, netns->number};

        netns->is_listed = host_socketlist_read_unix(&netns->list, take_unix, &reading, error);
    }
    errno = EACCES;
    return netns->is_listed ? netns : NULL;
}

guint64
host_sockets_add_namespace(HostSockets *self, pid_t pid, GError **error)
{
    g_autoptr(GError) refusal = NULL;
    const HostNamespace *netns = NULL;
    guint64 number = 0;

    pthread_mutex_lock(&self->lock);
    netns = add_namespace(self, pid, &refusal);
    if (netns)
        number = netns->number;
    else if (!refusal)
        g_set_error(&refusal, UTIL_ERROR, UTIL_ERROR_SYSTEM,
                    "the sockets in the network namespace of process %d cannot be listed: %s",
                    (int)pid, g_strerror(errno));
    pthread_mutex_unlock(&self->lock);
    if (!netns)
        g_propagate_error(error, g_steal_pointer(&refusal));
    return number;
}

bool
host_sockets_is_whole(HostSockets *self, guint64 net_namespace)
{
    const HostNamespace *netns = NULL;
    bool is_whole = false;

    pthread_mutex_lock(&self->lock);
    netns = host_namespaces_find(&self->namespaces, net_namespace);
    is_whole = netns && netns->is_listed && !netns->list.is_by_proc;
    pthread_mutex_unlock(&self->lock);
    return is_whole;
}

static bool
add_all(HostSockets *self, UtilDeadline deadline)
{
    g_autofree pid_t *pids = host_process_list(get_root(self), NULL);
    bool is_whole = pids != NULL;

    for (size_t i = 0; pids && pids[i] != 0; i++) {
        const HostNamespace *netns = NULL;

        if (util_deadline_has_passed(deadline) ||
            self->namespaces.all->len >= HOST_LIMIT_NAMESPACES)
            return false;
        netns = add_namespace(self, pids[i], NULL);
        /* Other errors: the process has ended since, and has no sockets that could be missing. */
        if (netns ? netns->list.is_by_proc : errno == EACCES || errno == EPERM)
            is_whole = false;
    }
    return is_whole;
}

bool
host_sockets_add_all(HostSockets *self, UtilDeadline deadline)
{
    bool is_whole = false;

    pthread_mutex_lock(&self->lock);
    if (!self->all_were_added)
        self->is_whole = add_all(self, deadline);
    self->all_were_added = true;
    is_whole = self->is_whole;
    pthread_mutex_unlock(&self->lock);
    return is_whole;
}

static bool
take_tcp(const HostTcpdiagSocket *socket, void *data)
{
    const Reading *reading = data;

    return host_tcptable_add(reading->self->tcp_table, reading->number, socket);
}

static void
list_tcp(HostSockets *self, HostNamespace *netns)
{
    Reading reading = {self, netns->number};

    if (!netns->tcp_was_read)
        host_socketlist_read_listeners(&netns->list, take_tcp, &reading);
    netns->tcp_was_read = true;
}

static void
list_all_tcp(HostSockets *self)
{
    for (guint i = 0; i < self->namespaces.all->len; i++)
        list_tcp(self, g_ptr_array_index(self->namespaces.all, i));
}

bool
host_sockets_find(HostSockets *self, int family, ino_t inode, HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    if (family == AF_UNIX) {
        is_found = host_unixtable_find(self->unix_table, inode, ret_listener);
    } else {
        list_all_tcp(self);
        is_found = host_tcptable_find(self->tcp_table, inode, ret_listener);
    }
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_path(HostSockets *self, guint64 net_namespace, const char *path, ino_t file_inode,
                       HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    is_found =
        host_unixtable_find_path(self->unix_table, net_namespace, path, file_inode, ret_listener);
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_file(HostSockets *self, dev_t device, ino_t file_inode,
                       HostListener *ret_listener)
{
    bool is_found = false;

    pthread_mutex_lock(&self->lock);
    is_found = host_unixtable_find_file(self->unix_table, device, file_inode, ret_listener);
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

bool
host_sockets_find_tcp(HostSockets *self, guint64 net_namespace, const HostAddress *address,
                      HostListener *ret_listener)
{
    bool is_found = false;
    HostNamespace *netns = NULL;

    pthread_mutex_lock(&self->lock);
    netns = host_namespaces_find(&self->namespaces, net_namespace);
    if (netns) {
        list_tcp(self, netns);
        is_found =
            host_tcptable_find_address(self->tcp_table, netns->number, address, ret_listener);
    }
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

GArray *
host_sockets_list_clients(HostSockets *self, const HostListener *listener)
{
    GArray *clients = NULL;

    pthread_mutex_lock(&self->lock);
    clients = host_clients_list(&self->namespaces, self->unix_table, self->tcp_table, listener);
    pthread_mutex_unlock(&self->lock);
    return clients;
}
