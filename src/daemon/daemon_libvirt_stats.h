/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_stats: libvirt's bulk call, virConnectGetAllDomainStats() and
 * virDomainListGetStats().
 */
#pragma once

#include "daemon_libvirt_call.h"

/* Whether its flags are libvirt's; else sets @error. */
bool daemon_libvirt_stats_check(DaemonLibvirtCall *call, RpcError *error);

bool daemon_libvirt_stats_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
bool daemon_libvirt_stats(DaemonLibvirtCall *call, void *result, RpcError *error);
