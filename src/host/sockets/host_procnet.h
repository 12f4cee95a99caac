/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_procnet: the sockets of one network namespace as the files in /proc/<pid>/net list them: for
 * namespaces that we may not enter, and for recordings. They tell no files and no peers of unix
 * sockets.
 */
#pragma once

#include "host/host_root.h"
#include "host_tcpdiag.h"
#include "host_unixdiag.h"

/* Each calls @take with the sockets in the namespace of @pid (0: ours); false with errno if the
 * file cannot be read, or @take gave false. */
bool host_procnet_list_unix(HostRoot *root, pid_t pid, HostUnixdiagTake take, void *data);
/* Listeners, and connections whose own port is @port (0: none), of @family. */
bool host_procnet_list_tcp(HostRoot *root, pid_t pid, int family, uint16_t port,
                           HostTcpdiagTake take, void *data);
