/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_clients: see host_clients.h. Owns nothing.
 */
#include "host_clients.h"

#include "host/host_limits.h"

/* The clients of one listener while they are listed. */
typedef struct {
    const HostNamespaces *namespaces;
    const HostUnixtable *unix_table;
    const HostTcptable *tcp_table;
    const HostListener *listener;
    GArray *clients;
    HostAddress locals[HOST_LIMIT_CLIENTS]; /* TCP: the listener's end of each */
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
    if (!host_tcptable_find_address(clients->tcp_table, listener->net_namespace, &socket->local,
                                    &reached) ||
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
find_peer(const HostNamespace *netns, HostListenerClient *client, const HostAddress *local)
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
find_peers(const HostNamespace *own, Clients *clients)
{
    const GPtrArray *namespaces = clients->namespaces->all;

    for (guint i = 0; i < clients->clients->len; i++) {
        HostListenerClient *client = &g_array_index(clients->clients, HostListenerClient, i);
        const HostAddress *local = &clients->locals[i];

        find_peer(own, client, local);
        for (guint j = 0;
             client->peer_inode == 0 && !host_address_is_loopback(local) && j < namespaces->len;
             j++)
            if (g_ptr_array_index(namespaces, j) != own)
                find_peer(g_ptr_array_index(namespaces, j), client, local);
    }
}

static bool
take_waiting(const HostUnixdiagSocket *socket, void *data)
{
    Clients *clients = data;

    for (size_t i = 0; i < socket->n_waiting; i++)
        host_unixtable_append_client(
            clients->unix_table,
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
find_name(const HostNamespaces *namespaces, const HostNamespace *own, HostListenerClient *client)
{
    const HostNamespace *netns =
        client->is_accepted ? host_namespaces_find(namespaces, client->net_namespace) : own;
    Name name = {.client = client};

    if (netns && client->peer_inode != 0 && client->name[0] == '\0' &&
        host_socketlist_find_unix(&netns->list, client->peer_inode, take_name, &name) &&
        !name.is_there && client->is_accepted)
        client->peer_inode = 0;
}

static void
list_unix_clients(const HostNamespace *netns, Clients *clients)
{
    const HostListener *listener = clients->listener;

    host_unixtable_list_clients(clients->unix_table, listener->inode, clients->clients);
    if (netns && listener->n_queued > 0)
        host_socketlist_find_unix(&netns->list, listener->inode, take_waiting, clients);
    for (guint i = 0; i < clients->clients->len; i++)
        find_name(clients->namespaces, netns,
                  &g_array_index(clients->clients, HostListenerClient, i));
}

GArray *
host_clients_list(const HostNamespaces *namespaces, const HostUnixtable *unix_table,
                  const HostTcptable *tcp_table, const HostListener *listener)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(HostListenerClient));
    g_autofree Clients *clients = g_new0(Clients, 1);
    const HostNamespace *netns = host_namespaces_find(namespaces, listener->net_namespace);

    clients->namespaces = namespaces;
    clients->unix_table = unix_table;
    clients->tcp_table = tcp_table;
    clients->listener = listener;
    clients->clients = list;
    if (listener->family == AF_UNIX)
        list_unix_clients(netns, clients);
    else if (netns &&
             host_socketlist_read_connections(&netns->list, listener->family,
                                              listener->address.port, take_client, clients))
        find_peers(netns, clients);
    else
        return NULL;
    return g_steal_pointer(&list);
}
