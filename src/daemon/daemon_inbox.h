/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_inbox: what one client has sent, from bytes to messages, and what that of all clients
 * costs.
 *
 * Owns the bytes that are not a whole message yet, the messages that are parked, and the limits on
 * them. Knows nothing of what a message says, or of a loop: the client says when to read, which
 * messages it takes, and which of them still count because their calls are under way.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon_frame.h"

typedef enum {
    DAEMON_INBOX_OPEN,
    DAEMON_INBOX_ENDED,  /* the client sends no more */
    DAEMON_INBOX_BROKEN, /* the connection is */
} DaemonInboxState;

/* What inboxes share. All zero at first. */
typedef struct {
    size_t n_received; /* memory of what is in all of them */
} DaemonInboxShared;

/* Its fields are for reading only. */
typedef struct {
    DaemonInboxShared *shared;
    size_t message_least;  /* bytes of a message */
    size_t message_most;   /* likewise */
    GByteArray *bytes;     /* received, and not a whole message yet or not taken */
    size_t n_taken;        /* the first of @bytes, taken in this turn */
    GQueue parked;         /* GBytes *: messages that wait for a call to end */
    size_t n_parked;       /* memory of them */
    size_t n_held;         /* bytes of the messages whose calls are under way */
    size_t n_received;     /* memory of all these, as counted in @shared */
    bool has_backlog;      /* @bytes has a whole message: no more is to be read until it is taken */
    int64_t message_by_us; /* the message that has begun must be whole by then; 0: none has */
} DaemonInbox;

/* @shared outlives it. */
void daemon_inbox_init(DaemonInbox *self, DaemonInboxShared *shared, size_t message_least,
                       size_t message_most);
void daemon_inbox_clear(DaemonInbox *self);

/* Reads once what the socket @fd has, up to the limit of a turn. */
DaemonInboxState daemon_inbox_receive(DaemonInbox *self, int fd);

/* Takes the next message; @ret_bytes are borrowed until the turn ends. False if none is whole. */
bool daemon_inbox_take(DaemonInbox *self, const uint8_t **ret_bytes, size_t *ret_n);

/* Forgets the messages that were taken, and gives what is behind them. The time of a message that
 * has only begun begins, or begins anew behind others. */
DaemonFrame daemon_inbox_end_turn(DaemonInbox *self);

/* Keeps a message that was taken for later; and gives the first of those, NULL if there is none. */
void daemon_inbox_park(DaemonInbox *self, const uint8_t *bytes, size_t n);
GBytes *daemon_inbox_unpark(DaemonInbox *self);

/* Counts @n bytes of a message on whose call is under way; and no longer those of one of @n_calls,
 * as if all were alike. */
void daemon_inbox_hold(DaemonInbox *self, size_t n);
void daemon_inbox_release(DaemonInbox *self, unsigned int n_calls);

/* Forgets what was received and is not taken; and what is parked, too. */
void daemon_inbox_drop(DaemonInbox *self);
void daemon_inbox_drop_all(DaemonInbox *self);

/* Lets a message that has begun take its time: nobody reads the rest. */
void daemon_inbox_stop_time(DaemonInbox *self);

/* Whether a further message can be parked. */
bool daemon_inbox_has_room(const DaemonInbox *self);

/* Whether nothing is received or parked. */
bool daemon_inbox_is_empty(const DaemonInbox *self);

/* Whether all clients together have sent too much, and this one has large messages. */
bool daemon_inbox_is_too_large(const DaemonInbox *self);
