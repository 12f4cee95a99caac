/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_namespaces: the network namespaces of which sockets were read. Reads how each is numbered,
 * and no sockets.
 */
#pragma once

#include <glib.h>

#include "host_socketlist.h"

typedef struct {
    HostSocketlist list;
    guint64 numbers[2]; /* that in nsfs and that of its file "unix" in /proc; 0 not known */
    guint64 number;     /* the one that was known first: in the tables, and for callers */
    bool is_listed;     /* its unix sockets are in the table */
    bool tcp_was_read;
} HostNamespace;

typedef struct {
    GPtrArray *all;        /* HostNamespace *, owned */
    GHashTable *by_number; /* either of its numbers -> HostNamespace */
    guint64 own_number;    /* of our namespace's file in nsfs; 0 not known */
} HostNamespaces;

void host_namespaces_init(HostNamespaces *self);
void host_namespaces_clear(HostNamespaces *self);

/* Sets @ret_netns to the namespace of process @pid (0: ours), and @ret_is_new if it was not there
 * before. False with errno if it cannot be told which it is. Borrows @root for good. */
bool host_namespaces_add(HostNamespaces *self, HostRoot *root, pid_t pid, HostNamespace **ret_netns,
                         bool *ret_is_new);

/* By either of its numbers; NULL: it is not there. */
HostNamespace *host_namespaces_find(const HostNamespaces *self, guint64 number);
