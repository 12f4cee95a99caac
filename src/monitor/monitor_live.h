/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_live: adds a monitor to the running QEMU of one domain, through libvirt, and removes it.
 *
 * libvirt marks a domain as tainted (custom-monitor) for any command that it hands on, and logs a
 * warning. So no command is handed on before the user has agreed, nor if /proc or libvirt tells the
 * same.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "monitor_connection.h"
#include "monitor_options.h"

/* Both ask the user, make the change and say what was done. If there is nothing to do they only say
 * so. UNSUPPORTED: this QEMU cannot get a monitor while it runs. */
bool monitor_live_add(const MonitorOptions *options, const MonitorConnection *connection,
                      virDomainPtr domain, GError **error);
bool monitor_live_remove(const MonitorOptions *options, const MonitorConnection *connection,
                         virDomainPtr domain, GError **error);
