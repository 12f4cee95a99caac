/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixtable: unix sockets of several network namespaces, joined: each listener with the
 * connections to it, whichever namespace these are in. Reads nothing itself.
 */
#pragma once

#include "host_listener.h"
#include "host_unixdiag.h"

typedef struct HostUnixtable HostUnixtable;

HostUnixtable *host_unixtable_new(void);
void host_unixtable_free(HostUnixtable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostUnixtable, host_unixtable_free)

/* Adds a socket of the namespace with that number; false with errno E2BIG past the limit. */
bool host_unixtable_add(HostUnixtable *self, guint64 net_namespace,
                        const HostUnixdiagSocket *socket);

/* Each sets @ret_listener and gives true if there is such a listener. The contracts are those of
 * the functions of host_sockets.h with the same name. */
bool host_unixtable_find(const HostUnixtable *self, ino_t inode, HostListener *ret_listener);
bool host_unixtable_find_path(const HostUnixtable *self, guint64 net_namespace, const char *path,
                              ino_t file_inode, HostListener *ret_listener);
bool host_unixtable_find_file(const HostUnixtable *self, dev_t device, ino_t file_inode,
                              HostListener *ret_listener);

/* Appends the clients of the listener with that inode to @clients (HostListenerClient), up to
 * HOST_LIMIT_CLIENTS in all; those that wait only where /proc listed them. */
void host_unixtable_list_clients(const HostUnixtable *self, ino_t inode, GArray *clients);
/* Appends @client likewise, with the name to which its socket is bound. */
void host_unixtable_append_client(const HostUnixtable *self, HostListenerClient client,
                                  GArray *clients);
