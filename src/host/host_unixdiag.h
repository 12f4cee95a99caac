/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixdiag: the listening unix sockets of this host and their connections, as the kernel lists
 * them (sock_diag). No socket is touched, and one list serves many domains.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "host_root.h"

typedef struct HostUnixdiagTable HostUnixdiagTable;

/* All unix sockets of our network namespace; NULL and SYSTEM if the kernel refuses. */
HostUnixdiagTable *host_unixdiag_read(GError **error);
void host_unixdiag_free(HostUnixdiagTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostUnixdiagTable, host_unixdiag_free)

typedef struct {
    bool is_known;          /* a listener is in the table */
    unsigned int n_clients; /* connections that the listener has accepted */
    unsigned int n_queued;  /* connections that it has not accepted yet */
    ino_t inode;            /* the listening socket's own */
    ino_t peer_inode;       /* the client's end of an accepted connection; 0: not known */
} HostUnixdiagListener;

/* Sets @ret_listener to the listener that is bound to @path (as it was bound; abstract ones begin
 * with '@') and, if @file_inode is not 0, whose file has that inode. */
void host_unixdiag_lookup(const HostUnixdiagTable *self, const char *path, ino_t file_inode,
                          HostUnixdiagListener *ret_listener);

/* The same by the file, which may have been renamed since, or be reached by another path. */
void host_unixdiag_lookup_file(const HostUnixdiagTable *self, dev_t device, ino_t file_inode,
                               HostUnixdiagListener *ret_listener);

/* The path to which the listening socket with that inode is bound; NULL if there is none.
 * Borrowed. */
const char *host_unixdiag_path_of(const HostUnixdiagTable *self, ino_t socket_inode);

/* The same for the network namespace of @pid, from /proc/<pid>/net/unix; works on recordings too.
 * The caller frees. */
char *host_unixdiag_path_in_proc(HostRoot *root, pid_t pid, ino_t socket_inode);
