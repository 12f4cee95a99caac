/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_place: where the socket of a monitor is, and whether QEMU may make it there.
 *
 * How it works: a definition names /var/lib/libvirt/qemu/domstats-UUID.sock. libvirt makes that
 * folder and gives it to QEMU's user each time it starts, on every host with libvirt: so a QEMU
 * with this definition starts also after a reboot, and on the host to which it is migrated. Only
 * root and QEMU's own user and group reach it, as they do libvirt's own monitors. What else the
 * kernel asks (AppArmor, SELinux) is looked up before a definition is changed, since a QEMU that
 * cannot make its socket does not start.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "monitor_caps.h"
#include "monitor_xml.h"

/* The last part of the path of a monitor that a running QEMU was given. */
#define MONITOR_PLACE_LIVE_NAME "domstats.sock"

/* libvirt's folder, for the connection @uri; NULL and UNSUPPORTED if it cannot be known (a session
 * of another host). The caller frees. */
char *monitor_place_folder(const char *uri, GError **error);

/* False for a libvirt on another host. */
bool monitor_place_is_local(const char *uri);

/* The path for the domain @uuid. NULL and INVALID if it is too long for a socket. The caller
 * frees. */
char *monitor_place_make(const char *folder, const char *uuid, GError **error);

/* The path of a monitor for a running QEMU whose monitor of libvirt is @beside. */
char *monitor_place_make_live(const char *beside, GError **error);

/* Whether @path was made by monitor_place_make() for another domain than @uuid: the definition was
 * copied from that domain's. */
bool monitor_place_is_of_another(const char *path, const char *uuid);

/* Whether the QEMU of @xml may make the socket @path on this host, as far as can be seen. The
 * error says what hinders it and what to do. @root is before all paths of this host: "". */
bool monitor_place_check(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                         const char *root, GError **error);

/* The same for another host, of which only the security models are known. */
bool monitor_place_check_remote(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                                GError **error);
