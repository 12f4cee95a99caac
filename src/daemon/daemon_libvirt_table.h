/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_table: how each procedure of libvirt's RPC is answered: what its round asks for,
 * and which function makes the result of what came.
 */
#pragma once

#include "daemon_libvirt_call.h"

/* Which domain a procedure is about: the first of its arguments. */
typedef enum {
    DAEMON_LIBVIRT_TABLE_NO_DOMAIN,
    DAEMON_LIBVIRT_TABLE_DOMAIN,
    DAEMON_LIBVIRT_TABLE_RUNNING_DOMAIN, /* an error if it does not run */
} DaemonLibvirtTableScope;

typedef struct {
    int procedure;
    DaemonLibvirtTableScope scope;
    unsigned int groups; /* of a domain: what the round asks for */
    unsigned int extras;
    /* NULL, or sets an error for what is refused without a round. */
    bool (*check)(DaemonLibvirtCall *call, RpcError *error);
    /* NULL, or whether a round is needed, and with @ret_ask set for it. Needed where the scope is
     * no domain, else as scope and groups say. */
    bool (*ask)(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
    /* NULL, or whether the domain is needed at all. */
    bool (*needs)(const DaemonLibvirtCall *call);
    /* Fills @result, which is all zero; or gives false with @error. */
    bool (*fill)(DaemonLibvirtCall *call, void *result, RpcError *error);
} DaemonLibvirtTableRow;

/* NULL: there is none. */
const DaemonLibvirtTableRow *daemon_libvirt_table_find(int procedure);
