/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_inbox: see daemon_inbox.h.
 *
 * What is parked counts with what a queue costs, which is most of a small message. Large messages
 * may take memory until all clients together have too much of it.
 */
#include "daemon_inbox.h"

#include <errno.h>
#include <sys/socket.h>

#include "daemon_limits.h"
#include "util/util_deadline.h"

enum {
    US_PER_MS = 1000,
    MESSAGE_COST = 128, /* memory of a message in the queue, beside its bytes */
};

void
daemon_inbox_init(DaemonInbox *self, DaemonInboxShared *shared, size_t message_least,
                  size_t message_most)
{
    *self = (DaemonInbox){
        .shared = shared, .message_least = message_least, .message_most = message_most};
    self->bytes = g_byte_array_new();
    g_queue_init(&self->parked);
}

/* Counts anew what there is, after a change. */
static void
count(DaemonInbox *self)
{
    size_t before = self->n_received;

    self->n_received = self->bytes->len + self->n_parked + self->n_held;
    self->shared->n_received = self->shared->n_received - before + self->n_received;
}

void
daemon_inbox_clear(DaemonInbox *self)
{
    daemon_inbox_drop_all(self);
    self->n_held = 0;
    count(self);
    g_clear_pointer(&self->bytes, g_byte_array_unref);
}

DaemonInboxState
daemon_inbox_receive(DaemonInbox *self, int fd)
{
    uint8_t bytes[DAEMON_LIMIT_READ_PER_TURN_BYTES / 8];
    size_t n_read = 0;
    ssize_t n = 0;

    do {
        n = recv(fd, bytes, sizeof(bytes), 0);
        if (n > 0) {
            g_byte_array_append(self->bytes, bytes, (guint)n);
            n_read += (size_t)n;
        }
    } while (n == (ssize_t)sizeof(bytes) && n_read < DAEMON_LIMIT_READ_PER_TURN_BYTES);
    count(self);
    if (n == 0)
        return DAEMON_INBOX_ENDED;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return DAEMON_INBOX_BROKEN;
    return DAEMON_INBOX_OPEN;
}

/* What is behind the messages that were taken. */
static DaemonFrame
look(const DaemonInbox *self, size_t *ret_n)
{
    size_t n = self->bytes->len - self->n_taken;
    const uint8_t *bytes = n > 0 ? self->bytes->data + self->n_taken : NULL;

    return daemon_frame_look(bytes, n, self->message_least, self->message_most, ret_n);
}

bool
daemon_inbox_take(DaemonInbox *self, const uint8_t **ret_bytes, size_t *ret_n)
{
    if (look(self, ret_n) != DAEMON_FRAME_WHOLE)
        return false;
    *ret_bytes = self->bytes->data + self->n_taken;
    self->n_taken += *ret_n;
    return true;
}

/* Drops the first @n bytes of what was received; the memory of a large message, too. */
static void
drop_first(DaemonInbox *self, size_t n)
{
    if (n == self->bytes->len && n > DAEMON_LIMIT_READ_PER_TURN_BYTES) {
        g_byte_array_unref(self->bytes);
        self->bytes = g_byte_array_new();
    } else if (n > 0) {
        g_byte_array_remove_range(self->bytes, 0, (guint)n);
    }
    self->n_taken = 0;
    count(self);
}

DaemonFrame
daemon_inbox_end_turn(DaemonInbox *self)
{
    bool has_taken = self->n_taken > 0;
    size_t n = 0;
    DaemonFrame found = look(self, &n);

    drop_first(self, self->n_taken);
    self->has_backlog = found == DAEMON_FRAME_WHOLE;
    if (found != DAEMON_FRAME_PART)
        self->message_by_us = 0;
    else if (self->message_by_us == 0 || has_taken)
        self->message_by_us = util_deadline_now_us() + (int64_t)DAEMON_LIMIT_REQUEST_MS * US_PER_MS;
    return found;
}

void
daemon_inbox_park(DaemonInbox *self, const uint8_t *bytes, size_t n)
{
    g_queue_push_tail(&self->parked, g_bytes_new(bytes, n));
    self->n_parked += n + MESSAGE_COST;
    count(self);
}

GBytes *
daemon_inbox_unpark(DaemonInbox *self)
{
    GBytes *message = g_queue_pop_head(&self->parked);

    if (message == NULL)
        return NULL;
    self->n_parked -= g_bytes_get_size(message) + MESSAGE_COST;
    count(self);
    return message;
}

void
daemon_inbox_hold(DaemonInbox *self, size_t n)
{
    self->n_held += n;
    count(self);
}

void
daemon_inbox_release(DaemonInbox *self, unsigned int n_calls)
{
    self->n_held -= self->n_held / n_calls;
    count(self);
}

void
daemon_inbox_drop(DaemonInbox *self)
{
    drop_first(self, self->bytes->len);
    self->has_backlog = false;
    self->message_by_us = 0;
}

static void
free_bytes(gpointer data)
{
    g_bytes_unref(data);
}

void
daemon_inbox_drop_all(DaemonInbox *self)
{
    daemon_inbox_drop(self);
    g_queue_clear_full(&self->parked, free_bytes);
    self->n_parked = 0;
    count(self);
}

void
daemon_inbox_stop_time(DaemonInbox *self)
{
    self->message_by_us = 0;
}

bool
daemon_inbox_has_room(const DaemonInbox *self)
{
    return self->n_parked < DAEMON_LIMIT_PARKED_BYTES;
}

bool
daemon_inbox_is_empty(const DaemonInbox *self)
{
    return self->parked.length == 0 && self->bytes->len == 0;
}

bool
daemon_inbox_is_too_large(const DaemonInbox *self)
{
    const size_t usual = DAEMON_LIMIT_PARKED_BYTES + DAEMON_LIMIT_READ_PER_TURN_BYTES;

    return self->n_received > usual &&
           self->shared->n_received > DAEMON_LIMIT_RECEIVED_BYTES_OF_ALL;
}
