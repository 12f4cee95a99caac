/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_list: libvirt's procedures that list domains or look one up. Those called ..._ask
 * say what a round must be asked for (false: nothing), the others fill a result, as in
 * daemon_libvirt_host.h.
 */
#pragma once

#include "daemon_libvirt_call.h"

/* Every domain, without values. */
bool daemon_libvirt_list_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);

/* Every domain, with what it is made of. */
bool daemon_libvirt_list_about_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);

bool daemon_libvirt_list_all_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
bool daemon_libvirt_list_all(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_active_count(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_active_ids(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_defined_count(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_defined_names(DaemonLibvirtCall *call, void *result, RpcError *error);

bool daemon_libvirt_list_id_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
bool daemon_libvirt_list_id(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_name_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
bool daemon_libvirt_list_name(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_list_uuid_ask(DaemonLibvirtCall *call, DomstatsCall *ret_ask);
bool daemon_libvirt_list_uuid(DaemonLibvirtCall *call, void *result, RpcError *error);
