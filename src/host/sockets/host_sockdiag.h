/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_sockdiag: one netlink socket on which the kernel lists sockets of one network namespace
 * (sock_diag).
 */
#pragma once

#include <glib.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>

typedef struct HostSockdiag HostSockdiag;

/* Opens it in the network namespace of @namespace_fd, or if that is -1 in ours. NULL and an error
 * if the kernel refuses. */
HostSockdiag *host_sockdiag_open(int namespace_fd, GError **error);
void host_sockdiag_free(HostSockdiag *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostSockdiag, host_sockdiag_free)

/* Sends @request (a request struct of the family, of @size bytes) and calls @take with each socket
 * in the answer. With @is_dump all that match, else the one that it describes: then an answer
 * without a socket is no failure. False and an error if the kernel refuses, or @take gives
 * MNL_CB_ERROR. */
bool host_sockdiag_ask(HostSockdiag *self, const void *request, size_t size, bool is_dump,
                       mnl_cb_t take, void *data, GError **error);
