/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_stop: whether a process is stopped: by a signal, by a debugger, or by the freezer of its
 * control group.
 */
#pragma once

#include "host_freezer.h"
#include "host_process.h"

/* What stops a process that lives. All members zero: nothing was found. */
typedef struct {
    HostProcessStat stat;
    HostFreezer freezer; /* OFF: state T or t of @stat */
    char *group;         /* that is frozen; owned; NULL: none */
} HostStop;

void host_stop_clear(HostStop *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostStop, host_stop_clear)

/* True, with @ret_stop, if the process lives and is stopped or frozen. @start_ticks 0: not known.
 */
bool host_stop_find(HostRoot *root, pid_t pid, uint64_t start_ticks, HostStop *ret_stop);

/* The same, for callers that only want to know; one small read for a process whose main thread
 * waits in a poll. */
bool host_stop_look(HostRoot *root, pid_t pid, uint64_t start_ticks);
