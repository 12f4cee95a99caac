/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_session: the domains of one libvirt, from scan to scan.
 *
 * A scan begins, and is finished later, so that several libvirts are asked at once. Neither waits
 * longer than it is told, whatever libvirt does. For one thread at a time.
 */
#pragma once

#include "libvirt/libvirt_pool.h"
#include "qemu/facts/qemu_endpoint.h"
#include "util/util_deadline.h"

/* All members zero: the defaults. */
typedef struct {
    const char *uri; /* borrowed for the call */
    LibvirtPoolLimits limits;
    bool is_bare;    /* the caller finds the processes: endpoints of running domains have no
                        process and no place, and a definition only if it is wanted */
    bool is_passing; /* the daemon ends when it has no clients and no domain: finish() closes the
                        connections if no domain runs */
} QemuSourceLibvirtSessionOptions;

typedef struct QemuSourceLibvirtSession QemuSourceLibvirtSession;

/* Why libvirt cannot be asked, in full or for more than its list of domains. */
typedef struct {
    LibvirtOutcomeKind kind; /* of the list */
    bool has_list;           /* the list came, and nothing else */
    bool is_silent;          /* it has not answered in time */
    const char *text;        /* a clause: "libvirt at 'URI' ..."; borrowed until the next finish();
                                NULL: no trouble */
} QemuSourceLibvirtSessionTrouble;

/* Does not connect yet. */
QemuSourceLibvirtSession *qemu_source_libvirt_session_new(
    const QemuSourceLibvirtSessionOptions *options);
/* Does not wait for a libvirt that does not answer. Takes NULL. */
void qemu_source_libvirt_session_free(QemuSourceLibvirtSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceLibvirtSession, qemu_source_libvirt_session_free)

LibvirtPool *qemu_source_libvirt_session_pool(const QemuSourceLibvirtSession *self); /* borrowed */

/* From now on the endpoint of the running domain with @uuid is to have libvirt's definition. */
void qemu_source_libvirt_session_want(QemuSourceLibvirtSession *self, const char *uuid);

/* Connects, if it is not connected. False with CONNECT if that fails, or takes too long. */
bool qemu_source_libvirt_session_connect(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                         GError **error);

/* Asks libvirt for its domains, unless it has not answered yet what it was asked before. */
void qemu_source_libvirt_session_begin(QemuSourceLibvirtSession *self);

/* True if libvirt has not answered what an earlier scan asked. */
bool qemu_source_libvirt_session_is_silent(const QemuSourceLibvirtSession *self);

/* The domains of now, those that run first: a new array of QemuEndpoint references; an endpoint
 * that has not changed is the same pointer. Waits until @deadline at most; less if libvirt is
 * silent. If libvirt cannot be asked, sets @ret_trouble, and gives the domains of the last scan
 * that could, without what only libvirt can tell; NULL if there was none. */
GPtrArray *qemu_source_libvirt_session_finish(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                              QemuSourceLibvirtSessionTrouble *ret_trouble);
