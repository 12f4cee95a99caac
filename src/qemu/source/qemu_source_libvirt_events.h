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

/* Asks for all events that a definition may follow; NULL where there is no event loop. */
QemuSourceLibvirtEvents *qemu_source_libvirt_events_new(virConnectPtr conn);
/* Talks to libvirt once more; NULL is taken. */
void qemu_source_libvirt_events_free(QemuSourceLibvirtEvents *self);

/* True if the loop is seen to run, so that what has not been told has not happened. Waits
 * shortly for it to hand on what has come by now. */
bool qemu_source_libvirt_events_settle(QemuSourceLibvirtEvents *self, UtilDeadline deadline);

/* The UUIDs of domains that changed since the last time, as a set the caller frees; NULL: any
 * may have. */
GHashTable *qemu_source_libvirt_events_take(QemuSourceLibvirtEvents *self);
