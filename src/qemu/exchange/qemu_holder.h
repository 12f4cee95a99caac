/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_holder: who else is connected to a monitor, which serves one client.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* The listener at @place as the call's table of sockets has it. */
void qemu_holder_find_listener(QemuHostView *host, const QemuEndpointPlace *place,
                               HostUnixdiagListener *ret_listener);

/* BUSY if the table shows that another process holds the monitor at @bound_path; false if
 * not. */
bool qemu_holder_judge_busy(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place);

/* The same when it has not greeted us: somebody may have come in between, and the table now tells.
 */
bool qemu_holder_judge_overtaken(QemuHostView *host, QemuJob *job);
