/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_links: how the interfaces of our own network namespace are set up, asked of the kernel once
 * for all of them.
 */
#pragma once

#include <net/if.h>

#include "host_root.h"

typedef struct {
    unsigned int mtu;
    char bridge[IFNAMSIZ]; /* bridge of Linux whose port it is; "": it is none's */
} HostLink;

typedef struct HostLinks HostLinks;

/* Parses lines "NAME MTU[ BRIDGE]", as a recording has them; others are left out. */
HostLinks *host_links_parse(const char *text);
/* NULL with errno. */
HostLinks *host_links_read(HostRoot *root);
void host_links_free(HostLinks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostLinks, host_links_free)

/* NULL if there is no such interface; borrowed. */
const HostLink *host_links_lookup(const HostLinks *self, const char *ifname);
