/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tcpdiag: the TCP sockets of one network namespace. A host may have very many connections, so
 * only listeners are listed as a whole, and the connections of one port.
 */
#pragma once

#include "host_sockdiag.h"

#include <sys/types.h>

#include "host/host_address.h"

typedef struct {
    bool is_listener; /* else connected */
    bool is_v6_only;  /* a listener at :: that takes no IPv4 */
    HostAddress local;
    HostAddress remote;    /* of a connection */
    ino_t inode;           /* 0: of a connection that is not accepted yet */
    unsigned int n_queued; /* of a listener: connections that it has not accepted */
} HostTcpdiagSocket;

/* Borrows @socket for the call. False ends the list, which then fails with errno. */
typedef bool (*HostTcpdiagTake)(const HostTcpdiagSocket *socket, void *data);

/* Each calls @take with sockets of @family (AF_INET or AF_INET6: its sockets may have IPv4
 * addresses too); false and an error if the kernel refuses. */
bool host_tcpdiag_list_listeners(HostSockdiag *diag, int family, HostTcpdiagTake take, void *data,
                                 GError **error);
/* Connections whose own port is @port. */
bool host_tcpdiag_list_connections(HostSockdiag *diag, int family, uint16_t port,
                                   HostTcpdiagTake take, void *data, GError **error);
/* The one socket from @local to @remote, if there is one. */
bool host_tcpdiag_find_connection(HostSockdiag *diag, const HostAddress *local,
                                  const HostAddress *remote, HostTcpdiagTake take, void *data,
                                  GError **error);
