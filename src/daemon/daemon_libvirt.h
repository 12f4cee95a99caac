/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt: the sessions of libvirt's clients: virsh, language bindings, collectd, exporters.
 * Read-only: no procedure that changes anything is served.
 */
#pragma once

#include "daemon_client.h"

/* The context of a listener is a DaemonHost. */
extern const DaemonClientProtocol daemon_libvirt_protocol;
