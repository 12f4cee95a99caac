/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tap: the network devices that a process holds open: which they are by now, and in which
 * network namespace. A device may be renamed and moved while it is open, and another take its name.
 */
#pragma once

#include "host_netdev.h"
#include "host_root.h"

typedef struct {
    GArray *fds;         /* int: their numbers in that process, ascending: one for each queue */
    char *ifname;        /* the present name */
    bool is_macvtap;     /* macvtap or ipvtap, not a tun */
    char *net_namespace; /* where it is now, as links of proc/<pid>/ns say it; NULL: not known */
    bool has_counters;   /* it was proved of a macvtap: no table is needed */
    HostNetdevCounters counters;
} HostTap;

/* HostTap elements in order of their first descriptors, without those whose name nothing proves.
 * NULL when the process's descriptors may not be listed. Of a recording, a device is in the
 * process's own namespace if it does not tell another. */
GArray *host_tap_list(HostRoot *root, pid_t pid);

/* True if one of its descriptors is @fd. */
bool host_tap_has_fd(const HostTap *self, int fd);

/* The counters of the namespace that the device behind @fd of @pid is in, whoever lives there; NULL
 * with errno. Of a live host only. */
HostNetdevTable *host_tap_read_table(HostRoot *root, pid_t pid, int fd);
