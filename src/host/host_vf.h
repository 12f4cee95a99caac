/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_vf: the counters of the virtual functions of one network device (SR-IOV), which its driver
 * keeps for the host.
 */
#pragma once

#include "host_root.h"

/* As the function sees it: rx is what it received. */
typedef struct {
    uint64_t rx_bytes, rx_packets, rx_drops;
    uint64_t tx_bytes, tx_packets, tx_drops;
} HostVfCounters;

typedef struct HostVfs HostVfs;

/* Parses lines "VF RX_BYTES RX_PACKETS RX_DROPS TX_BYTES TX_PACKETS TX_DROPS", as a recording has
 * them; others are left out. */
HostVfs *host_vf_parse(const char *text);
/* Those of the interface @ifname of our own network namespace, that belongs to the PCI device @pci.
 * NULL with errno. */
HostVfs *host_vf_read(HostRoot *root, const char *ifname, const char *pci);
void host_vf_free(HostVfs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostVfs, host_vf_free)

/* NULL if the driver does not count for that function; borrowed. */
const HostVfCounters *host_vf_lookup(const HostVfs *self, unsigned int vf);
