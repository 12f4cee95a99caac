/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_netdev: the interface counters of a network namespace, read once for all its devices.
 */
#pragma once

#include "host_root.h"

/* As the host counts them: rx is what the host received from the device. The callers swap the
 * directions for the kinds of interfaces that need it. */
typedef struct {
    uint64_t rx_bytes, rx_packets, rx_errors, rx_drops;
    uint64_t tx_bytes, tx_packets, tx_errors, tx_drops;
} HostNetdevCounters;

typedef struct HostNetdevTable HostNetdevTable;

/* Parses the text of /proc/net/dev; lines that are malformed are left out. */
HostNetdevTable *host_netdev_parse(const char *text);
/* The table of the network namespace of @pid, of our own if it is 0. NULL with errno. */
HostNetdevTable *host_netdev_read(HostRoot *root, pid_t pid);
void host_netdev_free(HostNetdevTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostNetdevTable, host_netdev_free)

/* NULL if there is no such device; borrowed. */
const HostNetdevCounters *host_netdev_lookup(const HostNetdevTable *self, const char *name);
