/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_host: libvirt's procedures about the connection and the host. Each fills @result,
 * the struct of its procedure (NULL: it has none), which is all zero; or gives false and sets
 * @error.
 */
#pragma once

#include "daemon_libvirt_call.h"

bool daemon_libvirt_host_auth_list(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_feature(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_open(DaemonLibvirtCall *call, void *result, RpcError *error);
/* Of procedures that are accepted, and do nothing here. */
bool daemon_libvirt_host_accept(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_uri(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_type(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_version(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_lib_version(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_name(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_is_secure(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_capabilities(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_max_vcpus(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_info(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_cpu_map(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_cpu_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_memory_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_free_memory(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_host_security_model(DaemonLibvirtCall *call, void *result, RpcError *error);
