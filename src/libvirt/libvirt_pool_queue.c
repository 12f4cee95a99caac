/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_queue: see libvirt_pool_queue.h.
 *
 * How libvirt is found to be silent: a request of the daemon waits for no QEMU. But that one of
 * them is late does not show it, since libvirt may have locked one domain, which holds up a list of
 * all. So N_PROBES requests about domains are sent after it. If libvirt answers one, all others are
 * sent too; if it answers none, it is silent, and nothing is sent until it answers something.
 */
#include "libvirt_pool_queue.h"

#include "libvirt_limits.h"

enum { N_PROBES = 4 };

void
libvirt_pool_queue_init(LibvirtPoolQueue *self, unsigned int most)
{
    *self = (LibvirtPoolQueue){.again = g_queue_new(),
                               .waiting = g_queue_new(),
                               .under_way = g_ptr_array_new(),
                               .most = most};
}

void
libvirt_pool_queue_clear(LibvirtPoolQueue *self)
{
    g_queue_free(self->again);
    g_queue_free(self->waiting);
    g_ptr_array_unref(self->under_way);
}

LibvirtPoolQueueEntry *
libvirt_pool_queue_new_entry(LibvirtPoolRequest *take_request, bool is_daemons)
{
    LibvirtPoolQueueEntry *entry = g_new0(LibvirtPoolQueueEntry, 1);

    entry->request = take_request;
    entry->is_daemons = is_daemons;
    return entry;
}

void
libvirt_pool_queue_free_entry(LibvirtPoolQueueEntry *entry)
{
    libvirt_pool_request_unref(entry->request);
    g_free(entry);
}

bool
libvirt_pool_queue_push(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry)
{
    if (self->waiting->length >= LIBVIRT_LIMIT_WAITING_REQUESTS)
        return false;
    take_entry->since_us = util_deadline_now_us();
    if (take_entry->is_daemons)
        g_queue_push_head(self->waiting, take_entry);
    else
        g_queue_push_tail(self->waiting, take_entry);
    return true;
}

void
libvirt_pool_queue_push_again(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry)
{
    take_entry->since_us = util_deadline_now_us();
    take_entry->was_lost = true;
    g_queue_push_tail(self->again, take_entry);
}

unsigned int
libvirt_pool_queue_n_waiting(const LibvirtPoolQueue *self)
{
    return self->again->length + self->waiting->length;
}

static int
compare_request(gconstpointer a, gconstpointer b)
{
    const LibvirtPoolQueueEntry *entry = a;

    return entry->request == b ? 0 : 1;
}

/* Takes the entry of @request out of @entries; NULL if it is not there. */
static LibvirtPoolQueueEntry *
remove_from(GQueue *entries, const LibvirtPoolRequest *request)
{
    GList *found = g_queue_find_custom(entries, request, compare_request);
    LibvirtPoolQueueEntry *entry = found ? found->data : NULL;

    if (found != NULL)
        g_queue_delete_link(entries, found);
    return entry;
}

LibvirtPoolQueueEntry *
libvirt_pool_queue_remove(LibvirtPoolQueue *self, const LibvirtPoolRequest *request)
{
    LibvirtPoolQueueEntry *entry = remove_from(self->waiting, request);

    return entry ? entry : remove_from(self->again, request);
}

static void
take_older(GQueue *entries, int64_t until_us, GQueue *taken)
{
    for (guint n = entries->length; n > 0; n--) {
        LibvirtPoolQueueEntry *entry = g_queue_pop_head(entries);

        g_queue_push_tail(entry->since_us <= until_us ? taken : entries, entry);
    }
}

GQueue *
libvirt_pool_queue_take_older(LibvirtPoolQueue *self, int64_t until_us)
{
    GQueue *taken = g_queue_new();

    take_older(self->again, until_us, taken);
    take_older(self->waiting, until_us, taken);
    return taken;
}

static bool
has_waited(const LibvirtPoolQueueEntry *entry, int64_t now_us, int64_t ms)
{
    return now_us - entry->asked_us >= ms * 1000;
}

unsigned int
libvirt_pool_queue_n_unanswered(const LibvirtPoolQueue *self, int64_t now_us, int64_t ms)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->under_way->len; i++)
        n += has_waited(g_ptr_array_index(self->under_way, i), now_us, ms) ? 1 : 0;
    return n;
}

/* Whether one more request may be under way. */
static bool
has_room(const LibvirtPoolQueue *self, bool is_daemons)
{
    return self->under_way->len < self->most - (is_daemons ? 0 : 1);
}

bool
libvirt_pool_queue_is_full(const LibvirtPoolQueue *self, int64_t now_us)
{
    return !has_room(self, false) &&
           libvirt_pool_queue_n_unanswered(self, now_us, LIBVIRT_POOL_QUEUE_STUCK_MS) ==
               self->under_way->len;
}

/* The request of the daemon that has waited longest for its answer, and that long enough, if
 * nothing was answered that was asked after it; NULL: there is none. */
static const LibvirtPoolQueueEntry *
find_late(const LibvirtPoolQueue *self, int64_t now_us)
{
    const LibvirtPoolQueueEntry *late = NULL;

    for (guint i = 0; i < self->under_way->len; i++) {
        const LibvirtPoolQueueEntry *entry = g_ptr_array_index(self->under_way, i);

        if (entry->is_daemons && has_waited(entry, now_us, LIBVIRT_POOL_QUEUE_SILENT_MS) &&
            (late == NULL || entry->asked_us < late->asked_us))
            late = entry;
    }
    return late != NULL && self->answered_us < late->asked_us ? late : NULL;
}

/* How many were asked after @late, and have waited for @ms. */
static unsigned int
count_probes(const LibvirtPoolQueue *self, const LibvirtPoolQueueEntry *late, int64_t now_us,
             int64_t ms)
{
    unsigned int n = 0;

    for (guint i = 0; i < self->under_way->len; i++) {
        const LibvirtPoolQueueEntry *entry = g_ptr_array_index(self->under_way, i);

        n += entry->asked_us > late->asked_us && has_waited(entry, now_us, ms) ? 1 : 0;
    }
    return n;
}

bool
libvirt_pool_queue_is_silent(const LibvirtPoolQueue *self, int64_t now_us)
{
    const LibvirtPoolQueueEntry *late = find_late(self, now_us);

    return late != NULL &&
           (count_probes(self, late, now_us, LIBVIRT_POOL_QUEUE_STUCK_MS) >= N_PROBES ||
            !has_room(self, false));
}

/* The first of @entries, if it may be sent; else NULL. */
static LibvirtPoolQueueEntry *
peek(const LibvirtPoolQueue *self, GQueue *entries, int64_t now_us)
{
    LibvirtPoolQueueEntry *entry = g_queue_peek_head(entries);
    const LibvirtPoolQueueEntry *late = find_late(self, now_us);

    if (entry == NULL || (late != NULL && count_probes(self, late, now_us, 0) >= N_PROBES))
        return NULL;
    return has_room(self, entry->is_daemons) ? entry : NULL;
}

bool
libvirt_pool_queue_has_ready(LibvirtPoolQueue *self, int64_t now_us)
{
    return peek(self, self->again, now_us) != NULL || peek(self, self->waiting, now_us) != NULL;
}

static LibvirtPoolQueueEntry *
put_under_way(LibvirtPoolQueue *self, GQueue *entries, LibvirtPoolLine *line, int64_t now_us)
{
    LibvirtPoolQueueEntry *entry = g_queue_pop_head(entries);

    entry->line = line;
    entry->asked_us = now_us;
    line->is_busy = true;
    g_ptr_array_add(self->under_way, entry);
    return entry;
}

LibvirtPoolQueueEntry *
libvirt_pool_queue_begin(LibvirtPoolQueue *self, const GPtrArray *lines, int64_t now_us)
{
    const LibvirtPoolQueueEntry *again = peek(self, self->again, now_us);
    LibvirtPoolLine *line = NULL;

    if (again != NULL)
        line = libvirt_pool_lines_find(lines, again->since_us);
    if (line != NULL)
        return put_under_way(self, self->again, line, now_us);
    if (peek(self, self->waiting, now_us) != NULL)
        line = libvirt_pool_lines_find(lines, 0);
    return line ? put_under_way(self, self->waiting, line, now_us) : NULL;
}

void
libvirt_pool_queue_end(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *entry, bool is_answered)
{
    g_ptr_array_remove_fast(self->under_way, entry);
    entry->line->is_busy = false;
    entry->line = NULL;
    if (is_answered)
        self->answered_us = MAX(self->answered_us, entry->asked_us);
}
