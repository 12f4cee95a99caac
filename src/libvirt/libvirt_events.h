/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_events: which domains of a libvirt have changed, by its events.
 *
 * Events come through the event loop that the application registered with libvirt, if it did:
 * none is registered here, since there is one place for it in a process and it is not ours.
 */
#pragma once

#include "libvirt_pool.h"

typedef struct LibvirtEvents LibvirtEvents;

/* Nothing is registered yet. NULL if there is no event loop. */
LibvirtEvents *libvirt_events_new(void);
/* Does not ask libvirt: what is registered stays so until the connection closes. Takes NULL. */
void libvirt_events_free(LibvirtEvents *self);

/* Registers for all events after which a definition may have changed, on a connection of @pool. To
 * be asked in each call: if the connection has been lost it registers on another one, else it asks
 * libvirt nothing. */
LibvirtPoolRequest *libvirt_events_ask(LibvirtEvents *self, LibvirtPool *pool,
                                       LibvirtPoolInbox *inbox);

/* Waits shortly until the loop has delivered the events that have arrived. True if it runs: then a
 * domain without an event has not changed. */
bool libvirt_events_settle(LibvirtEvents *self, UtilDeadline deadline);

/* The UUIDs of the domains that changed since the last call of this function, as a set that the
 * caller frees; NULL: any may have changed. A definition that was read before libvirt_events_ask()
 * ended may be an old one. */
GHashTable *libvirt_events_take(LibvirtEvents *self);
