/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt_pool_queue: see libvirt_pool_queue.h.
 *
 * How libvirt is found to be silent: a request of the daemon waits for no QEMU. But that one of
 * them is late does not show it, since libvirt may have locked one domain, which holds up a list of
 * all. So a probe is sent after it, which waits for no domain either. If libvirt answers that, all
 * others are sent too; if it does not, it is silent, and nothing is sent until it answers
 * something.
 *
 * Requests that wait and may share a call go together: SHARES_PART of them for each of the calls
 * that may be under way while all is well, so that the last calls of many end at about the same
 * time. The answer about several is late after LATE_MS and LATE_FACTOR times what such an answer
 * took before, or a part of what is left to the calls that want it. Then one of the domains may
 * hang, so each of them is asked by itself. The call under way keeps one of libvirt's workers, as
 * that for one domain would; its answer, if it comes first, is good for all.
 *
 * libvirt starts a worker for a request that finds none free, up to its max_workers, but none for a
 * request that finds another one waiting for a worker. If the worker of that other one then hangs,
 * the daemon serves nobody any more, though it might start workers. So what is sent at once never
 * exceeds the workers known to be free by more than one: one request to begin with; with an answer
 * about domains as many as were under way, each of which has a worker or gets the one that is free
 * now, and one more; one less when an answer is late, whose worker is not free; and one again when
 * nothing was asked for a while, since others use the workers too. Answers of the daemon show
 * nothing there: libvirt has workers of its own for them. A late request does not count any more
 * after TAKEN_MS, when a worker has it.
 */
#include "libvirt_pool_queue.h"

#include "libvirt_limits.h"

enum {
    SHARES_PART = 2,
    N_SHARED = 16, /* domains of one call at most: a message of some 100 KB */
    N_SHARED_LEAST = 2,
    LATE_MS = 50,
    LATE_FACTOR = 4,
    LATE_DIVISOR = 4,           /* of the time that is left */
    FIRST_SHARE_US = 10 * 1000, /* before an answer has come */
    SMOOTHING = 4,              /* a new answer counts for this part */
};

void
libvirt_pool_queue_init(LibvirtPoolQueue *self, unsigned int most, unsigned int n_first)
{
    *self = (LibvirtPoolQueue){.again = g_queue_new(),
                               .waiting = g_queue_new(),
                               .under_way = g_ptr_array_new(),
                               .most = most,
                               .n_first = n_first,
                               .n_at_once = 1};
}

void
libvirt_pool_queue_clear(LibvirtPoolQueue *self)
{
    g_queue_free(self->again);
    g_queue_free(self->waiting);
    g_ptr_array_unref(self->under_way);
}

static void
unref_request(gpointer data)
{
    libvirt_pool_request_unref(data);
}

LibvirtPoolQueueEntry *
libvirt_pool_queue_new_entry(LibvirtPoolRequest *take_request, bool is_daemons)
{
    LibvirtPoolQueueEntry *entry = g_new0(LibvirtPoolQueueEntry, 1);

    entry->requests = g_ptr_array_new_with_free_func(unref_request);
    g_ptr_array_add(entry->requests, take_request);
    entry->is_daemons = is_daemons;
    return entry;
}

void
libvirt_pool_queue_free_entry(LibvirtPoolQueueEntry *entry)
{
    g_ptr_array_unref(entry->requests);
    if (entry->late != NULL)
        g_ptr_array_unref(entry->late);
    g_free(entry);
}

/* Adds @entry to @entries, before those about domains if it is the daemon's, but after a probe. */
static void
push(const LibvirtPoolQueue *self, GQueue *entries, LibvirtPoolQueueEntry *entry)
{
    entry->since_us = util_deadline_now_us();
    if (!entry->is_daemons)
        g_queue_push_tail(entries, entry);
    else if (self->probe != NULL && g_queue_peek_head(entries) == self->probe)
        g_queue_insert_after(entries, entries->head, entry);
    else
        g_queue_push_head(entries, entry);
}

void
libvirt_pool_queue_push_probe(LibvirtPoolQueue *self, LibvirtPoolRequest *take_request)
{
    LibvirtPoolQueueEntry *probe = libvirt_pool_queue_new_entry(take_request, true);

    push(self, self->waiting, probe);
    self->probe = probe;
}

/* To be called when @entry is no longer in the queue. */
static void
forget_probe(LibvirtPoolQueue *self, const LibvirtPoolQueueEntry *entry)
{
    if (self->probe == entry)
        self->probe = NULL;
}

bool
libvirt_pool_queue_push(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry)
{
    if (self->waiting->length >= LIBVIRT_LIMIT_WAITING_REQUESTS)
        return false;
    push(self, self->waiting, take_entry);
    return true;
}

void
libvirt_pool_queue_push_again(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *take_entry)
{
    take_entry->was_lost = true;
    take_entry->is_alone = true;
    push(self, self->again, take_entry);
}

/* Adds @entry before all of @entries that are about domains. */
static void
push_after_daemons(GQueue *entries, LibvirtPoolQueueEntry *entry)
{
    GList *link = entries->head;

    while (link != NULL && ((const LibvirtPoolQueueEntry *)link->data)->is_daemons)
        link = link->next;
    g_queue_insert_before(entries, link, entry);
}

void
libvirt_pool_queue_push_alone(LibvirtPoolQueue *self, LibvirtPoolRequest *request)
{
    LibvirtPoolQueueEntry *entry =
        libvirt_pool_queue_new_entry(libvirt_pool_request_ref(request), false);

    entry->since_us = util_deadline_now_us();
    entry->is_alone = true;
    push_after_daemons(self->waiting, entry);
}

unsigned int
libvirt_pool_queue_n_waiting(const LibvirtPoolQueue *self)
{
    return self->again->length + self->waiting->length;
}

/* Takes @request out of @entries; false if it is not there. */
static bool
remove_from(GQueue *entries, const LibvirtPoolRequest *request)
{
    for (GList *link = entries->head; link != NULL; link = link->next) {
        LibvirtPoolQueueEntry *entry = link->data;
        guint place = 0;

        if (!g_ptr_array_find(entry->requests, request, &place))
            continue;
        g_ptr_array_remove_index(entry->requests, place);
        if (entry->requests->len == 0) {
            g_queue_delete_link(entries, link);
            libvirt_pool_queue_free_entry(entry);
        }
        return true;
    }
    return false;
}

bool
libvirt_pool_queue_remove(LibvirtPoolQueue *self, const LibvirtPoolRequest *request)
{
    return remove_from(self->waiting, request) || remove_from(self->again, request);
}

static void
take_older(LibvirtPoolQueue *self, GQueue *entries, int64_t until_us, GQueue *taken)
{
    for (guint n = entries->length; n > 0; n--) {
        LibvirtPoolQueueEntry *entry = g_queue_pop_head(entries);

        g_queue_push_tail(entry->since_us <= until_us ? taken : entries, entry);
        if (entry->since_us <= until_us)
            forget_probe(self, entry);
    }
}

GQueue *
libvirt_pool_queue_take_older(LibvirtPoolQueue *self, int64_t until_us)
{
    GQueue *taken = g_queue_new();

    take_older(self, self->again, until_us, taken);
    take_older(self, self->waiting, until_us, taken);
    return taken;
}

/* True if it was asked @ms ago and its answer is late; with 0 ms, if it was asked. */
static bool
has_waited(const LibvirtPoolQueueEntry *entry, int64_t now_us, int64_t ms)
{
    return ms == 0 || (now_us - entry->asked_us >= ms * 1000 && now_us >= entry->late_us);
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

/* The request of the daemon that has waited longest for its answer, and that long enough, of those
 * after which nothing was asked that was answered; NULL: there is none. */
static const LibvirtPoolQueueEntry *
find_late(const LibvirtPoolQueue *self, int64_t now_us)
{
    const LibvirtPoolQueueEntry *late = NULL;

    for (guint i = 0; i < self->under_way->len; i++) {
        const LibvirtPoolQueueEntry *entry = g_ptr_array_index(self->under_way, i);

        if (entry->is_daemons && entry->asked_us > self->answered_us &&
            has_waited(entry, now_us, LIBVIRT_POOL_QUEUE_SILENT_MS) &&
            (late == NULL || entry->asked_us < late->asked_us))
            late = entry;
    }
    return late;
}

bool
libvirt_pool_queue_wants_probe(const LibvirtPoolQueue *self, int64_t now_us)
{
    return self->probe == NULL && find_late(self, now_us) != NULL;
}

bool
libvirt_pool_queue_is_silent(const LibvirtPoolQueue *self, int64_t now_us)
{
    const LibvirtPoolQueueEntry *probe = self->probe;

    if (find_late(self, now_us) == NULL)
        return false;
    return !has_room(self, true) || (probe != NULL && probe->line != NULL &&
                                     has_waited(probe, now_us, LIBVIRT_POOL_QUEUE_TAKEN_MS));
}

/* The first of @entries, if it may be sent; else NULL. */
static LibvirtPoolQueueEntry *
peek(const LibvirtPoolQueue *self, GQueue *entries, int64_t now_us)
{
    LibvirtPoolQueueEntry *entry = g_queue_peek_head(entries);

    if (entry == NULL || (entry != self->probe && find_late(self, now_us) != NULL))
        return NULL;
    return has_room(self, entry->is_daemons) ? entry : NULL;
}

bool
libvirt_pool_queue_has_ready(LibvirtPoolQueue *self, int64_t now_us)
{
    return peek(self, self->again, now_us) != NULL || peek(self, self->waiting, now_us) != NULL;
}

bool
libvirt_pool_queue_check_workers(LibvirtPoolQueue *self, unsigned int n_connecting, int64_t now_us)
{
    unsigned int n_fresh = n_connecting;

    for (guint i = 0; i < self->under_way->len; i++) {
        LibvirtPoolQueueEntry *entry = g_ptr_array_index(self->under_way, i);

        if (!has_waited(entry, now_us, LIBVIRT_POOL_QUEUE_TAKEN_MS)) {
            n_fresh++;
        } else if (!entry->is_stuck) {
            entry->is_stuck = true;
            self->n_at_once = MAX(self->n_at_once - 1, 1);
        }
    }
    if (n_fresh == 0 && now_us - self->ended_us > LIBVIRT_POOL_QUEUE_STUCK_MS * 1000)
        self->n_at_once = 1;
    return n_fresh < self->n_at_once;
}

/* How many domains the next call should be about: several only if there is room for another call,
 * in which each of them could be asked by itself, and if it is not to find out whether libvirt
 * answers. */
static guint
choose_size(const LibvirtPoolQueue *self, int64_t now_us)
{
    guint n_calls = self->n_first > 1 ? SHARES_PART * self->n_first : 1;
    guint part = self->waiting->length / n_calls;

    if (find_late(self, now_us) != NULL || self->under_way->len + 2 > self->most - 1 ||
        (self->n_first > 1 && self->n_at_once == 1))
        return 1;
    return CLAMP(part, N_SHARED_LEAST, N_SHARED);
}

/* Adds the requests that wait next and may share a call with that of @entry. */
static void
join_more(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *entry, guint size)
{
    LibvirtPoolQueueEntry *next = NULL;

    while (!entry->is_alone && entry->requests->len < size &&
           (next = g_queue_peek_head(self->waiting)) != NULL && !next->is_alone &&
           libvirt_pool_request_may_join(entry->requests->pdata[0], next->requests->pdata[0])) {
        g_queue_pop_head(self->waiting);
        g_ptr_array_add(entry->requests,
                        libvirt_pool_request_ref(g_ptr_array_index(next->requests, 0)));
        libvirt_pool_queue_free_entry(next);
    }
}

/* When the answer to @entry, which is asked at @now_us, is late. */
static int64_t
find_late_us(const LibvirtPoolQueue *self, const LibvirtPoolQueueEntry *entry, int64_t now_us)
{
    int64_t n = entry->requests->len;
    int64_t share_us = self->share_us > 0 ? self->share_us : FIRST_SHARE_US;
    int64_t patience_us = LATE_MS * 1000 + LATE_FACTOR * n * share_us;

    if (n == 1)
        return now_us + LIBVIRT_POOL_QUEUE_STUCK_MS * 1000;
    if (self->late_ms > 0)
        return now_us + (int64_t)self->late_ms * 1000;
    for (guint i = 0; i < entry->requests->len; i++) {
        int64_t until_us =
            libvirt_pool_request_deadline(g_ptr_array_index(entry->requests, i)).at_us;

        patience_us = MIN(patience_us, (until_us - now_us) / LATE_DIVISOR);
    }
    return now_us + MAX(patience_us, LIBVIRT_POOL_QUEUE_STUCK_MS * 1000);
}

static LibvirtPoolQueueEntry *
put_under_way(LibvirtPoolQueue *self, GQueue *entries, LibvirtPoolLine *line, int64_t now_us)
{
    guint size = choose_size(self, now_us);
    LibvirtPoolQueueEntry *entry = g_queue_pop_head(entries);

    if (entries == self->waiting)
        join_more(self, entry, size);
    for (guint i = 0; i < entry->requests->len; i++)
        libvirt_pool_request_begin(g_ptr_array_index(entry->requests, i), entry->requests->len);
    entry->line = line;
    entry->asked_us = now_us;
    entry->late_us = find_late_us(self, entry, now_us);
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

static bool
has_unwanted(const LibvirtPoolQueueEntry *entry)
{
    for (guint i = 0; i < entry->requests->len; i++)
        if (libvirt_pool_request_is_abandoned(g_ptr_array_index(entry->requests, i)))
            return true;
    return false;
}

/* From now on the answer is late: the thread that waits for it is not counted on. */
static void
split(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *entry, int64_t now_us)
{
    entry->late_us = MIN(entry->late_us, now_us);
    entry->late = g_ptr_array_new_with_free_func(unref_request);
    g_ptr_array_set_size(entry->late, (gint)entry->requests->len);
    for (guint i = entry->requests->len; i-- > 0;) {
        LibvirtPoolRequest *request = g_ptr_array_index(entry->requests, i);

        if (libvirt_pool_request_is_abandoned(request))
            continue;
        g_ptr_array_index(entry->late, i) = libvirt_pool_request_split(request);
        libvirt_pool_queue_push_alone(self, request);
    }
}

void
libvirt_pool_queue_split(LibvirtPoolQueue *self, int64_t now_us)
{
    for (guint i = 0; i < self->under_way->len; i++) {
        LibvirtPoolQueueEntry *entry = g_ptr_array_index(self->under_way, i);

        if (entry->requests->len > 1 && entry->late == NULL &&
            (now_us >= entry->late_us || has_unwanted(entry)))
            split(self, entry, now_us);
    }
}

static bool
is_outrun(const LibvirtPoolQueueEntry *entry, int64_t now_us)
{
    if (entry->late == NULL || now_us >= entry->late_us + LIBVIRT_POOL_QUEUE_OUTRUN_MS * 1000)
        return false;
    for (guint i = 0; i < entry->requests->len; i++)
        if (!libvirt_pool_request_has_ended(g_ptr_array_index(entry->requests, i)))
            return false;
    return true;
}

bool
libvirt_pool_queue_has_outrun(const LibvirtPoolQueue *self, int64_t now_us)
{
    for (guint i = 0; i < self->under_way->len; i++)
        if (is_outrun(g_ptr_array_index(self->under_way, i), now_us))
            return true;
    return false;
}

/* Notes how long the answer to @entry took. One that took very long counts for little. */
static void
note_share(LibvirtPoolQueue *self, const LibvirtPoolQueueEntry *entry, int64_t now_us)
{
    int64_t share_us = (now_us - entry->asked_us) / MAX(entry->requests->len, 1);

    if (entry->requests->len == 1)
        return;
    if (self->share_us == 0)
        self->share_us = MIN(share_us, FIRST_SHARE_US);
    share_us = MIN(share_us, 2 * self->share_us);
    self->share_us += (share_us - self->share_us) / SMOOTHING;
}

/* Notes what the answer to @entry, which is still under way, shows of libvirt's workers. */
static void
note_workers(LibvirtPoolQueue *self, const LibvirtPoolQueueEntry *entry, int64_t now_us)
{
    unsigned int n_known = 0;

    if (entry->is_daemons)
        return;
    for (guint i = 0; i < self->under_way->len; i++) {
        const LibvirtPoolQueueEntry *other = g_ptr_array_index(self->under_way, i);

        if (!other->is_daemons && !has_waited(other, now_us, LIBVIRT_POOL_QUEUE_TAKEN_MS))
            n_known++;
    }
    if (entry->is_stuck)
        n_known = MAX(n_known + 1, self->n_at_once);
    self->n_at_once = MIN(MAX(self->n_at_once, n_known + 1), self->most);
}

void
libvirt_pool_queue_end(LibvirtPoolQueue *self, LibvirtPoolQueueEntry *entry, bool is_answered,
                       int64_t now_us)
{
    bool was_probe = entry == self->probe;

    if (is_answered)
        note_workers(self, entry, now_us);
    g_ptr_array_remove_fast(self->under_way, entry);
    forget_probe(self, entry);
    entry->line->is_busy = false;
    entry->line = NULL;
    self->ended_us = now_us;
    if (is_answered || was_probe) /* a libvirt that ends a connection is not silent */
        self->answered_us = MAX(self->answered_us, entry->asked_us);
    if (is_answered)
        note_share(self, entry, now_us);
}
