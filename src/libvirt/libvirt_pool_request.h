/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_request: one request of a pool, and the inbox where its caller finds it once it has
 * ended.
 *
 * Knows nothing of threads and connections: libvirt_pool says when a request begins and ends. All
 * functions may be called from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "libvirt_connection.h"
#include "util/util_deadline.h"

typedef struct LibvirtPoolRequest LibvirtPoolRequest;
typedef struct LibvirtPoolInbox LibvirtPoolInbox;

/* What a request does, on a thread of the pool. If the connection is lost, it is called once more
 * with a new one. Sets @ret_outcome, which is without trouble before, if it fails. */
typedef void (*LibvirtPoolRequestWork)(LibvirtConnection *connection, void *data,
                                       LibvirtOutcome *ret_outcome);

LibvirtPoolRequest *libvirt_pool_request_ref(LibvirtPoolRequest *self);
/* Takes NULL. */
void libvirt_pool_request_unref(LibvirtPoolRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPoolRequest, libvirt_pool_request_unref)

/* True once it has ended: then its data and outcome may be read, and do not change any more. */
bool libvirt_pool_request_has_ended(LibvirtPoolRequest *self);
void *libvirt_pool_request_data(LibvirtPoolRequest *self);
const LibvirtOutcome *libvirt_pool_request_outcome(LibvirtPoolRequest *self);

/* Monotonic, in µs: when libvirt was asked; 0: the request waits for a thread or for the
 * connection. */
int64_t libvirt_pool_request_asked_us(LibvirtPoolRequest *self);

/* Where the requests of one waiting thread end. NULL if the system gives no descriptor. */
LibvirtPoolInbox *libvirt_pool_inbox_new(void);
/* Requests that end later go nowhere. Takes NULL. */
void libvirt_pool_inbox_free(LibvirtPoolInbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPoolInbox, libvirt_pool_inbox_free)
/* Readable while requests are in it, and until libvirt_pool_inbox_take() has given NULL. */
int libvirt_pool_inbox_fd(const LibvirtPoolInbox *self);
/* The next request that has ended, a reference of the caller's; NULL if there is none. */
LibvirtPoolRequest *libvirt_pool_inbox_take(LibvirtPoolInbox *self);

/* For libvirt_pool alone. @pool is unreferenced with @unref_pool when the request is freed. */
LibvirtPoolRequest *libvirt_pool_request_new(LibvirtPoolRequestWork work, void *take_data,
                                             GDestroyNotify free_data, LibvirtPoolInbox *inbox);
void libvirt_pool_request_set_pool(LibvirtPoolRequest *self, void *take_pool,
                                   GDestroyNotify unref_pool);
void *libvirt_pool_request_pool(const LibvirtPoolRequest *self);
bool libvirt_pool_request_await(LibvirtPoolRequest *self, UtilDeadline deadline);
/* Its caller does not want it any more: its inbox does not get it. */
void libvirt_pool_request_abandon(LibvirtPoolRequest *self);
bool libvirt_pool_request_is_abandoned(LibvirtPoolRequest *self);
/* Asks libvirt, and gives what came of it. */
LibvirtOutcome libvirt_pool_request_run(LibvirtPoolRequest *self, LibvirtConnection *connection);
/* It waits again. */
void libvirt_pool_request_undo(LibvirtPoolRequest *self);
void libvirt_pool_request_end(LibvirtPoolRequest *self, LibvirtOutcome *take_outcome);
