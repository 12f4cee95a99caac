/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_unixdiag: who listens on, and who is connected to, the unix sockets of this host,
 * asked of the kernel (sock_diag) without touching any socket. One dump a round serves all.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "host_root.h"

typedef struct HostUnixdiagTable HostUnixdiagTable;

/* All unix sockets of our network namespace; NULL and an error where the kernel refuses. */
HostUnixdiagTable *host_unixdiag_read(GError **error);
void host_unixdiag_free(HostUnixdiagTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostUnixdiagTable, host_unixdiag_free)

typedef struct {
    bool is_known;          /* a listener is in the table */
    unsigned int n_clients; /* connections the listener has accepted */
    unsigned int n_queued;  /* connections nobody has accepted yet */
    ino_t inode;            /* the listening socket's own */
    ino_t peer_inode;       /* the client's end of an accepted connection; 0 if not told */
} HostUnixdiagListener;

/* What the table knows of the listener whose bound path is @path (as bound; a leading '@'
 * for the abstract ones) and, where non-zero, whose file has inode @file_inode. */
void host_unixdiag_lookup(const HostUnixdiagTable *self, const char *path, ino_t file_inode,
                          HostUnixdiagListener *ret_listener);

/* The same for a file wherever it is now: it may have been renamed since, or be reached by
 * another way. */
void host_unixdiag_lookup_file(const HostUnixdiagTable *self, dev_t device, ino_t file_inode,
                               HostUnixdiagListener *ret_listener);

/* The path a listening socket with that socket inode is bound to; NULL if none. Borrowed. */
const char *host_unixdiag_path_of(const HostUnixdiagTable *self, ino_t socket_inode);

/* For another network namespace: path of the listening socket inode by /proc/<pid>/net/unix.
 * NULL if none; the caller frees. Works on recorded trees. */
char *host_unixdiag_path_in_proc(HostRoot *root, pid_t pid, ino_t socket_inode);
