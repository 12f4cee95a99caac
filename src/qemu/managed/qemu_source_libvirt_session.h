/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_session: the domains of one libvirt, from scan to scan.
 *
 * A scan is two calls, begin() and finish(), so that several libvirts are asked at once. Neither
 * waits past the deadline that it is given, whatever libvirt does. For one thread at a time.
 */
#pragma once

#include "libvirt/libvirt_pool.h"
#include "qemu/facts/qemu_endpoint.h"
#include "util/util_deadline.h"

/* All members zero: the defaults. */
typedef struct {
    const char *uri; /* borrowed for the call */
    LibvirtPoolLimits limits;
    bool is_list_only;     /* the caller finds the processes: endpoints of running domains have no
                         process and no place, and a definition only if it is wanted */
    bool has_idle_timeout; /* the daemon ends when it has no clients and no domain: finish() closes
                        the connections if no domain runs */
} QemuSourceLibvirtSessionOptions;

typedef struct QemuSourceLibvirtSession QemuSourceLibvirtSession;

/* Why libvirt cannot be asked at all, or for no more than its list of domains. */
typedef struct {
    LibvirtOutcomeKind kind; /* of the list */
    bool has_list;           /* the list came, and no answer to anything else */
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

/* From now on gives the endpoint of the domain with @uuid libvirt's definition also while it runs.
 */
void qemu_source_libvirt_session_want(QemuSourceLibvirtSession *self, const char *uuid);

/* @process (borrowed until the scan's finish() has ended) is a QEMU with the UUID of a domain; to
 * be called between begin() and finish(). While it is stopped, libvirt is not asked for the
 * definition.
 */
void qemu_source_libvirt_session_see(QemuSourceLibvirtSession *self, QemuEndpoint *process);

/* As qemu_source_describe(): the endpoints then say whether libvirt starts the domain by itself,
 * and have libvirt's definition (@about), also where it is not used otherwise. */
void qemu_source_libvirt_session_describe(QemuSourceLibvirtSession *self, bool is_wanted);

/* Connects, if it is not connected. False with CONNECT if that fails, or takes too long. */
bool qemu_source_libvirt_session_connect(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                         GError **error);

/* Asks libvirt for its domains. What an earlier scan asked and is not answered is not asked again.
 */
void qemu_source_libvirt_session_begin(QemuSourceLibvirtSession *self);

/* True if libvirt has not given the list that an earlier scan asked for. */
bool qemu_source_libvirt_session_is_silent(const QemuSourceLibvirtSession *self);

/* The present domains, those that run first: a new array of QemuEndpoint references; an endpoint
 * that has not changed is the same pointer. Waits until @deadline at most; less if libvirt has been
 * silent since an earlier scan. If libvirt cannot be asked, sets @ret_trouble, and gives the
 * domains of the last scan in which it could, without what only libvirt can tell; NULL: there was
 * none. */
GPtrArray *qemu_source_libvirt_session_finish(QemuSourceLibvirtSession *self, UtilDeadline deadline,
                                              QemuSourceLibvirtSessionTrouble *ret_trouble);

/* The same as begin() and finish() of a libvirt that is known not to answer, as @why says, a
 * clause: it is not asked. */
GPtrArray *qemu_source_libvirt_session_pass(QemuSourceLibvirtSession *self, const char *why,
                                            QemuSourceLibvirtSessionTrouble *ret_trouble);
