/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_live: gives a monitor to the running QEMU of one domain, through libvirt, and takes it
 * away.
 *
 * libvirt marks a domain as tainted (custom-monitor) for any command that it hands on, and logs a
 * warning, so nothing is asked of a QEMU before the user agreed, nor where the answer can be had in
 * another way.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "monitor_connection.h"
#include "monitor_options.h"

/* Both ask, change and say what was done. They do nothing, and say so, if there is nothing to do.
 * UNSUPPORTED: this QEMU cannot get a monitor while it runs. */
bool monitor_live_add(const MonitorOptions *options, const MonitorConnection *connection,
                      virDomainPtr domain, GError **error);
bool monitor_live_remove(const MonitorOptions *options, const MonitorConnection *connection,
                         virDomainPtr domain, GError **error);
