/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_channel: the bytes to and from one monitor, through a socket or from a peer in this process.
 *
 * Owns the descriptor, or the peer's data. Knows nothing of QMP. No function waits.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct QemuChannel QemuChannel;

typedef enum {
    QEMU_CHANNEL_DIAL_CONNECTED, /* the kernel took the connection; only a greeting shows that QEMU
                                    did too */
    QEMU_CHANNEL_DIAL_FULL,      /* the listener's backlog is full */
    QEMU_CHANNEL_DIAL_NOBODY,    /* no such socket, or no process listens on it */
    QEMU_CHANNEL_DIAL_DENIED,
    QEMU_CHANNEL_DIAL_TAKEN,    /* another socket has the client_name: nothing was dialled */
    QEMU_CHANNEL_DIAL_SHORTAGE, /* this process or host is out of descriptors or memory */
    QEMU_CHANNEL_DIAL_FAILED,   /* any other error, such as a malformed address */
} QemuChannelDial;

typedef struct {
    const char *connect_path; /* of a QemuEndpointPlace: a path of any length, "@name" (abstract) or
                                 "tcp:HOST:PORT" with a numeric host, IPv6 perhaps in brackets and
                                 with a scope */
    dev_t file_device;        /* the file to which a path leads, as stat() gave it, and */
    ino_t file_inode; /* its number: if it leads to another by now, nobody is dialled; 0: to any */
    pid_t netns_pid;  /* a process in whose network namespace "@name" or TCP is; 0: in ours */
    const char *client_name; /* an abstract name without the '@', to which a unix client binds its
                                socket first, so that the kernel's tables show who it is; NULL: none
                                */
} QemuChannelAddress;

/* Dials without waiting: a TCP connection may still be under way. Sets @ret_channel if CONNECTED,
 * else @error, which names the path. */
QemuChannelDial qemu_channel_dial(const QemuChannelAddress *address, QemuChannel **ret_channel,
                                  GError **error);

/* The functions of a peer that is in this process instead of behind a socket: a recorded monitor.
 * @send takes all bytes; @receive is like recv() on a descriptor that does not wait. */
typedef struct {
    void (*send)(void *data, const char *bytes, size_t size);
    ssize_t (*receive)(void *data, char *buffer, size_t size);
    void (*free)(void *data);
} QemuChannelPeer;

/* A channel to @peer, which must outlive it. Takes @take_data, the first argument of its functions,
 * and frees it with @peer->free. */
QemuChannel *qemu_channel_new_peer(const QemuChannelPeer *peer, void *take_data);

/* A channel through @take_fd, a connected descriptor, which it closes. */
QemuChannel *qemu_channel_new_fd(int take_fd);

/* Closes the descriptor, or frees the peer. NULL is taken. */
void qemu_channel_free(QemuChannel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuChannel, qemu_channel_free)

/* The descriptor to poll; -1 for a peer in this process, which is always ready. */
int qemu_channel_fd(const QemuChannel *self);

/* Like send() and recv(): give the number of bytes, 0 from receive at the end of file, or -1 with
 * errno. */
ssize_t qemu_channel_send(QemuChannel *self, const char *bytes, size_t size);
ssize_t qemu_channel_receive(QemuChannel *self, char *buffer, size_t size);

/* The process that listens at the other end; 0 where the kernel does not tell (TCP, another pid
 * namespace, a peer in this process). */
pid_t qemu_channel_peer_pid(const QemuChannel *self);
