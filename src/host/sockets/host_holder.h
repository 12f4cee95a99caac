/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_holder: finds the process that has a socket open, through /proc.
 *
 * One search serves many sockets: the descriptors of each process are read at most once. May be
 * used from several threads at once.
 */
#pragma once

#include <glib.h>

#include "host/host_root.h"
#include "util/util_deadline.h"

typedef struct HostHolders HostHolders;

/* Borrows @root, which must outlive it. Reads nothing yet. */
HostHolders *host_holders_new(HostRoot *root);
void host_holders_free(HostHolders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostHolders, host_holders_free)

/* The process that has the socket with that inode open; 0 if none was found by @deadline. @guess,
 * if it is not 0, is searched first: one process often holds many sockets. */
pid_t host_holders_find(HostHolders *self, ino_t socket_inode, pid_t guess, UtilDeadline deadline);
