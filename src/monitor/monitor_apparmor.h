/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_apparmor: whether the AppArmor profiles of libvirt's QEMUs let them make a socket.
 */
#pragma once

#include <stdbool.h>

/* The rule to be written, and the file for it. */
#define MONITOR_APPARMOR_FILE "/etc/apparmor.d/local/abstractions/libvirt-qemu"

/* Whether @rules, the text of a file of rules, allows writing to @path. Rules with alternatives in
 * braces are not understood, and allow nothing. */
bool monitor_apparmor_allows(const char *rules, const char *path);

/* The same for the files of this host that every QEMU of libvirt has; @root is before their
 * paths. */
bool monitor_apparmor_host_allows(const char *root, const char *path);
