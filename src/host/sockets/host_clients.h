/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_clients: the clients of a listening socket, from the tables of sockets and, for what these
 * do not have, from the kernel.
 */
#pragma once

#include "host_namespaces.h"
#include "host_tcptable.h"
#include "host_unixtable.h"

/* As host_sockets_list_clients(): HostListenerClient elements; NULL if nothing is known of them.
 * The caller unrefs. */
GArray *host_clients_list(const HostNamespaces *namespaces, const HostUnixtable *unix_table,
                          const HostTcptable *tcp_table, const HostListener *listener);
