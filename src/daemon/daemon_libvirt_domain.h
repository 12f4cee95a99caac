/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_domain: libvirt's procedures about one domain, but for its devices and vCPUs. Each
 * fills a result from the fields of its record, as in daemon_libvirt_host.h.
 */
#pragma once

#include "daemon_libvirt_call.h"

bool daemon_libvirt_domain_info(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_state(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_xml(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_os_type(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_is_active(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_is_persistent(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_autostart(DaemonLibvirtCall *call, void *result, RpcError *error);
/* Of procedures whose result is 0 or empty: what is asked for is not known to be there. */
bool daemon_libvirt_domain_nothing(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_security_label(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_max_memory(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_control(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_metadata(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_cpu_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_memory_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_domain_perf_events(DaemonLibvirtCall *call, void *result, RpcError *error);
