/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_passed: the network devices of this host that a process has been given whole (VFIO), and
 * what the host knows of each: whose virtual function it is, and what represents it.
 */
#pragma once

#include <net/if.h>

#include "host/host_root.h"
#include "util/util_count.h"

#define HOST_PASSED_ADDRESS_BYTES 16

/* Texts are "" where there is no such thing. Names are those of interfaces of our own /sys. */
typedef struct {
    char address[HOST_PASSED_ADDRESS_BYTES];    /* "0000:65:01.2" */
    char pf_address[HOST_PASSED_ADDRESS_BYTES]; /* of the device whose virtual function it is */
    char pf_ifname[IFNAMSIZ];
    UtilCount vf;               /* its number there */
    char representor[IFNAMSIZ]; /* the interface of the host that stands for it in a switch */
} HostPassed;

/* True if any process of this host may have been given a device. To be asked once a call. */
bool host_passed_is_possible(HostRoot *root);

/* HostPassed, in the order of their addresses; NULL with errno if the descriptors of the process
 * cannot be listed. The caller unrefs. */
GArray *host_passed_list(HostRoot *root, pid_t pid);
