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

/* One request of several that are asked together. */
typedef struct {
    const void *data;       /* of the request */
    LibvirtOutcome outcome; /* without trouble before */
    void *answer;           /* NULL before */
    bool is_open; /* libvirt's answer tells nothing of this one, which is asked again by itself. It
                     stays false of one that is asked alone */
} LibvirtPoolRequestPart;

/* Requests of one kind, which may be asked together. They may be asked at several places at once,
 * so that their data do not change. */
typedef struct {
    /* On a thread of the pool. The same request may be in two calls at a time. */
    void (*run)(LibvirtConnection *connection, LibvirtPoolRequestPart *parts, unsigned int n_parts);
    bool (*may_join)(const void *data, const void *other);
    GDestroyNotify free_answer;
} LibvirtPoolRequestKind;

LibvirtPoolRequest *libvirt_pool_request_ref(LibvirtPoolRequest *self);
/* Takes NULL. */
void libvirt_pool_request_unref(LibvirtPoolRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPoolRequest, libvirt_pool_request_unref)

/* True once it has ended: then its data and outcome may be read, and do not change any more. */
bool libvirt_pool_request_has_ended(LibvirtPoolRequest *self);
void *libvirt_pool_request_data(LibvirtPoolRequest *self);
/* Of a request of a kind: what it brought; NULL if it failed. Borrowed. */
void *libvirt_pool_request_answer(LibvirtPoolRequest *self);
const LibvirtOutcome *libvirt_pool_request_outcome(LibvirtPoolRequest *self);

/* Monotonic, in µs: when libvirt was asked; 0: the request waits for a thread or for the
 * connection. */
int64_t libvirt_pool_request_asked_us(LibvirtPoolRequest *self);

/* True while libvirt is asked for it together with others. */
bool libvirt_pool_request_is_shared(LibvirtPoolRequest *self);
/* If libvirt was asked for it by itself since the answer about it and others did not come: what
 * ends when that answer comes. A reference of the caller's; NULL: else. */
LibvirtPoolRequest *libvirt_pool_request_ref_late(LibvirtPoolRequest *self);

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
/* @may_share: it may be asked together with others of its kind. */
LibvirtPoolRequest *libvirt_pool_request_new_of_kind(const LibvirtPoolRequestKind *kind,
                                                     bool may_share, UtilDeadline deadline,
                                                     void *take_data, GDestroyNotify free_data,
                                                     LibvirtPoolInbox *inbox);
void libvirt_pool_request_set_pool(LibvirtPoolRequest *self, void *take_pool,
                                   GDestroyNotify unref_pool);
void *libvirt_pool_request_pool(const LibvirtPoolRequest *self);
bool libvirt_pool_request_await(LibvirtPoolRequest *self, UtilDeadline deadline);
/* True if one call may ask for both. */
bool libvirt_pool_request_may_join(const LibvirtPoolRequest *self, const LibvirtPoolRequest *other);
/* The end of the call that wants it; of one that is of no kind: no end. */
UtilDeadline libvirt_pool_request_deadline(const LibvirtPoolRequest *self);
/* Its caller does not want it any more: its inbox does not get it. */
void libvirt_pool_request_abandon(LibvirtPoolRequest *self);
bool libvirt_pool_request_is_abandoned(LibvirtPoolRequest *self);
/* It is asked by itself from now on. Gives what is to be ended with the call that was about it and
 * others: a reference. */
LibvirtPoolRequest *libvirt_pool_request_split(LibvirtPoolRequest *self);
/* Libvirt is asked now, for so many at once; 0: it waits again. */
void libvirt_pool_request_begin(LibvirtPoolRequest *self, unsigned int n_shared);
/* Asks libvirt, and sets what comes of it: of @n requests, which are of one kind if they are
 * several. */
void libvirt_pool_request_run(LibvirtPoolRequest *const *requests, LibvirtPoolRequestPart *parts,
                              unsigned int n, LibvirtConnection *connection);
/* Clears @part, which is of @self. */
void libvirt_pool_request_drop(const LibvirtPoolRequest *self, LibvirtPoolRequestPart *part);
/* The same, and ends @self with it, unless it has ended before. */
void libvirt_pool_request_end(LibvirtPoolRequest *self, LibvirtPoolRequestPart *part);
