/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_vcpu: libvirt's procedures about vCPUs and IOThreads of one domain, as in
 * daemon_libvirt_domain.h.
 */
#pragma once

#include "daemon_libvirt_call.h"

bool daemon_libvirt_vcpu_max(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_vcpu_count(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_vcpu_list(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_vcpu_pins(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_vcpu_iothreads(DaemonLibvirtCall *call, void *result, RpcError *error);
