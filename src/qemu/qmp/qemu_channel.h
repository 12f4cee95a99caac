/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_channel: a byte channel to one monitor: a socket, or a peer in this process. Never
 * waits.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct QemuChannel QemuChannel;

typedef enum {
    QEMU_CHANNEL_DIAL_CONNECTED, /* the kernel took the connection; whether QEMU does shows its
                                    greeting */
    QEMU_CHANNEL_DIAL_FULL,      /* the listener's backlog is full */
    QEMU_CHANNEL_DIAL_NOBODY,    /* no such socket, or nobody listens on it */
    QEMU_CHANNEL_DIAL_DENIED,
    QEMU_CHANNEL_DIAL_SHORTAGE, /* descriptors or memory: of ours, not of the peer's */
    QEMU_CHANNEL_DIAL_FAILED,   /* anything else: descriptors, a name that is no socket's */
} QemuChannelDial;

/* Dials a QemuEndpointPlace's connect_path: a path of any length, "@name" (abstract) or
 * "tcp:HOST:PORT" with a numeric host. Sets @ret_channel, or @error, which names the path. */
QemuChannelDial qemu_channel_dial(const char *connect_path, QemuChannel **ret_channel,
                                  GError **error);

/* What answers in the place of a socket: a recording. Its functions are send() and recv() that
 * never wait, and the end of it. */
typedef struct {
    void (*send)(void *data, const char *bytes, size_t size);
    ssize_t (*receive)(void *data, char *buffer, size_t size);
    void (*free)(void *data);
} QemuChannelPeer;

/* A channel to @peer, which must outlive it; takes @data. */
QemuChannel *qemu_channel_new_peer(const QemuChannelPeer *peer, void *take_data);

/* Takes a connected descriptor. */
QemuChannel *qemu_channel_new_fd(int take_fd);

void qemu_channel_free(QemuChannel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuChannel, qemu_channel_free)

/* -1 for a peer of this process: it is always ready. */
int qemu_channel_fd(const QemuChannel *self);

/* As send() and recv(): the number of bytes, 0 from receive at the end, -1 with errno. */
ssize_t qemu_channel_send(QemuChannel *self, const char *bytes, size_t size);
ssize_t qemu_channel_receive(QemuChannel *self, char *buffer, size_t size);

/* The process that listens at the other end; 0 where the kernel does not tell. */
pid_t qemu_channel_peer_pid(const QemuChannel *self);
