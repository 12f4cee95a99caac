/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool: the connections to one libvirt, and the requests under way on them.
 *
 * libvirt's calls block and know no deadline, so each request runs on a thread of the pool, and its
 * caller waits for it no longer than it likes. Threads end when no request is left, so that nothing
 * runs between two calls; one that libvirt holds ends when libvirt answers.
 *
 * All functions may be called from any thread.
 */
#pragma once

#include <stdint.h>

#include "libvirt_connection.h"
#include "util/util_deadline.h"

typedef struct LibvirtPool LibvirtPool;
typedef struct LibvirtPoolRequest LibvirtPoolRequest;
typedef struct LibvirtPoolInbox LibvirtPoolInbox;

/* How much of a libvirt a pool may use. A member that is 0 has its default. */
typedef struct {
    unsigned int n_requests;    /* under way at a time, at most; 10, half of libvirt's workers */
    unsigned int n_connections; /* 4; each has fewer requests under way than libvirt's limit of 5 */
} LibvirtPoolLimits;

/* Does not connect yet. @limits may be NULL. */
LibvirtPool *libvirt_pool_new(const char *uri, const LibvirtPoolLimits *limits);
LibvirtPool *libvirt_pool_ref(LibvirtPool *self);
/* The last owner closes the connections, without waiting for a libvirt that does not answer.
 * Takes NULL. */
void libvirt_pool_unref(LibvirtPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPool, libvirt_pool_unref)

const char *libvirt_pool_uri(const LibvirtPool *self);

/* To be called while requests are waited for: requests that wait behind ones that libvirt does not
 * answer get further threads, within the limits. */
void libvirt_pool_look_after(LibvirtPool *self);

/* What a request does, on a thread of the pool. If the connection is lost, it is called once more
 * with a new one. Sets @ret_outcome, which is without trouble before, if it fails. */
typedef void (*LibvirtPoolWork)(LibvirtConnection *connection, void *data,
                                LibvirtOutcome *ret_outcome);

/* Queues a request, which it gives: a reference of the caller's. @take_data is freed with
 * @free_data when nobody needs it any more. When the request has ended, @inbox, which may be NULL,
 * gets a reference to it. */
LibvirtPoolRequest *libvirt_pool_ask(LibvirtPool *self, LibvirtPoolWork work, void *take_data,
                                     GDestroyNotify free_data, LibvirtPoolInbox *inbox);
LibvirtPoolRequest *libvirt_pool_request_ref(LibvirtPoolRequest *self);
/* Takes NULL. */
void libvirt_pool_request_unref(LibvirtPoolRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPoolRequest, libvirt_pool_request_unref)

/* True once it has ended: then its data and outcome may be read, and do not change any more. */
bool libvirt_pool_request_has_ended(LibvirtPoolRequest *self);
bool libvirt_pool_request_wait(LibvirtPoolRequest *self, UtilDeadline deadline);
void *libvirt_pool_request_data(LibvirtPoolRequest *self);
const LibvirtOutcome *libvirt_pool_request_outcome(LibvirtPoolRequest *self);

/* Monotonic, in µs: when libvirt was asked; 0: the request still waits for a thread or for the
 * connection. */
int64_t libvirt_pool_request_asked_us(LibvirtPoolRequest *self);

/* Takes back a request that libvirt was not asked yet: true, and it never runs. Its inbox, if it
 * has not got it yet, does not get it any more, in either case. */
bool libvirt_pool_request_cancel(LibvirtPoolRequest *self);

/* Where the requests of one waiting thread end. NULL if the system gives no descriptor. */
LibvirtPoolInbox *libvirt_pool_inbox_new(void);
/* Requests that end later go nowhere. Takes NULL. */
void libvirt_pool_inbox_free(LibvirtPoolInbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPoolInbox, libvirt_pool_inbox_free)
/* Readable while requests are in it. */
int libvirt_pool_inbox_fd(const LibvirtPoolInbox *self);
/* The next request that has ended, a reference of the caller's; NULL if there is none. */
LibvirtPoolRequest *libvirt_pool_inbox_take(LibvirtPoolInbox *self);
