/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_listener: what the kernel tells of a listening socket, and of one of its clients.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "host/host_address.h"

typedef struct {
    ino_t inode;                           /* the listening socket's own */
    int family;                            /* AF_UNIX, AF_INET or AF_INET6 */
    guint64 net_namespace;                 /* the number of its network namespace in the table */
    char path[sizeof(struct sockaddr_un)]; /* unix: as it was bound; "@name" if it is abstract */
    guint64 file_device;                   /* unix: of its file, in the kernel's numbering */
    guint64 file_inode;    /* the low 32 bits of its file's inode; 0: abstract, or not known */
    HostAddress address;   /* TCP: where it listens */
    bool is_v6_only;       /* TCP at "::": takes no IPv4 */
    unsigned int n_queued; /* connections that it has not accepted yet */
    bool knows_queue;      /* false: @n_queued is not known */
} HostListener;

typedef struct {
    bool is_accepted;
    ino_t inode;      /* of the accepted socket; 0: it is not accepted yet */
    ino_t peer_inode; /* of the client's socket; 0: see @knows_peer */
    bool knows_peer;  /* with @peer_inode 0: a unix client has closed its end, or a TCP client is in
                         no namespace of the table. false: the kernel did not tell */
    guint64 net_namespace;                 /* of an accepted unix client: its number in the table */
    char name[sizeof(struct sockaddr_un)]; /* to which a unix client has bound its socket, or "" */
    HostAddress remote;                    /* of a TCP client */
} HostListenerClient;
