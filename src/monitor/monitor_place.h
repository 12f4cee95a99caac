/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_place: where the socket of a monitor is, and whether QEMU may make it there.
 *
 * A definition gets the path /var/lib/libvirt/qemu/domstats-UUID.sock. Each time libvirt starts it
 * makes that folder and gives it to QEMU's user, on every host. So a QEMU with this definition also
 * starts after a reboot, and on the host to which it is migrated. Only root and QEMU's own user and
 * group can connect, as to libvirt's own monitors. Whether AppArmor and SELinux let QEMU make the
 * socket is looked up before a definition is changed: a QEMU that cannot make it does not start.
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

/* The path of the socket in the definition of the domain @uuid. NULL and INVALID if it is too long
 * for a socket. The caller frees. */
char *monitor_place_make(const char *folder, const char *uuid, GError **error);

/* The path of a monitor that is added to a running QEMU: in the folder of @beside, the socket of
 * libvirt's own monitor. NULL and INVALID as above. The caller frees. */
char *monitor_place_make_live(const char *beside, GError **error);

/* Whether @path was made by monitor_place_make() for another domain than @uuid: the definition was
 * copied from that domain's. */
bool monitor_place_is_of_another(const char *path, const char *uuid);

/* Whether the QEMU of @xml may make the socket @path on this host, as far as can be seen. The error
 * says what hinders it and what to do. @root is put before all paths of this host: "". */
bool monitor_place_check(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                         const char *root, GError **error);

/* The same for another host, of which only the security models are known. */
bool monitor_place_check_remote(const char *path, const MonitorXml *xml, const MonitorCaps *caps,
                                GError **error);
