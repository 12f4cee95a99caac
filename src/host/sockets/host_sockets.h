/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockets: the listening sockets of this host and their clients, of one or more network
 * namespaces, as the kernel lists them. No socket is touched, and one table serves many domains.
 *
 * A unix socket that a listener accepted belongs to the namespace of the client that connected, and
 * has the path and file of the listener: so a listener's clients are complete only when the
 * namespaces of all clients were added. May be used from several threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "host/host_root.h"
#include "host_listener.h"
#include "util/util_deadline.h"

typedef struct HostSockets HostSockets;

/* Borrows @root, which must outlive it. Reads nothing yet. */
HostSockets *host_sockets_new(HostRoot *root);
/* The same with our own network namespace added; NULL and an error if not even /proc lists it. */
HostSockets *host_sockets_read(HostRoot *root, GError **error);
HostSockets *host_sockets_ref(HostSockets *self);
/* NULL is taken. */
void host_sockets_unref(HostSockets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostSockets, host_sockets_unref)

/* Adds the network namespace of process @pid; 0: ours. Each namespace is read at most once, so this
 * is cheap for processes that share one. Gives its number, which is not 0. A namespace that may not
 * be entered is read from /proc/<pid>/net, which tells fewer facts; that of a recording always is.
 * 0 and an error: not even that was possible, so nothing is known of its sockets. */
guint64 host_sockets_add_namespace(HostSockets *self, pid_t pid, GError **error);

/* True if the kernel itself listed the sockets of that namespace: those that the table does not
 * have are not there. */
bool host_sockets_is_whole(HostSockets *self, guint64 net_namespace);

/* Adds, once, the namespaces of all processes that /proc shows, up to HOST_LIMIT_NAMESPACES and
 * @deadline. False if some are not in the table, or only by /proc: a client may be missing. */
bool host_sockets_add_all(HostSockets *self, UtilDeadline deadline);

/* Each sets @ret_listener and gives true if the table has such a listener; false does not mean that
 * there is none unless its namespace was added. */

/* By the inode of the socket. @family AF_UNIX, or AF_INET for both versions of TCP. */
bool host_sockets_find(HostSockets *self, int family, ino_t inode, HostListener *ret_listener);
/* By the path it was bound to and, if @file_inode is not 0, the inode of its file. An abstract name
 * ("@name") is looked up in @net_namespace; 0: in any. */
bool host_sockets_find_path(HostSockets *self, guint64 net_namespace, const char *path,
                            ino_t file_inode, HostListener *ret_listener);
/* By the file, which may have been renamed since, or be reached by another path. */
bool host_sockets_find_file(HostSockets *self, dev_t device, ino_t file_inode,
                            HostListener *ret_listener);
/* The one that a connection to @address reaches in @net_namespace. */
bool host_sockets_find_tcp(HostSockets *self, guint64 net_namespace, const HostAddress *address,
                           HostListener *ret_listener);

/* The clients of a listener that the table gave, HostListenerClient elements, accepted and waiting
 * ones, at most HOST_LIMIT_CLIENTS. Those of a TCP listener, the unix clients that wait, and those
 * that have no name are read now: one that has left since has no @peer_inode. NULL if nothing is
 * known of them. The caller unrefs. */
GArray *host_sockets_list_clients(HostSockets *self, const HostListener *listener);
