/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_event: libvirt's procedures that register callbacks for events, and the messages
 * that are sent for one. As in daemon_libvirt_host.h.
 */
#pragma once

#include "daemon_libvirt_call.h"
#include "daemon_watch.h"

bool daemon_libvirt_event_register(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_event_deregister(DaemonLibvirtCall *call, void *result, RpcError *error);
/* The same before callbacks had numbers: one for each kind of event. */
bool daemon_libvirt_event_register_kind(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_event_deregister_kind(DaemonLibvirtCall *call, void *result, RpcError *error);
/* The same for lifecycle events alone. */
bool daemon_libvirt_event_register_oldest(DaemonLibvirtCall *call, void *result, RpcError *error);
bool daemon_libvirt_event_deregister_oldest(DaemonLibvirtCall *call, void *result, RpcError *error);

/* Whether @session waits for lifecycle events. */
bool daemon_libvirt_event_is_wanted(const DaemonLibvirtCallSession *session);

/* The message for one callback; NULL: it does not want @event. */
GBytes *daemon_libvirt_event_make(const DaemonLibvirtCallEvent *callback,
                                  const DaemonWatchEvent *event);
