/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_outbox: see daemon_outbox.h.
 *
 * What is not read counts with what a queue costs, which is most of a small message.
 */
#include "daemon_outbox.h"

#include <errno.h>
#include <sys/socket.h>

#include "daemon_limits.h"
#include "util/util_deadline.h"

enum {
    US_PER_MS = 1000,
    MESSAGE_COST = 128, /* memory of a message in the queue, beside its bytes */
};

void
daemon_outbox_init(DaemonOutbox *self, DaemonOutboxShared *shared, void *owner)
{
    *self = (DaemonOutbox){.shared = shared, .owner = owner};
    g_queue_init(&self->messages);
}

/* Counts anew what there is to read, after a change of the queue. */
static void
count(DaemonOutbox *self)
{
    DaemonOutboxShared *shared = self->shared;
    size_t before = self->n_unread;

    self->n_unread = self->n_bytes + (size_t)self->messages.length * MESSAGE_COST;
    shared->n_unread = shared->n_unread - before + self->n_unread;
    if (before == 0 && self->n_unread > 0)
        g_queue_push_tail(&shared->boxes, self);
    else if (before > 0 && self->n_unread == 0)
        g_queue_remove(&shared->boxes, self);
}

static void
free_bytes(gpointer data)
{
    g_bytes_unref(data);
}

void
daemon_outbox_clear(DaemonOutbox *self)
{
    self->is_closed = true;
    g_queue_clear_full(&self->messages, free_bytes);
    self->n_bytes = 0;
    self->n_sent = 0;
    self->send_by_us = 0;
    count(self);
}

void
daemon_outbox_close(DaemonOutbox *self)
{
    self->is_closed = true;
}

/* Gives the client its time anew, after it took something or had nothing to read. */
static void
restart_time(DaemonOutbox *self)
{
    self->send_by_us = util_deadline_now_us() + (int64_t)DAEMON_LIMIT_STALL_MS * US_PER_MS;
}

bool
daemon_outbox_push(DaemonOutbox *self, GBytes *take_bytes)
{
    size_t size = g_bytes_get_size(take_bytes);

    g_assert(size > 0);
    if (self->n_unread > 0 && self->n_unread + size > DAEMON_LIMIT_QUEUED_BYTES) {
        g_bytes_unref(take_bytes);
        return false;
    }
    if (self->n_bytes == 0)
        restart_time(self);
    g_queue_push_tail(&self->messages, take_bytes);
    self->n_bytes += size;
    count(self);
    return true;
}

static void
drop_sent(DaemonOutbox *self, size_t n)
{
    self->n_bytes -= n;
    self->n_sent += n;
    while (!g_queue_is_empty(&self->messages) &&
           self->n_sent >= g_bytes_get_size(g_queue_peek_head(&self->messages))) {
        self->n_sent -= g_bytes_get_size(g_queue_peek_head(&self->messages));
        g_bytes_unref(g_queue_pop_head(&self->messages));
    }
    count(self);
    if (self->n_bytes > 0)
        restart_time(self);
    else
        self->send_by_us = 0;
}

bool
daemon_outbox_send(DaemonOutbox *self, int fd)
{
    bool has_sent = false;

    while (!self->is_closed && self->n_bytes > 0) {
        size_t size = 0;
        const uint8_t *bytes = g_bytes_get_data(g_queue_peek_head(&self->messages), &size);
        ssize_t n = send(fd, bytes + self->n_sent, size - self->n_sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (errno != EAGAIN)
                daemon_outbox_close(self);
            return has_sent;
        }
        drop_sent(self, (size_t)n);
        has_sent = true;
    }
    return has_sent;
}

bool
daemon_outbox_is_full(const DaemonOutbox *self)
{
    return self->n_unread > DAEMON_LIMIT_UNREAD_BYTES;
}

bool
daemon_outbox_takes_answers(const DaemonOutbox *self)
{
    bool is_calm = self->shared->n_unread <= DAEMON_LIMIT_BRAKE_BYTES;

    return self->n_unread == 0 || (is_calm && !daemon_outbox_is_full(self));
}

DaemonOutbox *
daemon_outbox_find_too_slow(const DaemonOutboxShared *shared)
{
    DaemonOutbox *slowest = NULL;

    if (shared->n_unread <= DAEMON_LIMIT_QUEUED_BYTES_OF_ALL)
        return NULL;
    for (const GList *at = shared->boxes.head; at != NULL; at = at->next) {
        DaemonOutbox *box = at->data;

        if (!box->is_closed && (slowest == NULL || box->send_by_us < slowest->send_by_us))
            slowest = box;
    }
    return slowest;
}
