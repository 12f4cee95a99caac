/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixtable: see host_unixtable.h.
 *
 * Owns one Place for each name, file and, for abstract names, namespace: a listener and the
 * connections that it accepted share them. /proc tells no files: a connection that it lists is
 * taken to be that of the listener at the same path, if there is only one.
 */
#include "host_unixtable.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "host/host_limits.h"

#define KERNEL_MINOR_BITS 20

typedef struct Place Place;
typedef struct Connection Connection;

struct Place {
    char *path;
    guint64 file_device;
    guint64 file_inode;      /* 0: abstract, or not known */
    guint64 net_namespace;   /* of an abstract name, which is valid in one namespace only; else 0 */
    Connection *connections; /* up to HOST_LIMIT_CLIENTS */
    unsigned int n_connections;
    Place *next_at_path; /* other places of the same path */
    /* Of the listener: */
    bool is_listener;
    bool knows_queue;
    unsigned int n_queued;
    guint64 inode;
    guint64 listener_namespace;
};

struct Connection {
    guint64 inode;
    ino_t peer_inode;
    bool knows_peer;
    guint64 net_namespace; /* that of the client too */
    const Place *place;
    Connection *next; /* at the same place */
};

struct HostUnixtable {
    GHashTable *places;      /* Place -> itself, owned */
    GHashTable *by_path;     /* path -> first Place of that path */
    GHashTable *by_inode;    /* inode of a listening socket -> Place */
    GHashTable *by_file;     /* Place -> itself, by file; only of listeners */
    GHashTable *connections; /* inode -> Connection; not of those that wait for accept() */
    GPtrArray *owned;        /* Connection *, all */
    size_t n_sockets;
};

static guint
hash_file(gconstpointer key)
{
    const Place *place = key;

    return (guint)(place->file_inode ^ place->file_device);
}

static gboolean
equal_files(gconstpointer a, gconstpointer b)
{
    const Place *first = a;
    const Place *second = b;

    return first->file_inode == second->file_inode && first->file_device == second->file_device;
}

static guint
hash_place(gconstpointer key)
{
    const Place *place = key;

    return g_str_hash(place->path) ^ hash_file(place);
}

static gboolean
equal_places(gconstpointer a, gconstpointer b)
{
    const Place *first = a;
    const Place *second = b;

    return equal_files(first, second) && first->net_namespace == second->net_namespace &&
           g_str_equal(first->path, second->path);
}

static void
free_place(gpointer data)
{
    Place *place = data;

    g_free(place->path);
    g_free(place);
}

HostUnixtable *
host_unixtable_new(void)
{
    HostUnixtable *self = g_new0(HostUnixtable, 1);

    self->places = g_hash_table_new_full(hash_place, equal_places, free_place, NULL);
    self->by_path = g_hash_table_new(g_str_hash, g_str_equal);
    self->by_inode = g_hash_table_new(g_int64_hash, g_int64_equal);
    self->by_file = g_hash_table_new(hash_file, equal_files);
    self->connections = g_hash_table_new(g_int64_hash, g_int64_equal);
    self->owned = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
host_unixtable_free(HostUnixtable *self)
{
    if (!self)
        return;
    g_hash_table_unref(self->connections);
    g_ptr_array_unref(self->owned);
    g_hash_table_unref(self->by_file);
    g_hash_table_unref(self->by_inode);
    g_hash_table_unref(self->by_path);
    g_hash_table_unref(self->places);
    g_free(self);
}

/* The place of @socket; makes it if it is new. */
static Place *
get_place(HostUnixtable *self, guint64 net_namespace, const HostUnixdiagSocket *socket)
{
    g_autofree char *path = g_strdup(socket->path);
    const Place wanted = {.path = path,
                          .file_device = socket->file_device,
                          .file_inode = socket->file_inode,
                          .net_namespace = socket->is_abstract ? net_namespace : 0};
    Place *place = g_hash_table_lookup(self->places, &wanted);
    Place *first = NULL;

    if (place)
        return place;
    place = g_memdup2(&wanted, sizeof(wanted));
    path = NULL; /* the place owns it now */
    g_hash_table_add(self->places, place);
    first = g_hash_table_lookup(self->by_path, place->path);
    if (first) {
        place->next_at_path = first->next_at_path;
        first->next_at_path = place;
    } else {
        g_hash_table_insert(self->by_path, place->path, place);
    }
    return place;
}

static void
add_listener(HostUnixtable *self, guint64 net_namespace, Place *place,
             const HostUnixdiagSocket *socket)
{
    if (place->is_listener)
        return; /* it was listed twice; the inode is a key and must not change */
    place->is_listener = true;
    place->knows_queue = socket->knows_queue;
    place->n_queued = socket->n_queued;
    place->inode = socket->inode;
    place->listener_namespace = net_namespace;
    g_hash_table_insert(self->by_inode, &place->inode, place);
    if (place->file_inode != 0)
        g_hash_table_insert(self->by_file, place, place);
}

static void
add_connection(HostUnixtable *self, guint64 net_namespace, Place *place,
               const HostUnixdiagSocket *socket)
{
    Connection *connection = g_new0(Connection, 1);

    g_ptr_array_add(self->owned, connection);
    connection->inode = socket->inode;
    connection->peer_inode = socket->peer_inode;
    connection->knows_peer = socket->knows_peer;
    connection->net_namespace = net_namespace;
    connection->place = place;
    if (connection->inode != 0)
        g_hash_table_insert(self->connections, &connection->inode, connection);
    if (place->n_connections >= HOST_LIMIT_CLIENTS)
        return;
    place->n_connections++;
    connection->next = place->connections;
    place->connections = connection;
}

bool
host_unixtable_add(HostUnixtable *self, guint64 net_namespace, const HostUnixdiagSocket *socket)
{
    Place *place = NULL;

    if (++self->n_sockets > HOST_LIMIT_SOCKETS) {
        errno = E2BIG;
        return false;
    }
    place = get_place(self, net_namespace, socket);
    if (socket->is_listener)
        add_listener(self, net_namespace, place, socket);
    else
        add_connection(self, net_namespace, place, socket);
    return true;
}

static bool
give_listener(const Place *place, HostListener *ret_listener)
{
    if (!place)
        return false;
    *ret_listener = (HostListener){.inode = place->inode,
                                   .family = AF_UNIX,
                                   .net_namespace = place->listener_namespace,
                                   .file_device = place->file_device,
                                   .file_inode = place->file_inode,
                                   .n_queued = place->n_queued,
                                   .knows_queue = place->knows_queue};
    g_strlcpy(ret_listener->path, place->path, sizeof(ret_listener->path));
    return true;
}

static const Place *
get_listener(const HostUnixtable *self, ino_t inode)
{
    gint64 key = (gint64)inode;

    return g_hash_table_lookup(self->by_inode, &key);
}

bool
host_unixtable_find(const HostUnixtable *self, ino_t inode, HostListener *ret_listener)
{
    return give_listener(get_listener(self, inode), ret_listener);
}

bool
host_unixtable_find_path(const HostUnixtable *self, guint64 net_namespace, const char *path,
                         ino_t file_inode, HostListener *ret_listener)
{
    const Place *place = g_hash_table_lookup(self->by_path, path);

    for (; place; place = place->next_at_path)
        if (place->is_listener && (file_inode == 0 || place->file_inode == (uint32_t)file_inode) &&
            (net_namespace == 0 || place->net_namespace == 0 ||
             place->net_namespace == net_namespace))
            return give_listener(place, ret_listener);
    return false;
}

bool
host_unixtable_find_file(const HostUnixtable *self, dev_t device, ino_t file_inode,
                         HostListener *ret_listener)
{
    const Place wanted = {.file_device = major(device) << KERNEL_MINOR_BITS | minor(device),
                          .file_inode = (uint32_t)file_inode};

    return file_inode != 0 &&
           give_listener(g_hash_table_lookup(self->by_file, &wanted), ret_listener);
}

void
host_unixtable_append_client(const HostUnixtable *self, HostListenerClient client, GArray *clients)
{
    gint64 key = (gint64)client.peer_inode;
    const Connection *peer = g_hash_table_lookup(self->connections, &key);

    if (clients->len >= HOST_LIMIT_CLIENTS)
        return;
    if (peer)
        g_strlcpy(client.name, peer->place->path, sizeof(client.name));
    g_array_append_val(clients, client);
}

static void
list_connections(const HostUnixtable *self, const Place *place, GArray *clients)
{
    for (const Connection *at = place->connections; at; at = at->next)
        host_unixtable_append_client(self,
                                     (HostListenerClient){.is_accepted = at->inode != 0,
                                                          .inode = at->inode,
                                                          .peer_inode = at->peer_inode,
                                                          .knows_peer = at->knows_peer,
                                                          .net_namespace = at->net_namespace},
                                     clients);
}

/* True if the connections at @other may be those of the listener at @place: one of the two was
 * listed by /proc, which tells no file. */
static bool
may_be_same(const Place *place, const Place *other)
{
    return place != other && place->net_namespace == other->net_namespace &&
           (place->file_inode == 0 || other->file_inode == 0);
}

void
host_unixtable_list_clients(const HostUnixtable *self, ino_t inode, GArray *clients)
{
    const Place *place = get_listener(self, inode);
    const Place *first = place ? g_hash_table_lookup(self->by_path, place->path) : NULL;
    unsigned int n_listeners = 0;

    if (!place)
        return;
    list_connections(self, place, clients);
    for (const Place *at = first; at; at = at->next_at_path)
        n_listeners += at->is_listener;
    for (const Place *at = first; at && n_listeners == 1; at = at->next_at_path)
        if (may_be_same(place, at))
            list_connections(self, at, clients);
}
