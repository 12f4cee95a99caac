/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_connection: see monitor_connection.h. Strings of libvirt are malloc's, which g_free()
 * frees.
 */
#include "monitor_connection.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "monitor_dialog.h"
#include "monitor_place.h"
#include "util/util_error.h"

/* The first QEMU that can be given a monitor while it runs: 11.1.0, as virConnectGetVersion()
 * writes it. */
enum { FIRST_VERSION = 11001000 };

void
monitor_connection_set_error(GError **error, const char *what)
{
    const char *said = virGetLastErrorMessage();

    g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "%s: %s", what, said);
}

static virConnectPtr
connect_to(const char *uri, bool is_read_only)
{
    virConnectAuthPtr auth = monitor_dialog_has_terminal() ? virConnectAuthPtrDefault : NULL;

    return virConnectOpenAuth(uri, auth, is_read_only ? VIR_CONNECT_RO : 0);
}

static const char *
hint(int code)
{
    switch (code) {
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_OPERATION_DENIED:
    case VIR_ERR_ACCESS_DENIED:
        return "; run it as root, or as a user whom libvirt lets manage domains";
    case VIR_ERR_SYSTEM_ERROR:
        return "; is libvirt's daemon running, and may this user connect to it?";
    default:
        return "";
    }
}

MonitorConnection *
monitor_connection_open(const char *uri, bool is_read_only, GError **error)
{
    g_autoptr(MonitorConnection) self = g_new0(MonitorConnection, 1);
    g_autofree char *caps = NULL;
    const char *type = NULL;

    self->conn = connect_to(uri, is_read_only);
    if (self->conn == NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_CONNECT, "cannot connect to libvirt '%s': %s%s",
                    uri, virGetLastErrorMessage(), hint(virGetLastErrorCode()));
        return NULL;
    }
    type = virConnectGetType(self->conn);
    if (g_strcmp0(type, "QEMU") != 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "the libvirt '%s' is for %s, and only a QEMU has monitors", uri,
                    type ? type : "another hypervisor");
        return NULL;
    }
    self->uri = virConnectGetURI(self->conn);
    self->is_local = monitor_place_is_local(self->uri ? self->uri : uri);
    caps = virConnectGetCapabilities(self->conn);
    self->caps = monitor_caps_parse(caps ? caps : "");
    return g_steal_pointer(&self);
}

void
monitor_connection_free(MonitorConnection *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->caps, monitor_caps_free);
    g_free(self->uri);
    if (self->conn != NULL)
        virConnectClose(self->conn);
    g_free(self);
}

virDomainPtr
monitor_connection_find(const MonitorConnection *self, const char *name, GError **error)
{
    virDomainPtr domain = NULL;
    guint64 id = 0;

    if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &id, NULL))
        domain = virDomainLookupByID(self->conn, (int)id);
    if (domain == NULL && g_uuid_string_is_valid(name))
        domain = virDomainLookupByUUIDString(self->conn, name);
    if (domain == NULL)
        domain = virDomainLookupByName(self->conn, name);
    if (domain == NULL && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID,
                    "libvirt '%s' has no such domain; 'domstats-monitor list' shows all",
                    self->uri);
    else if (domain == NULL)
        monitor_connection_set_error(error, "libvirt does not find it");
    return domain;
}

char *
monitor_connection_get_xml(virDomainPtr domain, unsigned int flags, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, flags);

    if (text == NULL)
        monitor_connection_set_error(error, "libvirt does not give its definition");
    return text;
}

static char *
default_emulator(const MonitorConnection *self)
{
    g_autofree char *caps = virConnectGetDomainCapabilities(self->conn, NULL, NULL, NULL, NULL, 0);

    return caps ? monitor_caps_parse_emulator(caps) : NULL;
}

/* libvirt tells only the version of its default emulator. The running QEMU may be older than that
 * file, if the file was replaced since; then QEMU itself refuses. It is hardly ever newer. */
bool
monitor_connection_may_add_live(const MonitorConnection *self, const MonitorXml *xml,
                                char **ret_version)
{
    g_autofree char *emulator = default_emulator(self);
    unsigned long version = 0;

    if (virConnectGetVersion(self->conn, &version) < 0 || version >= FIRST_VERSION)
        return true;
    if (xml->emulator != NULL && g_strcmp0(xml->emulator, emulator) != 0)
        return true;
    *ret_version = g_strdup_printf("%lu.%lu", version / 1000000, version / 1000 % 1000);
    return false;
}
