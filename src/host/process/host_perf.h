/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_perf: the kernel's performance counters of one process, under libvirt's names of the events.
 */
#pragma once

#include "host/host_root.h"

/* The name of the @i-th known event, in libvirt's order; NULL past the last. */
const char *host_perf_event_name(size_t i);

/* False and INVALID, with @name in the message, if there is no event of that name. */
bool host_perf_check_name(const char *name, GError **error);
/* The same for each name in @events, ended by NULL. */
bool host_perf_check_names(const char *const *events, GError **error);

typedef struct HostPerf HostPerf;

/* Starts counting @events (ended by NULL, in any order, each once) for all threads of the process
 * @pid, with those that it will start. Events that this machine does not have are left out. NULL if
 * a name is unknown (INVALID), we have no permission (DENIED), the process has ended (CONNECT), or
 * there are too few descriptors (SYSTEM): @root limits them to a share of all. @root must be live
 * and outlive the result. */
HostPerf *host_perf_open(HostRoot *root, pid_t pid, const char *const *events, GError **error);
void host_perf_free(HostPerf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostPerf, host_perf_free)

size_t host_perf_n_events(const HostPerf *self);

typedef struct {
    const char *name; /* static */
    uint64_t value;   /* of all threads since host_perf_open(), not scaled up for the time in which
                         other events had the counter */
} HostPerfValue;

/* Reads the @i-th counted event, in libvirt's order; false if a part of it cannot be read. */
bool host_perf_read(const HostPerf *self, size_t i, HostPerfValue *ret_value);
