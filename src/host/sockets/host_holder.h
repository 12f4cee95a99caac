/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_holder: finds the processes that have a socket open, through /proc.
 *
 * One search serves many sockets: the descriptors of each process are read at most once, and again
 * only for a socket that was not found and may have been opened since. May be used from several
 * threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "host/host_root.h"
#include "util/util_deadline.h"

typedef struct HostHolders HostHolders;

/* Borrows @root, which must outlive it. Reads nothing yet. */
HostHolders *host_holders_new(HostRoot *root);
void host_holders_free(HostHolders *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostHolders, host_holders_free)

/* A process that has the socket with that inode open; 0 if none was found by @deadline. @guess, if
 * it is not 0, is searched first: one process often holds many sockets. */
pid_t host_holders_find(HostHolders *self, ino_t socket_inode, pid_t guess, UtilDeadline deadline);

/* All of them (pid_t, ascending), as a socket may be inherited and passed on; some may be missing
 * if @deadline comes first. The caller unrefs. */
GArray *host_holders_find_all(HostHolders *self, ino_t socket_inode, UtilDeadline deadline);

/* True if all processes were searched by a search that began at @since_us (monotonic) or later: a
 * socket that was open then and was not found is in none that we can see. */
bool host_holders_is_sure(HostHolders *self, int64_t since_us);

/* True if the descriptors of a process could not be read for lack of permission, as far as was
 * searched: a socket that was not found may be one of these. */
bool host_holders_is_denied(HostHolders *self);

/* True if process @pid has the socket open now. *@fd_hint, the descriptor that it had at an earlier
 * time or -1, is looked at first, and set to the one that it has now: as long as the hint is right,
 * one link is read. False with errno: ENOENT if it does not, or the process has ended; EACCES if we
 * may not look. */
bool host_holders_has(HostHolders *self, pid_t pid, ino_t socket_inode, int *fd_hint);
