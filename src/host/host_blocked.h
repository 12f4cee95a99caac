/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_blocked: the processes whose files are being read by threads that have not come back.
 *
 * Shared by the root and the threads that are blocked; may be used from several threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct HostBlocked HostBlocked;

HostBlocked *host_blocked_new(void);
HostBlocked *host_blocked_ref(HostBlocked *self);
void host_blocked_unref(HostBlocked *self);

/* False while a read of this process is blocked, or HOST_LIMIT_BLOCKED_READS reads of any. */
bool host_blocked_may_read(HostBlocked *self, pid_t pid);

/* To be called when a read of @pid has blocked for too long, and when it has come back. */
void host_blocked_add(HostBlocked *self, pid_t pid);
void host_blocked_remove(HostBlocked *self, pid_t pid);
