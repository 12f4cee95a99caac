/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_domain_list: the domains of a connection: what the source finds, who holds a domain, what
 * the application's descriptor watches. From any thread.
 */
#pragma once

#include "qemu/plan/qemu_job.h"
#include "qemu/source/qemu_source.h"

typedef struct QemuDomainList QemuDomainList;

/* An empty list; borrows @source, which must outlive it. */
QemuDomainList *qemu_domain_list_new(QemuSource *source);
/* Closes all connections, and the descriptor. NULL is taken. */
void qemu_domain_list_free(QemuDomainList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuDomainList, qemu_domain_list_free)

/* Lets the source look, and gives the QemuDomain references there are now, in its order. A
 * domain that is still there, or that another call has not given back yet, is the same one.
 * NULL, with the source's error, if it cannot tell. */
GPtrArray *qemu_domain_list_scan(QemuDomainList *self, UtilDeadline deadline, GError **error);
/* Takes what a scan gave back, when the call has no jobs any more: what has left the list and
 * no other call knows is closed. */
void qemu_domain_list_give_back(QemuDomainList *self, GPtrArray *take_snapshot);

/* Takes the QemuJobs whose domains nobody holds out of @pending, which is not empty, and makes
 * @holder their holder; waits for the first release if there are none. Gives them as an array
 * of borrowed pointers; NULL if none was to be had until @deadline. */
GPtrArray *qemu_domain_list_take_free(QemuDomainList *self, GPtrArray *pending, gpointer holder,
                                      UtilDeadline deadline);
/* Its holder lets go of @domain, and does not touch it any more. */
void qemu_domain_list_release(QemuDomainList *self, QemuDomain *domain);

/* The descriptor for the application's poll, made by the first call; it stays the list's. -1
 * with SYSTEM if the operating system refuses. */
int qemu_domain_list_get_fd(QemuDomainList *self, GError **error);
/* Puts connections made since the last time under that descriptor, if there is one. Domains
 * that calls hold are left to them. */
void qemu_domain_list_watch(QemuDomainList *self);
/* Reads what has come on watched connections that no call holds; never waits. Gives the number of
 * domains that something came from, or that closed; -1 with SYSTEM. */
int qemu_domain_list_dispatch(QemuDomainList *self, GError **error);
