/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixdiag: the bound and the connected unix stream sockets of one network namespace.
 */
#pragma once

#include "host_sockdiag.h"

#include <stdint.h>
#include <sys/types.h>

/* A socket with its name: its own, or that of the listener which accepted it. */
typedef struct {
    const char *path; /* an abstract name begins with '@', also in place of each NUL in it */
    bool is_abstract;
    bool is_listener;     /* else connected */
    uint64_t file_device; /* of its file, in the kernel's numbering */
    uint64_t file_inode;  /* the low 32 bits, which the kernel gives; 0: abstract, or not known */
    ino_t inode;          /* 0: of a connection that is not accepted yet, in /proc only */
    ino_t peer_inode;     /* of a connection: the other end; 0: closed, or not known */
    bool knows_peer;
    unsigned int n_queued; /* of a listener: connections that it has not accepted */
    bool knows_queue;
    const uint32_t *waiting; /* the inodes of their clients, in any namespace; 0: it is closed.
                                Borrowed; set by host_unixdiag_find() only */
    size_t n_waiting;
} HostUnixdiagSocket;

/* Borrows @socket for the call. False ends the list, which then fails with errno. */
typedef bool (*HostUnixdiagTake)(const HostUnixdiagSocket *socket, void *data);

/* Each calls @take with sockets; false and an error if the kernel refuses. All that have a name,
 * a listener twice: */
bool host_unixdiag_list(HostSockdiag *diag, HostUnixdiagTake take, void *data, GError **error);
/* Listeners only, once each: cheap, as they are few. */
bool host_unixdiag_list_listeners(HostSockdiag *diag, HostUnixdiagTake take, void *data,
                                  GError **error);
/* The one socket with that inode, if it is there; also one without a name: its path is "". */
bool host_unixdiag_find(HostSockdiag *diag, ino_t inode, HostUnixdiagTake take, void *data,
                        GError **error);
