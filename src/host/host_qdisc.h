/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_qdisc: the queues that the kernel has for the interfaces of our own network namespace
 * (queueing disciplines), asked once for all of them.
 */
#pragma once

#include "host_root.h"

/* 32 bits in the kernel: the first two begin again at 0 after that. */
typedef struct {
    bool is_there;
    uint64_t n_drops;
    uint64_t n_overlimits; /* packets that a limit of the rate held back */
    uint64_t n_packets;    /* that wait now */
    uint64_t n_bytes;
} HostQdiscQueue;

typedef struct {
    HostQdiscQueue sent;     /* in front of the device: what the host sends to it */
    HostQdiscQueue received; /* the filters of what comes from it ("ingress", "clsact") */
} HostQdisc;

typedef struct HostQdiscs HostQdiscs;

/* Parses lines "NAME sent|received DROPS OVERLIMITS PACKETS BYTES", as a recording has them; others
 * are left out. */
HostQdiscs *host_qdisc_parse(const char *text);
/* NULL with errno. */
HostQdiscs *host_qdisc_read(HostRoot *root);
void host_qdisc_free(HostQdiscs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostQdiscs, host_qdisc_free)

/* NULL if the interface has none; borrowed. */
const HostQdisc *host_qdisc_lookup(const HostQdiscs *self, const char *ifname);
