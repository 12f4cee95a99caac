/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service_view: what a process sees of the host, so that a service and its client find out whether
 * the service sees all that the client does.
 *
 * A few files tell whether it is the same host. The same processes: the pid namespace. The same
 * interfaces: the network namespace. The same files: the root directory, and /run, where libvirt
 * and monitors have their sockets. Mount namespaces are not compared: that of a hardened service is
 * its own and shows the same files.
 *
 * Two rights decide which processes and monitors of other users are seen: CAP_SYS_PTRACE and
 * CAP_DAC_OVERRIDE.
 */
#pragma once

#include "service_codec.h"

/* Sets in @hello what this process sees: user, rights, places. */
void service_view_tell(ServiceCodecHello *hello);

/* Whether @hello comes from a process of this host. What cannot be read is different. */
bool service_view_is_here(const ServiceCodecHello *hello);

/* Whether the process of @hello has all rights that this process has to see those of others. */
bool service_view_sees_enough(const ServiceCodecHello *hello);
