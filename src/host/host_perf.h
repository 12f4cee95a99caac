/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_perf: the kernel's performance counters of one process, by libvirt's event names.
 */
#pragma once

#include "host_root.h"

/* The @i-th event we know, in libvirt's order; NULL past the last. */
const char *host_perf_event_name(size_t i);

/* INVALID, naming it, when @name is no event's. */
bool host_perf_check_name(const char *name, GError **error);
/* The same for each of @events, NULL-ended. */
bool host_perf_check_names(const char *const *events, GError **error);

typedef struct HostPerf HostPerf;

/* Begins to count @events (NULL-ended, any order, duplicates count once) for all threads of the
 * process @pid, those that it will make included. Events that this machine lacks are left out. NULL
 * when a name is unknown (INVALID), the right is lacking (DENIED), the process has gone (CONNECT),
 * or there are not enough descriptors (SYSTEM): the root lets no more than a share of them be kept.
 * @root, a live one, must outlive it. */
HostPerf *host_perf_open(HostRoot *root, pid_t pid, const char *const *events, GError **error);
void host_perf_free(HostPerf *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostPerf, host_perf_free)

size_t host_perf_n_events(const HostPerf *self);

typedef struct {
    const char *name; /* static */
    uint64_t value;   /* of all threads since host_perf_open(), not scaled for shared counters */
} HostPerfValue;

/* The @i-th event that is counted, in libvirt's order; false when a part of it cannot be read. */
bool host_perf_read(const HostPerf *self, size_t i, HostPerfValue *ret_value);
