/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_list: a table of the monitors that domains have besides libvirt's own: in their
 * definitions, and in their running QEMUs. Asks no QEMU, and connects to no monitor.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "monitor_connection.h"

typedef struct MonitorList MonitorList;

/* Borrows @connection, which must outlive it. */
MonitorList *monitor_list_new(const MonitorConnection *connection);
void monitor_list_free(MonitorList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorList, monitor_list_free)

/* Adds the monitors of one domain. */
bool monitor_list_add(MonitorList *self, virDomainPtr domain, GError **error);

/* The text of the table; the caller frees. */
char *monitor_list_to_text(const MonitorList *self);
