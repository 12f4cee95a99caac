/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_list: asks a libvirt for all its domains, and for their states.
 *
 * The list and the states are two requests, to be asked at once. libvirt answers the list even when
 * all its workers wait for QEMUs that do not answer, since it keeps further workers for calls that
 * ask no QEMU. It does not so answer for the states.
 */
#pragma once

#include "libvirt_pool.h"

/* One domain, as libvirt lists it. */
typedef struct {
    char *name; /* UTF-8 */
    char uuid[VIR_UUID_STRING_BUFLEN];
    int id; /* -1: it does not run */
    bool is_persistent;
} LibvirtListDomain;

/* The run state of one domain. */
typedef struct {
    int id;            /* of the run that it is of; -1: the domain does not run */
    int state, reason; /* virDomainState, and the reason of that state; -1: libvirt does not say */
} LibvirtListState;

/* Asks for all domains, active or not: one call of libvirt's, and a second one if a domain runs.
 * The connection that lists them keeps them, so that they need not be looked up on it. */
LibvirtPoolRequest *libvirt_list_ask(LibvirtPool *pool, LibvirtPoolInbox *inbox);
/* Of LibvirtListDomain, each UUID once; borrowed until the request is freed. */
const GArray *libvirt_list_domains(LibvirtPoolRequest *ended);

/* Asks for the states of all domains: one call of libvirt's, which asks no QEMU. */
LibvirtPoolRequest *libvirt_list_ask_states(LibvirtPool *pool, LibvirtPoolInbox *inbox);
/* Of the domain with @uuid, borrowed until the request is freed; NULL: libvirt does not say. */
const LibvirtListState *libvirt_list_state(LibvirtPoolRequest *ended, const char *uuid);

/* Asks which domains libvirt starts by itself: one call of libvirt's. */
LibvirtPoolRequest *libvirt_list_ask_autostart(LibvirtPool *pool, LibvirtPoolInbox *inbox);
bool libvirt_list_has_autostart(LibvirtPoolRequest *ended, const char *uuid);
