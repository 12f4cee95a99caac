/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_connection: the libvirt that is changed: its connection, what it says of its host, and
 * its domains.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "monitor_caps.h"
#include "monitor_xml.h"

typedef struct {
    virConnectPtr conn;
    char *uri;
    bool is_local;
    MonitorCaps *caps;
} MonitorConnection;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* Fails if @uri is no libvirt for QEMU, or refuses. The caller frees. */
MonitorConnection *monitor_connection_open(const char *uri, bool is_read_only, GError **error);
void monitor_connection_free(MonitorConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorConnection, monitor_connection_free)

/* @name is an id, a UUID or a name, tried in this order. The caller frees. */
virDomainPtr monitor_connection_find(const MonitorConnection *self, const char *name,
                                     GError **error);

/* Sets @error to libvirt's last error, behind @what. */
void monitor_connection_set_error(GError **error, const char *what);

/* The domain's definition; @flags are VIR_DOMAIN_XML_*. The caller frees. */
char *monitor_connection_get_xml(virDomainPtr domain, unsigned int flags, GError **error);

/* False if the emulator of @xml is known to be too old to get a monitor while it runs; @ret_version
 * is then its version, as "7.2". Asks no QEMU. */
bool monitor_connection_may_add_live(const MonitorConnection *self, const MonitorXml *xml,
                                     char **ret_version);
