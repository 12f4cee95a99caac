/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain_list: the domains of a connection: which there are, which call holds each, and which
 * connections the application's descriptor watches. Every function may be called from any thread.
 */
#pragma once

#include "qemu/plan/qemu_job.h"
#include "qemu/source/qemu_source.h"

typedef struct QemuDomainList QemuDomainList;

/* An empty list; borrows @source, which must outlive it. */
QemuDomainList *qemu_domain_list_new(QemuSource *source);
/* Closes all connections, and the descriptor. NULL is allowed. */
void qemu_domain_list_free(QemuDomainList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDomainList, qemu_domain_list_free)

/* Has the source look for domains, and gives a snapshot: references to the domains there are now,
 * in the source's order. A domain that was there before, or in a snapshot not given back yet, stays
 * the same QemuDomain. NULL, with the source's error, if the source cannot tell. @is_described: see
 * qemu_source_describe(). */
GPtrArray *qemu_domain_list_scan(QemuDomainList *self, bool is_described, UtilDeadline deadline,
                                 GError **error);
/* Takes a snapshot back; call it after the call's jobs are freed. Closes the domains that are
 * neither in the list nor in another snapshot. */
void qemu_domain_list_give_back(QemuDomainList *self, GPtrArray *take_snapshot);

/* Moves the QemuJobs whose domains have no holder from @pending into a new array, which the caller
 * frees, and makes @holder the holder of these domains. If there are none, waits for the first
 * release; NULL if there was none by @deadline, or if @pending is empty. */
GPtrArray *qemu_domain_list_take_free(QemuDomainList *self, GPtrArray *pending, gpointer holder,
                                      UtilDeadline deadline);
/* For the holder of @domain, which must not touch it afterwards: the domain has no holder. */
void qemu_domain_list_release(QemuDomainList *self, QemuDomain *domain);

/* The descriptor for the application's poll. It is made when first asked for, and the list closes
 * it. -1 with SYSTEM if the operating system refuses. */
int qemu_domain_list_get_fd(QemuDomainList *self, GError **error);
/* If that descriptor was made: watches the connections of all domains without a holder. */
void qemu_domain_list_watch(QemuDomainList *self);
/* Reads what has come on watched connections of domains without a holder; never waits. Gives the
 * number of domains that something came from, or that closed; -1 with SYSTEM. */
int qemu_domain_list_dispatch(QemuDomainList *self, GError **error);
