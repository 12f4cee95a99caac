/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_outbox: the messages that one client has not read, and what those of all clients cost.
 *
 * Owns the queue, and the limits on it: how much of it one client may leave unread, and how much
 * all of them may. Knows nothing of what a client is, of what it sends, or of a loop: the client
 * says when its socket takes more, and hangs up on whoever is too slow.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What outboxes share. All zero at first. */
typedef struct {
    size_t n_unread; /* memory of what is in all of them */
    GQueue boxes;    /* DaemonOutbox *: those that have something in them */
} DaemonOutboxShared;

/* Its fields are for reading only. */
typedef struct {
    DaemonOutboxShared *shared;
    void *owner;
    GQueue messages;    /* GBytes *: not sent yet */
    size_t n_bytes;     /* bytes in them that are not sent */
    size_t n_sent;      /* bytes of the first that are */
    size_t n_unread;    /* memory of them, as counted in @shared; 0: there are none */
    int64_t send_by_us; /* the client must take some of them by then; 0: there are none */
    bool is_closed;     /* nothing is sent any more */
} DaemonOutbox;

/* @shared and @owner outlive it. */
void daemon_outbox_init(DaemonOutbox *self, DaemonOutboxShared *shared, void *owner);

/* Forgets what is not sent, and sends nothing any more. For one that was never begun, too. */
void daemon_outbox_clear(DaemonOutbox *self);

/* The same, except that the memory of what is not sent counts until daemon_outbox_clear(). */
void daemon_outbox_close(DaemonOutbox *self);

/* Takes a message that is not empty. False, with @take_bytes freed, if it would be more than a
 * client may leave unread; one message always may. */
bool daemon_outbox_push(DaemonOutbox *self, GBytes *take_bytes);

/* Sends what the socket @fd takes; closes if it is broken. Gives whether it took anything. */
bool daemon_outbox_send(DaemonOutbox *self, int fd);

/* Whether the client has so much to read that what it asks waits. */
bool daemon_outbox_is_full(const DaemonOutbox *self);

/* Whether the client has read enough to get a further answer. One that has read all always gets
 * one, whatever others have not read. */
bool daemon_outbox_takes_answers(const DaemonOutbox *self);

/* NULL, or, if all together have too much to read, the one that is not closed and has taken
 * nothing for the longest time. */
DaemonOutbox *daemon_outbox_find_too_slow(const DaemonOutboxShared *shared);
