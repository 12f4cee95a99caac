/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_apparmor: whether the AppArmor profiles of libvirt's QEMUs let them make a socket.
 */
#pragma once

#include <stdbool.h>

/* The file into which a rule of the administrator belongs. */
#define MONITOR_APPARMOR_FILE "/etc/apparmor.d/local/abstractions/libvirt-qemu"

/* Whether @rules, the text of a file of rules, allows writing to @path. Rules with variables or
 * alternatives in braces are not understood, and allow nothing. */
bool monitor_apparmor_allows(const char *rules, const char *path);

/* The same for the files of this host that the profile of every QEMU of libvirt includes; @root is
 * put before their paths. */
bool monitor_apparmor_host_allows(const char *root, const char *path);
