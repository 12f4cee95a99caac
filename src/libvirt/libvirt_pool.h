/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool: asks one libvirt many things at a time, each over a connection of its own.
 *
 * libvirt's calls block and know no deadline, so each request runs on a thread of the pool, and its
 * caller waits for it no longer than it likes. Threads end when no request is left, so that nothing
 * runs between two calls. One that libvirt does not answer keeps its thread, which sleeps, until
 * libvirt does; nobody waits for it, and it counts as under way.
 *
 * Some requests are about a domain: they may wait for its QEMU, and for a worker of libvirt. Those
 * of the daemon itself wait for neither; only a domain that libvirt has locked while it waits for
 * storage holds them up.
 *
 * All functions may be called from any thread. None asks libvirt on its caller's.
 */
#pragma once

#include "libvirt_pool_request.h"

typedef struct LibvirtPool LibvirtPool;

/* How much of a libvirt a pool may use. A member that is 0 has its default. */
typedef struct {
    unsigned int n_requests; /* under way at a time, at most, each on a connection of its own; 10,
                                half of libvirt's workers; 2 at least. One of them is kept for
                                requests of the daemon */
    unsigned int n_first;    /* the same while libvirt answers them all; by the processors */
    unsigned int late_ms;    /* after which an answer about several domains is late; by how long
                                such an answer took before */
    unsigned int close_ms;   /* for connections to close when the last owner leaves; 200, but 2000
                                if libvirt has answered all that it was asked */
} LibvirtPoolLimits;

/* Does not connect yet. @limits may be NULL. */
LibvirtPool *libvirt_pool_new(const char *uri, const LibvirtPoolLimits *limits);
LibvirtPool *libvirt_pool_ref(LibvirtPool *self);
/* The last owner closes: requests that wait fail, and the connections are closed, for which it
 * waits close_ms at most. Before that it waits for an answer about several domains of which each
 * has answered by itself, until that has been late for a second. A request under way keeps its
 * connection open until it ends; what needs the pool longer holds no reference but its request.
 * Takes NULL. */
void libvirt_pool_unref(LibvirtPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtPool, libvirt_pool_unref)

const char *libvirt_pool_uri(const LibvirtPool *self);

/* What requests that are asked now may expect. */
typedef enum {
    LIBVIRT_POOL_READY,
    LIBVIRT_POOL_CONNECTING, /* there is no connection yet, but for less than half a second */
    LIBVIRT_POOL_FULL,       /* libvirt answers none of as many requests about domains as may be
                                under way: others about domains wait until it answers one */
    LIBVIRT_POOL_SILENT, /* libvirt does not answer at all: a connect, or a request of the daemon
                            and those asked later. All wait until it does: nothing is sent to it
                            meanwhile */
} LibvirtPoolState;

LibvirtPoolState libvirt_pool_state(LibvirtPool *self);

/* How many of its connections libvirt has ended so far: as long as that is the same, so is
 * libvirt's daemon, and a domain's id is that of the same run. */
unsigned int libvirt_pool_n_lost(LibvirtPool *self);

/* How long it is fair to wait for a request that is asked now: until @deadline, but a short time
 * only if libvirt is silent since before. */
UtilDeadline libvirt_pool_fair(LibvirtPool *self, UtilDeadline deadline);

/* To be called every 20 ms or so while requests are waited for by an inbox: if requests wait and
 * libvirt does not answer those under way, more are sent, within the limits. */
void libvirt_pool_look_after(LibvirtPool *self);

/* Closes the connections, each once no request is under way on it, also one that is being opened. A
 * later request opens another one. */
void libvirt_pool_disconnect(LibvirtPool *self);

/* Queues a request about a domain, which it gives: a reference of the caller's. @take_data is freed
 * with @free_data when nobody needs it any more. When the request has ended, @inbox, which may be
 * NULL, gets a reference to it.
 *
 * If the connection is lost, the request is asked once more over a new one. If libvirt cannot be
 * connected to, all requests that wait fail likewise, so that it is tried once a call, not once
 * a request. */
LibvirtPoolRequest *libvirt_pool_ask(LibvirtPool *self, LibvirtPoolRequestWork work,
                                     void *take_data, GDestroyNotify free_data,
                                     LibvirtPoolInbox *inbox);
/* The same for a request of a kind, which may be asked together with others about domains; see
 * libvirt_pool_request. If the answer about several is late, or one of them was cancelled, libvirt
 * is asked for each of the others by itself as well, and the first answer counts. */
typedef struct {
    const LibvirtPoolRequestKind *kind;
    void *take_data;
    GDestroyNotify free_data;
    bool may_share;        /* else it is asked by itself */
    UtilDeadline deadline; /* of the call that wants it: an answer about several is late before */
    LibvirtPoolInbox *inbox;
} LibvirtPoolKindQuestion;

LibvirtPoolRequest *libvirt_pool_ask_of_kind(LibvirtPool *self,
                                             const LibvirtPoolKindQuestion *question);
/* The same for a request of the daemon, which goes before those about domains. @work NULL: connects
 * only. */
LibvirtPoolRequest *libvirt_pool_ask_daemon(LibvirtPool *self, LibvirtPoolRequestWork work,
                                            void *take_data, GDestroyNotify free_data,
                                            LibvirtPoolInbox *inbox);

/* Waits until it has ended: then true. Looks after the pool meanwhile. */
bool libvirt_pool_request_wait(LibvirtPoolRequest *self, UtilDeadline deadline);

/* Takes back a request that waits: true, and libvirt is not asked. Its inbox, if it has not got it
 * yet, does not get it any more, in either case. */
bool libvirt_pool_request_cancel(LibvirtPoolRequest *self);
