/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_client: one connection of a client, from its beginning to its end.
 *
 * Owns the socket and the turns of the client, and acts on the limits of time and size (those of
 * daemon_inbox and daemon_outbox too), so that it costs others nothing. Knows a protocol only by
 * its table. libvirt's RPC and the service's own protocol have the same frame (daemon_frame). The
 * client hands messages over one by one, on the thread of the loop; a protocol never reads, waits
 * or sees a socket.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "daemon_inbox.h"
#include "daemon_outbox.h"

typedef struct DaemonClient DaemonClient;

/* Who a client is, as the kernel said when it connected. */
typedef struct {
    pid_t pid; /* 0: not known, another pid namespace for example */
    uid_t uid;
    gid_t gid;
} DaemonClientPeer;

typedef struct {
    const char *name;        /* for the log: "libvirt", "service" */
    size_t message_most;     /* bytes of a message that a client may send, its length included */
    size_t message_least;    /* a shorter one ends the connection */
    unsigned int calls_most; /* of one client under way; later messages wait for one to end */
    /* Whether a message is handed over nevertheless: a ping. NULL: none is. */
    bool (*is_urgent)(const uint8_t *bytes, size_t n_bytes);
    /* A session of @client, which outlives it. @context is what the listener was given. */
    void *(*open)(DaemonClient *client, const DaemonClientPeer *peer, void *context);
    /* One message, its length included; borrowed for the call. */
    void (*take_message)(void *session, const uint8_t *bytes, size_t n_bytes);
    /* The client has left, or is hung up on: the session cancels what it asked for, and frees
     * itself. Nothing may be sent any more. */
    void (*close)(void *session);
} DaemonClientProtocol;

/* Queues one message, its length included, and sends what the socket takes; @take_bytes is freed
 * here. A client that does not read is hung up on when more than its limit is queued. */
void daemon_client_send(DaemonClient *self, GBytes *take_bytes);

/* Says that a call is under way whose answer comes later, and that one has ended. When a client has
 * as many calls as its protocol allows, its later messages wait, except urgent ones. */
void daemon_client_begin_call(DaemonClient *self);
void daemon_client_end_call(DaemonClient *self);

/* For daemon_rounds_set_gate(): whether @self, a DaemonClient, has read enough of its answers to
 * get a further one. One that has read all always gets one, whatever others have not read. */
bool daemon_client_takes_answers(void *self);

/* Closes the connection once what is queued is sent, or soon if the client does not read. The
 * session is closed at the next turn of the loop, never within this call. @why is for the log. */
void daemon_client_hang_up(DaemonClient *self, const char *why);

/* What clients share: the limits of all of them together. All zero at first. */
typedef struct {
    DaemonInboxShared inboxes;   /* of what they have sent and is not answered */
    DaemonOutboxShared outboxes; /* of the answers that they have not read */
} DaemonClientShared;

/* What a client is made with; outlives it. */
typedef struct {
    sd_event *loop;
    const DaemonClientProtocol *protocol;
    void *context; /* for the protocol */
    DaemonClientShared *shared;
    /* Called when the client is gone, from the loop; it is freed after that. */
    void (*left)(DaemonClient *client, void *data);
    void *left_data;
} DaemonClientSetup;

/* Serves @take_fd, which does not block, and opens its session. NULL, with @take_fd closed, if the
 * loop does not take it. */
DaemonClient *daemon_client_new(const DaemonClientSetup *setup, int take_fd,
                                const DaemonClientPeer *peer);

/* Closes session and connection at once; @left of the setup is not called. */
void daemon_client_free(DaemonClient *self);

const DaemonClientPeer *daemon_client_peer(const DaemonClient *self);

/* Takes no further message, answers the calls that are under way, then hangs up. */
void daemon_client_finish(DaemonClient *self);
