/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_socketlist: the sockets of one network namespace, as the kernel lists them or, where it
 * refuses or we may not enter the namespace, as /proc/<pid>/net does, which tells less.
 */
#pragma once

#include <glib.h>

#include "host/host_root.h"
#include "host_tcpdiag.h"
#include "host_unixdiag.h"

typedef struct {
    HostRoot *root;      /* borrowed */
    pid_t pid;           /* a process in the namespace; 0: it is ours */
    guint64 number;      /* of the namespace's file in nsfs; 0 not known */
    guint64 file_number; /* of its file "unix" in /proc: each namespace has one of its own; 0 not
                            known */
    bool is_ours;
    bool is_by_proc;     /* set when unix sockets were read: from /proc */
    bool tcp_is_by_proc; /* likewise of TCP sockets */
} HostSocketlist;

/* Finds out which namespace that of @pid is (0: ours), by one of its numbers, and reads no sockets.
 * False with errno if that cannot be told. Borrows @root. */
bool host_socketlist_init(HostSocketlist *self, HostRoot *root, pid_t pid);

/* Reads file_number too, if it is not known yet. */
void host_socketlist_note_file(HostSocketlist *self);

/* The bound and connected unix sockets; false and an error if neither way is open. */
bool host_socketlist_read_unix(HostSocketlist *self, HostUnixdiagTake take, void *data,
                               GError **error);
/* Calls @take with the unix socket that has that inode, as it is now, if it is there; false if the
 * kernel does not tell. */
bool host_socketlist_find_unix(const HostSocketlist *self, ino_t inode, HostUnixdiagTake take,
                               void *data);

/* Listeners of both versions. */
void host_socketlist_read_listeners(HostSocketlist *self, HostTcpdiagTake take, void *data);
/* Connections whose own port is @port, of sockets of @family; false if neither way is open. */
bool host_socketlist_read_connections(const HostSocketlist *self, int family, uint16_t port,
                                      HostTcpdiagTake take, void *data);
/* The socket from @local to @remote, among others perhaps; false if neither way is open. */
bool host_socketlist_find_connection(const HostSocketlist *self, const HostAddress *local,
                                     const HostAddress *remote, HostTcpdiagTake take, void *data);
