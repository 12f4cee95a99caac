/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc_error: a failed call as libvirt's RPC reports it: code, domain, message.
 */
#pragma once

#include <glib.h>
#include <libvirt/virterror.h>

/* All zero: no error. */
typedef struct {
    int code;      /* virErrorNumber */
    int domain;    /* virErrorDomain: which part of libvirt would have found it */
    char *message; /* UTF-8 */
} RpcError;

/* Sets @self, which has no error yet, unless it is NULL. */
void rpc_error_set(RpcError *self, virErrorNumber code, virErrorDomain domain, const char *format,
                   ...) G_GNUC_PRINTF(4, 5);

void rpc_error_clear(RpcError *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RpcError, rpc_error_clear)
