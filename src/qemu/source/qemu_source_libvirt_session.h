/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_session: a libvirt connection and the domains it told of.
 *
 * Each function that asks libvirt blocks as long as libvirt does. For one thread at a time.
 */
#pragma once

#include "host/host_root.h"
#include "libvirt/libvirt_pool.h"
#include "qemu/facts/qemu_endpoint.h"
#include "util/util_deadline.h"

typedef struct QemuSourceLibvirtSession QemuSourceLibvirtSession;

/* Does not connect yet. */
QemuSourceLibvirtSession *qemu_source_libvirt_session_new(const char *uri,
                                                          const LibvirtPoolLimits *limits);
QemuSourceLibvirtSession *qemu_source_libvirt_session_ref(QemuSourceLibvirtSession *self);
/* The last owner closes the connection. */
void qemu_source_libvirt_session_unref(QemuSourceLibvirtSession *self);

/* Connects if it is not connected; false and CONNECT if that fails. */
bool qemu_source_libvirt_session_connect(QemuSourceLibvirtSession *self, GError **error);
void qemu_source_libvirt_session_disconnect(QemuSourceLibvirtSession *self);

/* The domains of now, those that run first: a new array of QemuEndpoint references; an endpoint
 * that has not changed is the same pointer. NULL and CONNECT if libvirt fails. */
GPtrArray *qemu_source_libvirt_session_scan(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                            GError **error);

/* A copy that may be changed; the definition is shared. */
QemuEndpoint *qemu_source_libvirt_session_copy(const QemuEndpoint *endpoint);
