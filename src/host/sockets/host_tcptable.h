/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tcptable: listening TCP sockets of several network namespaces. Reads nothing itself.
 */
#pragma once

#include "host_listener.h"
#include "host_tcpdiag.h"

typedef struct HostTcptable HostTcptable;

HostTcptable *host_tcptable_new(void);
void host_tcptable_free(HostTcptable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostTcptable, host_tcptable_free)

/* Adds a listener; other sockets are left out. False with errno E2BIG past the limit. */
bool host_tcptable_add(HostTcptable *self, guint64 net_namespace, const HostTcpdiagSocket *socket);

bool host_tcptable_find(const HostTcptable *self, ino_t inode, HostListener *ret_listener);

/* The listener that a connection to @address reaches in that namespace: the one at exactly that
 * address, else the one at all addresses. */
bool host_tcptable_find_address(const HostTcptable *self, guint64 net_namespace,
                                const HostAddress *address, HostListener *ret_listener);
