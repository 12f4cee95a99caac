/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_case: what tests of requests to a fake libvirt share.
 */
#pragma once

#include "libvirt/libvirt_stats.h"

/* To be called first in main(). Gives SIGPIPE its default action, and keeps libvirt's library from
 * printing errors. */
void libvirt_case_init(void);

/* Asks for the state of the fake's domain with that number. */
LibvirtPoolRequest *libvirt_case_ask(LibvirtPool *pool, unsigned int domain,
                                     LibvirtPoolInbox *inbox);

/* Wait for the end of @request. The second one fails the test if it has not ended well. */
LibvirtOutcomeKind libvirt_case_wait_kind(LibvirtPoolRequest *request);
void libvirt_case_wait_well(LibvirtPoolRequest *request);
