/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_blocked_thread: the thread of a silent process that tells most: one in uninterruptible
 * sleep, else the main thread.
 */
#pragma once

#include "host/host_process.h"
#include "util/util_deadline.h"

/* Looks at the threads of @pid, the main one last, for one in state D. Gives its id; 0 if there is
 * none among those looked at until @deadline. Costs a read a thread: not for each domain in each
 * call. */
pid_t qemu_blocked_thread_find(HostRoot *root, pid_t pid, UtilDeadline deadline);

/* "thread 12 (CPU 0/KVM) is in state D, in folio_wait_bit": of @thread if it is in that state now,
 * else of the main thread. Sets @ret_stat to what that thread showed; the caller frees the text. */
char *qemu_blocked_thread_describe(HostRoot *root, pid_t pid, pid_t thread,
                                   HostProcessStat *ret_stat);
