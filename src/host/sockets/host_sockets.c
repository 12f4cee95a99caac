/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockets: see host_sockets.h.
 *
 * Owns the list of namespaces that were read and the two tables of sockets. Does not know what is
 * sent over the sockets.
 *
 * How it works
 *
 * A namespace is known by the number of its file in nsfs; where its link cannot be read, by the
 * number of its file "unix" in /proc, which each namespace has of its own. Unix sockets are listed
 * when the namespace is added, TCP listeners when the first is asked for: most hosts have no TCP
 * monitor, and the kernel would load a module for it.
 */
#include "host_sockets.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "host/host_limits.h"
#include "host/host_process.h"
#include "host_socketlist.h"
#include "host_tcptable.h"
#include "host_unixtable.h"
#include "util/util_error.h"
#include "util/util_refcount.h"

typedef struct {
    HostSocketlist list;
    guint64 numbers[2]; /* that in nsfs and that of its file, keys of by_number; 0 not known */
    guint64 number;     /* the one that was known first: in the tables, and for callers */
    bool is_listed;     /* its unix sockets are in the table */
    bool tcp_was_read;
} Namespace;

struct HostSockets {
    HostRoot *root;
    HostRoot *live_root; /* a root of its own, so that a recording of @root keeps nothing of other
                            processes; NULL: use @root */
    pthread_mutex_t lock;
    GPtrArray *namespaces; /* Namespace *, owned */
    GHashTable *by_number; /* either number -> Namespace */
    guint64 own_number;    /* of our namespace's file in nsfs; 0 not known */
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
    self->namespaces = g_ptr_array_new_with_free_func(g_free);
    self->by_number = g_hash_table_new(g_int64_hash, g_int64_equal);
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
    g_hash_table_unref(self->by_number);
    g_ptr_array_unref(self->namespaces);
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

static void
note_number(HostSockets *self, Namespace *netns, size_t kind, guint64 number)
{
    if (number == 0 || netns->numbers[kind] != 0)
        return;
    netns->numbers[kind] = number;
    g_hash_table_insert(self->by_number, &netns->numbers[kind], netns);
}

static Namespace *
get_by_number(const HostSockets *self, guint64 number)
{
    return number != 0 ? g_hash_table_lookup(self->by_number, &number) : NULL;
}

/* The namespace of @list: the one that is there already, or a new one, not listed yet. */
static Namespace *
get_namespace(HostSockets *self, const HostSocketlist *list)
{
    Namespace *netns = get_by_number(self, list->number);

    if (!netns)
        netns = get_by_number(self, list->file_number);
    if (!netns) {
        netns = g_new0(Namespace, 1);
        netns->list = *list;
        netns->list.is_ours |= list->number != 0 && list->number == self->own_number;
        host_socketlist_note_file(&netns->list);
        g_ptr_array_add(self->namespaces, netns);
    }
    note_number(self, netns, 0, list->number);
    note_number(self, netns, 1, netns->list.file_number);
    if (netns->number == 0)
        netns->number = netns->numbers[0] != 0 ? netns->numbers[0] : netns->numbers[1];
    return netns;
}

/* Gives the namespace of @pid if its sockets are in the table; else NULL with errno. Lists them if
 * the namespace is new, and sets the error if that fails. */
static const Namespace *
add_namespace(HostSockets *self, pid_t pid, GError **error)
{
    HostSocketlist list = {0};
    guint n_namespaces = self->namespaces->len;
    Namespace *netns = pid == 0 ? get_by_number(self, self->own_number) : NULL;

    if (self->own_number == 0 && host_socketlist_init(&list, get_root(self), 0))
        self->own_number = list.number;
    if (!netns && !host_socketlist_init(&list, get_root(self), pid))
        return NULL;
    if (!netns)
        netns = get_namespace(self, &list);
    if (self->namespaces->len > n_namespaces) {
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
    const Namespace *netns = NULL;
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
    const Namespace *netns = NULL;
    bool is_whole = false;

    pthread_mutex_lock(&self->lock);
    netns = g_hash_table_lookup(self->by_number, &net_namespace);
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
        const Namespace *netns = NULL;

        if (util_deadline_has_passed(deadline) || self->namespaces->len >= HOST_LIMIT_NAMESPACES)
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
list_tcp(HostSockets *self, Namespace *netns)
{
    Reading reading = {self, netns->number};

    if (!netns->tcp_was_read)
        host_socketlist_read_listeners(&netns->list, take_tcp, &reading);
    netns->tcp_was_read = true;
}

static void
list_all_tcp(HostSockets *self)
{
    for (guint i = 0; i < self->namespaces->len; i++)
        list_tcp(self, g_ptr_array_index(self->namespaces, i));
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
    Namespace *netns = NULL;

    pthread_mutex_lock(&self->lock);
    netns = g_hash_table_lookup(self->by_number, &net_namespace);
    if (netns) {
        list_tcp(self, netns);
        is_found =
            host_tcptable_find_address(self->tcp_table, netns->number, address, ret_listener);
    }
    pthread_mutex_unlock(&self->lock);
    return is_found;
}

/* Clients of one TCP listener while they are listed. */
typedef struct {
    const HostSockets *self;
    const HostListener *listener;
    GArray *clients;
    HostAddress locals[HOST_LIMIT_CLIENTS]; /* the listener's end of each */
} Clients;

static bool
take_client(const HostTcpdiagSocket *socket, void *data)
{
    Clients *clients = data;
    const HostListener *listener = clients->listener;
    HostListener reached = {0};
    const HostListenerClient client = {.is_accepted = socket->inode != 0,
                                       .inode = socket->inode,
                                       .knows_peer = true,
                                       .remote = socket->remote};

    if (socket->is_listener || clients->clients->len >= HOST_LIMIT_CLIENTS)
        return true;
    /* Another listener may have the same port at another address. */
    if (!host_tcptable_find_address(clients->self->tcp_table, listener->net_namespace,
                                    &socket->local, &reached) ||
        !host_address_equal(&reached.address, &listener->address))
        return true;
    clients->locals[clients->clients->len] = socket->local;
    g_array_append_val(clients->clients, client);
    return true;
}

typedef struct {
    const HostAddress *local;
    const HostAddress *remote;
    ino_t inode;
} Peer;

static bool
take_peer(const HostTcpdiagSocket *socket, void *data)
{
    Peer *peer = data;

    if (!socket->is_listener && host_address_equal(&socket->local, peer->local) &&
        host_address_equal(&socket->remote, peer->remote))
        peer->inode = socket->inode;
    return true;
}

/* Looks for the client's end of a connection in one namespace. */
static void
find_peer(const Namespace *netns, HostListenerClient *client, const HostAddress *local)
{
    Peer peer = {.local = &client->remote, .remote = local};

    if (host_socketlist_find_connection(&netns->list, &client->remote, local, take_peer, &peer))
        client->peer_inode = peer.inode;
    else
        client->knows_peer = false;
}

/* Looks for the client's end of each connection: in the listener's namespace, then in the others. A
 * loopback address leads to no other namespace, though others have a connection with the same. */
static void
find_peers(HostSockets *self, const Namespace *own, Clients *clients)
{
    for (guint i = 0; i < clients->clients->len; i++) {
        HostListenerClient *client = &g_array_index(clients->clients, HostListenerClient, i);
        const HostAddress *local = &clients->locals[i];

        find_peer(own, client, local);
        for (guint j = 0; client->peer_inode == 0 && !host_address_is_loopback(local) &&
                          j < self->namespaces->len;
             j++)
            if (g_ptr_array_index(self->namespaces, j) != own)
                find_peer(g_ptr_array_index(self->namespaces, j), client, local);
    }
}

static bool
take_waiting(const HostUnixdiagSocket *socket, void *data)
{
    Clients *clients = data;

    for (size_t i = 0; i < socket->n_waiting; i++)
        host_unixtable_append_client(
            clients->self->unix_table,
            (HostListenerClient){.peer_inode = socket->waiting[i], .knows_peer = true},
            clients->clients);
    return true;
}

typedef struct {
    HostListenerClient *client;
    bool is_there;
} Name;

static bool
take_name(const HostUnixdiagSocket *socket, void *data)
{
    Name *name = data;

    name->is_there = true;
    g_strlcpy(name->client->name, socket->path, sizeof(name->client->name));
    return true;
}

/* The kernel lists one socket after another: a client's own may have been opened too late for that
 * list, or closed too early. So for a client without a name the kernel is asked for this one
 * socket: that tells its name, or that the client has left. */
static void
find_name(HostSockets *self, const Namespace *own, HostListenerClient *client)
{
    const Namespace *netns = client->is_accepted ? get_by_number(self, client->net_namespace) : own;
    Name name = {.client = client};

    if (netns && client->peer_inode != 0 && client->name[0] == '\0' &&
        host_socketlist_find_unix(&netns->list, client->peer_inode, take_name, &name) &&
        !name.is_there && client->is_accepted)
        client->peer_inode = 0;
}

static void
list_unix_clients(HostSockets *self, const Namespace *netns, Clients *clients)
{
    const HostListener *listener = clients->listener;

    host_unixtable_list_clients(self->unix_table, listener->inode, clients->clients);
    if (netns && listener->n_queued > 0)
        host_socketlist_find_unix(&netns->list, listener->inode, take_waiting, clients);
    for (guint i = 0; i < clients->clients->len; i++)
        find_name(self, netns, &g_array_index(clients->clients, HostListenerClient, i));
}

GArray *
host_sockets_list_clients(HostSockets *self, const HostListener *listener)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(HostListenerClient));
    g_autofree Clients *clients = g_new0(Clients, 1);
    const Namespace *netns = NULL;
    bool is_known = true;

    *clients = (Clients){.self = self, .listener = listener, .clients = list};
    pthread_mutex_lock(&self->lock);
    netns = g_hash_table_lookup(self->by_number, &listener->net_namespace);
    if (listener->family == AF_UNIX)
        list_unix_clients(self, netns, clients);
    else if (netns &&
             host_socketlist_read_connections(&netns->list, listener->family,
                                              listener->address.port, take_client, clients))
        find_peers(self, netns, clients);
    else
        is_known = false;
    pthread_mutex_unlock(&self->lock);
    return is_known ? g_steal_pointer(&list) : NULL;
}
