/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_queue: the requests of a pool that wait, those under way, and which may be sent
 * next.
 *
 * Asks libvirt nothing: libvirt_pool does so, under whose lock all of these functions are called.
 * Times are monotonic, in µs.
 */
#pragma once

#include "libvirt_pool_lines.h"
#include "libvirt_pool_request.h"

enum {
    LIBVIRT_POOL_QUEUE_STUCK_MS = 20, /* a request that takes longer is not counted on */
    LIBVIRT_POOL_QUEUE_TAKEN_MS = 50, /* after it, a worker of libvirt has surely taken a request */
    LIBVIRT_POOL_QUEUE_SILENT_MS =
        500, /* libvirt answers what waits for no QEMU in less than one */
    LIBVIRT_POOL_QUEUE_OUTRUN_MS = 1000, /* an answer that is later waits for a domain that hangs */
};

/* What is asked in one call: one request, or several about domains. */
typedef struct {
    GPtrArray *requests; /* LibvirtPoolRequest *, a reference each; does not change under way */
    GPtrArray *late;     /* the same, or NULL, of each of them: ends with this call, while the
                            request is asked by itself. NULL: none is */
    bool is_daemons;
    bool is_alone;         /* its request is not asked with others */
    bool was_lost;         /* with the connection on which it was asked */
    int64_t since_us;      /* when it was queued, last */
    int64_t asked_us;      /* when it was put under way */
    int64_t late_us;       /* when its answer is late */
    bool is_stuck;         /* its answer is late, and n_at_once has seen that */
    LibvirtPoolLine *line; /* while it is under way */
} LibvirtPoolQueueEntry;

typedef struct {
    GQueue *again;                /* LibvirtPoolQueueEntry *, of those whose connection was lost */
    GQueue *waiting;              /* the same, all others */
    GPtrArray *under_way;         /* the same */
    LibvirtPoolQueueEntry *probe; /* it waits, or is under way; NULL: there is none */
    unsigned int most;            /* under way at a time */
    unsigned int n_first;         /* the same, while libvirt answers them all */
    unsigned int n_at_once;       /* of most: so many may be sent before one of them is answered */
    unsigned int late_ms; /* when an answer about several is late; 0: by share_us and deadlines */
    int64_t share_us;     /* how long an answer takes for each domain of several; 0: not known */
    int64_t ended_us;     /* when one was answered last, or its connection was lost */
    int64_t answered_us;  /* of all that were answered: when the latest one was asked */
} LibvirtPoolQueue;

void libvirt_pool_queue_init(LibvirtPoolQueue *self, unsigned int most, unsigned int n_first);
/* It is empty. */
void libvirt_pool_queue_clear(LibvirtPoolQueue *self);

LibvirtPoolQueueEntry *libvirt_pool_queue_new_entry(LibvirtPoolRequest *take_request,
                                                    bool is_daemons);
void libvirt_pool_queue_free_entry(LibvirtPoolQueueEntry *entry);

/* Queues @take_entry, before those about domains if it is the daemon's; with again() if its
 * connection was lost. False, and it is the caller's, if too many wait. */
bool libvirt_pool_queue_push(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry);
void libvirt_pool_queue_push_again(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry);

unsigned int libvirt_pool_queue_n_waiting(const LibvirtPoolQueue *self);

/* True if libvirt may be silent, and no probe is there to find that out. */
bool libvirt_pool_queue_wants_probe(const LibvirtPoolQueue *self, int64_t now_us);
/* Queues a request that libvirt answers whatever its domains do. */
void libvirt_pool_queue_push_probe(LibvirtPoolQueue *self, LibvirtPoolRequest *take_request);

/* Queues @request before all others about domains, to be asked by itself. */
void libvirt_pool_queue_push_alone(LibvirtPoolQueue *self, LibvirtPoolRequest *request);

/* Removes @request. False if it does not wait. */
bool libvirt_pool_queue_remove(LibvirtPoolQueue *self, const LibvirtPoolRequest *request);
/* Those queued at @until_us or before, which the caller frees. */
GQueue *libvirt_pool_queue_take_older(LibvirtPoolQueue *self, int64_t until_us);

/* True if libvirt's workers can take one more, where @n_connecting connections are being opened.
 * Corrects first what is known of the workers, by the answers that are late. */
bool libvirt_pool_queue_check_workers(LibvirtPoolQueue *self, unsigned int n_connecting,
                                      int64_t now_us);
/* True if one may be sent, if there is a connection for it. */
bool libvirt_pool_queue_has_ready(LibvirtPoolQueue *self, int64_t now_us);
/* Puts the next ones under way, in one call; NULL: none may be sent, or @lines have no connection
 * for it. */
LibvirtPoolQueueEntry *libvirt_pool_queue_begin(LibvirtPoolQueue *self, const GPtrArray *lines,
                                                int64_t now_us);
/* Where the answer about several is late, or one of them is not wanted any more: queues each of the
 * others to be asked by itself. */
void libvirt_pool_queue_split(LibvirtPoolQueue *self, int64_t now_us);

/* True if an answer about several is late, though not for OUTRUN_MS, and each of them has been
 * answered by itself: it is about to come, and its connection can be closed in order then. */
bool libvirt_pool_queue_has_outrun(const LibvirtPoolQueue *self, int64_t now_us);
/* Takes @entry, which the caller frees or queues again, from those under way. */
void libvirt_pool_queue_end(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *entry, bool is_answered,
                            int64_t now_us);

/* How many of those under way libvirt has not answered for @ms. */
unsigned int libvirt_pool_queue_n_unanswered(const LibvirtPoolQueue *self, int64_t now_us,
                                             int64_t ms);
/* True if libvirt answers none of as many as may be under way about domains. */
bool libvirt_pool_queue_is_full(const LibvirtPoolQueue *self, int64_t now_us);
/* True if libvirt answers nothing at all. */
bool libvirt_pool_queue_is_silent(const LibvirtPoolQueue *self, int64_t now_us);
