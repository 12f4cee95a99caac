/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_connection: the connection to the libvirt whose domains are changed, what libvirt says of
 * its host, and its domains.
 */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "monitor_caps.h"
#include "monitor_xml.h"

typedef struct {
    virConnectPtr conn;
    char *uri;     /* as libvirt spells it */
    bool is_local; /* libvirt runs on this host */
    MonitorCaps *caps;
} MonitorConnection;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* Fails if the libvirt @uri cannot be connected to, or is not for QEMU. The caller frees. */
MonitorConnection *monitor_connection_open(const char *uri, bool is_read_only, GError **error);
void monitor_connection_free(MonitorConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorConnection, monitor_connection_free)

/* Finds the domain whose id, UUID or name is @name, tried in this order. The caller frees. */
virDomainPtr monitor_connection_find(const MonitorConnection *self, const char *name,
                                     GError **error);

/* Sets @error to "@what: " and libvirt's last error. */
void monitor_connection_set_error(GError **error, const char *what);

/* The domain's definition; @flags are VIR_DOMAIN_XML_*. The caller frees. */
char *monitor_connection_get_xml(virDomainPtr domain, unsigned int flags, GError **error);

/* False if the emulator of @xml is known to be too old to get a monitor while it runs; then sets
 * @ret_version to its version, as "7.2", which the caller frees. Asks no QEMU. */
bool monitor_connection_may_add_live(const MonitorConnection *self, const MonitorXml *xml,
                                     char **ret_version);
