/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_run: see libvirt_pool_run.h. Owns the entry and what libvirt has said about each of
 * its requests.
 *
 * The requests of an entry do not change while libvirt is asked. Its member "late" may be set
 * meanwhile, under the pool's lock: then each request is asked by itself too, and ends with the
 * answer that comes first.
 */
#include "libvirt_pool_run.h"

struct LibvirtPoolRun {
    LibvirtPoolQueueEntry *entry;
    LibvirtPoolRequestPart *parts; /* of each request */
    bool *goes_on;                 /* of each: it does not end with this call */
    bool is_lost;                  /* the connection */
};

LibvirtPoolRun *
libvirt_pool_run_new(LibvirtPoolQueueEntry *take_entry)
{
    LibvirtPoolRun *self = g_new0(LibvirtPoolRun, 1);

    self->entry = take_entry;
    self->parts = g_new0(LibvirtPoolRequestPart, take_entry->requests->len);
    self->goes_on = g_new0(bool, take_entry->requests->len);
    return self;
}

static LibvirtPoolRequest *
request_at(const LibvirtPoolRun *self, guint i)
{
    return g_ptr_array_index(self->entry->requests, i);
}

static bool
has_trouble(const LibvirtPoolRun *self)
{
    for (guint i = 0; i < self->entry->requests->len; i++)
        if (self->parts[i].outcome.kind != LIBVIRT_OUTCOME_WELL)
            return true;
    return false;
}

bool
libvirt_pool_run_ask(LibvirtPoolRun *self, LibvirtConnection *connection)
{
    libvirt_pool_request_run((LibvirtPoolRequest *const *)self->entry->requests->pdata, self->parts,
                             self->entry->requests->len, connection);
    self->is_lost = has_trouble(self) && !libvirt_connection_is_alive(connection);
    return self->is_lost;
}

/* True if the call brought the answer to that request. */
static bool
is_well(const LibvirtPoolRun *self, guint i)
{
    return self->parts[i].outcome.kind == LIBVIRT_OUTCOME_WELL && !self->parts[i].is_open;
}

/* Those that were asked by themselves meanwhile go on, unless this call has their answer. */
static void
settle_late(LibvirtPoolRun *self, LibvirtPoolQueue *queue)
{
    for (guint i = 0; i < self->entry->requests->len; i++) {
        if (g_ptr_array_index(self->entry->late, i) == NULL)
            continue;
        self->goes_on[i] = !is_well(self, i);
        if (is_well(self, i))
            libvirt_pool_queue_remove(queue, request_at(self, i));
    }
}

/* Queues the requests again, that are wanted, each by itself: libvirt may have ended because of one
 * of them. */
static void
queue_lost(LibvirtPoolRun *self, LibvirtPoolQueue *queue)
{
    for (guint i = 0; i < self->entry->requests->len; i++) {
        LibvirtPoolRequest *request = request_at(self, i);
        LibvirtPoolQueueEntry *again = NULL;

        self->goes_on[i] = !libvirt_pool_request_is_abandoned(request);
        if (!self->goes_on[i])
            continue;
        libvirt_pool_request_begin(request, 0);
        again = libvirt_pool_queue_new_entry(libvirt_pool_request_ref(request),
                                             self->entry->is_daemons);
        libvirt_pool_queue_push_again(queue, again);
    }
}

static void
queue_open(LibvirtPoolRun *self, LibvirtPoolQueue *queue)
{
    for (guint i = self->entry->requests->len; i-- > 0;) {
        LibvirtPoolRequest *request = request_at(self, i);

        self->goes_on[i] = self->parts[i].is_open && !libvirt_pool_request_is_abandoned(request);
        if (!self->goes_on[i])
            continue;
        libvirt_pool_request_begin(request, 0);
        libvirt_pool_queue_push_alone(queue, request);
    }
}

void
libvirt_pool_run_ask_again(LibvirtPoolRun *self, LibvirtPoolQueue *queue)
{
    if (self->entry->late != NULL)
        settle_late(self, queue);
    else if (self->is_lost && !self->entry->was_lost)
        queue_lost(self, queue);
    else if (!self->is_lost)
        queue_open(self, queue);
}

/* Ends what waits for this call alone. */
static void
end_late(LibvirtPoolRun *self, guint i)
{
    LibvirtPoolRequest *late = self->entry->late ? g_ptr_array_index(self->entry->late, i) : NULL;
    LibvirtPoolRequestPart nothing = {0};

    if (late != NULL)
        libvirt_pool_request_end(late, &nothing);
}

void
libvirt_pool_run_free(LibvirtPoolRun *self)
{
    for (guint i = 0; i < self->entry->requests->len; i++) {
        LibvirtPoolRequestPart *part = &self->parts[i];

        end_late(self, i);
        if (self->is_lost)
            part->outcome.kind = LIBVIRT_OUTCOME_LOST;
        if (self->goes_on[i])
            libvirt_pool_request_drop(request_at(self, i), part);
        else
            libvirt_pool_request_end(request_at(self, i), part);
    }
    libvirt_pool_queue_free_entry(self->entry);
    g_free(self->parts);
    g_free(self->goes_on);
    g_free(self);
}
