/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_blocked_thread: finds and describes the thread that best explains why a process is silent:
 * one in uninterruptible sleep (state D), else the main thread.
 */
#pragma once

#include "host/process/host_process.h"
#include "util/util_deadline.h"

/* Searches the threads of @pid but the main one for one in state D. Gives its id; 0 if none of
 * those read by @deadline, 1,024 at most, is in that state. Costs a read a thread. */
pid_t qemu_blocked_thread_find(HostRoot *root, pid_t pid, UtilDeadline deadline);

/* "thread 12 (CPU 0/KVM) is in state D, in folio_wait_bit": of @thread if it is in state D now,
 * else of the main thread, whose id is @pid. Sets @ret_stat to that thread's, if it can be read.
 * The caller frees the text. */
char *qemu_blocked_thread_describe(HostRoot *root, pid_t pid, pid_t thread,
                                   HostProcessStat *ret_stat);
