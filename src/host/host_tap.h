/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_tap: the network devices that a process holds open: their names now, and their network
 * namespaces. A device may be renamed or moved while it is open, and another device may then get
 * its name.
 */
#pragma once

#include "host_netdev.h"
#include "host_root.h"

typedef struct {
    GArray *fds;         /* int: descriptors in that process, ascending: one for each queue */
    char *ifname;        /* its name now */
    bool is_macvtap;     /* macvtap or ipvtap, not a tun */
    char *net_namespace; /* the one it is in now, in the form of the links in proc/<pid>/ns; NULL:
                            not known */
    bool has_counters;   /* @counters is set: a macvtap that was found in our /sys */
    HostNetdevCounters counters;
} HostTap;

/* The devices, as HostTap elements in the order of their first descriptors, without those whose
 * name cannot be proved. NULL with errno if the descriptors of the process cannot be listed. In a
 * recording a device is in the namespace of the process, unless the recording names another. */
GArray *host_tap_list(HostRoot *root, pid_t pid);

/* The same of the descriptors @fds (int, ascending) alone: those of them that are devices now. */
GArray *host_tap_list_some(HostRoot *root, pid_t pid, const GArray *fds);

/* True if a descriptor whose link in proc/<pid>/fd is @target may be a device. */
bool host_tap_may_be(const char *target);

/* True if @fd is one of its descriptors. */
bool host_tap_has_fd(const HostTap *self, int fd);

/* Reads the interface counters in the network namespace of the device behind @fd of @pid, also if
 * no process is in that namespace. NULL with errno. For a live host only. */
HostNetdevTable *host_tap_read_table(HostRoot *root, pid_t pid, int fd);
