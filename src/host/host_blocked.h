/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_blocked: the reads of files of processes that did not come back, by process.
 *
 * Shared by who counts them and the threads that are blocked in them; may be used from several
 * threads at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct HostBlocked HostBlocked;

HostBlocked *host_blocked_new(void);
HostBlocked *host_blocked_ref(HostBlocked *self);
void host_blocked_unref(HostBlocked *self);

/* False while a read of that process is blocked, or HOST_LIMIT_BLOCKED_READS of any. */
bool host_blocked_may_read(HostBlocked *self, pid_t pid);

/* A read of that process is blocked from now on; and has come back. */
void host_blocked_add(HostBlocked *self, pid_t pid);
void host_blocked_remove(HostBlocked *self, pid_t pid);
