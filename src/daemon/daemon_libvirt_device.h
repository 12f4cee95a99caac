/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_device: libvirt's procedures about disks, interfaces and vCPUs of one domain, as
 * in daemon_libvirt_domain.h.
 */
#pragma once

#include "daemon_libvirt_call.h"

bool daemon_libvirt_device_block_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
/* Whether a client wants the values, and not only their number, which is the same for each disk. */
bool daemon_libvirt_device_block_flags_needs(const DaemonLibvirtCall *call);
bool daemon_libvirt_device_block_flags(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_device_block_info(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_device_interface_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
