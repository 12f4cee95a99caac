/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_events: which domains of a libvirt connection have changed, by its events.
 *
 * Events come through the event loop that the application registered with libvirt, if it did:
 * none is registered here, since there is one place for it in a process and it is not ours.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "util/util_deadline.h"

typedef struct QemuSourceLibvirtEvents QemuSourceLibvirtEvents;

/* Registers for all events after which a definition may have changed; NULL if there is no event
 * loop. */
QemuSourceLibvirtEvents *qemu_source_libvirt_events_new(virConnectPtr conn);
/* Unregisters, which calls libvirt and may block. NULL is taken. */
void qemu_source_libvirt_events_free(QemuSourceLibvirtEvents *self);

/* Waits shortly until the loop has delivered the events that have arrived. True if it runs: then a
 * domain without an event has not changed. */
bool qemu_source_libvirt_events_settle(QemuSourceLibvirtEvents *self, UtilDeadline deadline);

/* The UUIDs of the domains that changed since the last call of this function, as a set that the
 * caller frees; NULL: any may have changed. */
GHashTable *qemu_source_libvirt_events_take(QemuSourceLibvirtEvents *self);
