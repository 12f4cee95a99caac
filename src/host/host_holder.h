/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_holder: which process has a socket open, found through /proc.
 *
 * One search serves many sockets: each process is looked at once at most, however many are
 * asked for. May be used from several threads at once.
 */
#pragma once

#include <glib.h>

#include "host_root.h"
#include "util/util_deadline.h"

typedef struct HostHolders HostHolders;

/* Borrows @root, which must outlive it. Looks at nothing yet. */
HostHolders *host_holders_new(HostRoot *root);
void host_holders_free(HostHolders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostHolders, host_holders_free)

/* The process that has the socket inode open; 0 if none was seen by @deadline. @guess, if it is not
 * 0, is looked at first: one process often holds many. */
pid_t host_holders_find(HostHolders *self, ino_t socket_inode, pid_t guess, UtilDeadline deadline);
