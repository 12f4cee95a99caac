/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_holder: finds the other client of a monitor; a monitor serves one client at a time.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* Sets @ret_listener to the listener at @place in this call's table of sockets; false if the table
 * has none. */
bool qemu_holder_find_listener(QemuHostView *host, const QemuEndpointPlace *place,
                               HostListener *ret_listener);

/* Before a dial: if this call's table shows another client of the monitor at @place, the verdict
 * BUSY, the client's pid in the domain, and true. */
bool qemu_holder_judge_busy(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place);

/* The same after a dial, by a table that is read later, if QEMU has not greeted: another client may
 * have connected between the first table and our dial. */
bool qemu_holder_judge_overtaken(QemuHostView *host, QemuJob *job);
