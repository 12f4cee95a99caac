/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_socket: the description of a character device -> where it listens. Pure; for
 * qemu_cmdline_monitor.
 */
#pragma once

#include "qemu_cmdline_chardev.h"

typedef enum {
    QEMU_CMDLINE_SOCKET_UNIX,     /* listens at @path */
    QEMU_CMDLINE_SOCKET_ABSTRACT, /* listens at @path, a name without a file */
    QEMU_CMDLINE_SOCKET_FD,       /* listens at descriptor @fd, whose name must be found */
    QEMU_CMDLINE_SOCKET_TCP,      /* listens at @host and @port, or a port up to @to */
    QEMU_CMDLINE_SOCKET_NONE,     /* no client can connect to it */
} QemuCmdlineSocketKind;

typedef struct {
    QemuCmdlineSocketKind kind;
    char *path; /* of TCP: "host:port" as a person reads it; else NULL without one */
    int fd;     /* -1 for other kinds */
    char *host; /* of TCP, as it is written: "", "0", "127.1", "::1", "localhost", ... */
    char *port; /* of TCP, as it is written: "4444", "0", a service's name, ... */
    char *to;   /* of TCP: the last port that QEMU may have taken instead; NULL: none */
} QemuCmdlineSocket;

/* Fills @socket, whose texts are then owned. Gives why a client of QMP cannot use the device, as
 * the end of "it is ...", or NULL if it can; the caller frees. */
char *qemu_cmdline_socket_init(QemuCmdlineSocket *socket, const QemuCmdlineChardev *chardev);
void qemu_cmdline_socket_clear(QemuCmdlineSocket *self);

/* True if QEMU does not begin before a client has connected. */
bool qemu_cmdline_socket_waits(const QemuCmdlineChardev *chardev);
