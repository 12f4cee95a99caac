/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tcptable: see host_tcptable.h. Owns the listeners.
 */
#include "host_tcptable.h"

#include <errno.h>

#include "host/host_limits.h"

struct HostTcptable {
    GHashTable *by_inode; /* inode -> HostListener, owned */
    GHashTable *by_port;  /* port -> GPtrArray of HostListener * */
};

static void
free_listeners(gpointer data)
{
    g_ptr_array_unref(data);
}

HostTcptable *
host_tcptable_new(void)
{
    HostTcptable *self = g_new0(HostTcptable, 1);

    self->by_inode = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    self->by_port = g_hash_table_new_full(NULL, NULL, NULL, free_listeners);
    return self;
}

void
host_tcptable_free(HostTcptable *self)
{
    if (!self)
        return;
    g_hash_table_unref(self->by_port);
    g_hash_table_unref(self->by_inode);
    g_free(self);
}

static void
add_to_port(HostTcptable *self, HostListener *listener)
{
    gpointer key = GUINT_TO_POINTER(listener->address.port);
    GPtrArray *listeners = g_hash_table_lookup(self->by_port, key);

    if (!listeners) {
        listeners = g_ptr_array_new();
        g_hash_table_insert(self->by_port, key, listeners);
    }
    g_ptr_array_add(listeners, listener);
}

bool
host_tcptable_add(HostTcptable *self, guint64 net_namespace, const HostTcpdiagSocket *socket)
{
    gint64 key = (gint64)socket->inode;
    HostListener *listener = NULL;

    if (!socket->is_listener || socket->inode == 0 || g_hash_table_contains(self->by_inode, &key))
        return true;
    if (g_hash_table_size(self->by_inode) >= HOST_LIMIT_SOCKETS) {
        errno = E2BIG;
        return false;
    }
    listener = g_new0(HostListener, 1);
    *listener = (HostListener){.inode = socket->inode,
                               .family = socket->local.family,
                               .net_namespace = net_namespace,
                               .address = socket->local,
                               .is_v6_only = socket->is_v6_only,
                               .n_queued = socket->n_queued,
                               .knows_queue = true};
    g_hash_table_insert(self->by_inode, &listener->inode, listener);
    add_to_port(self, listener);
    return true;
}

static bool
give_listener(const HostListener *listener, HostListener *ret_listener)
{
    if (listener)
        *ret_listener = *listener;
    return listener != NULL;
}

bool
host_tcptable_find(const HostTcptable *self, ino_t inode, HostListener *ret_listener)
{
    gint64 key = (gint64)inode;

    return give_listener(g_hash_table_lookup(self->by_inode, &key), ret_listener);
}

/* How well @listener matches @address, higher is better; 0: it does not. */
static int
rate(const HostListener *listener, const HostAddress *address)
{
    if (host_address_equal(&listener->address, address))
        return 3;
    if (!host_address_is_any(&listener->address))
        return 0;
    if (listener->family == address->family)
        return 2;
    return listener->family == AF_INET6 && !listener->is_v6_only;
}

bool
host_tcptable_find_address(const HostTcptable *self, guint64 net_namespace,
                           const HostAddress *address, HostListener *ret_listener)
{
    const HostAddress dialled = host_address_dialled(address);
    const GPtrArray *listeners = g_hash_table_lookup(self->by_port, GUINT_TO_POINTER(dialled.port));
    const HostListener *best = NULL;
    int best_rate = 0;

    for (guint i = 0; listeners && i < listeners->len; i++) {
        const HostListener *listener = g_ptr_array_index(listeners, i);
        int rating = listener->net_namespace == net_namespace ? rate(listener, &dialled) : 0;

        if (rating > best_rate) {
            best = listener;
            best_rate = rating;
        }
    }
    return give_listener(best, ret_listener);
}
