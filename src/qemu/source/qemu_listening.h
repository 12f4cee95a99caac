/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_listening: the sockets on which a QEMU process listens, and which of them is which monitor
 * of its command line. Words alone prove nothing: a port may be another's by now, and a path may
 * lead to another socket.
 */
#pragma once

#include "host/host_descriptors.h"
#include "host/sockets/host_sockets.h"
#include "qemu_cmdline.h"

/* One listening socket of a process. */
typedef struct {
    int fd;
    HostListener listener;
} QemuListeningSocket;

typedef enum {
    QEMU_LISTENING_KNOWN,
    QEMU_LISTENING_UNKNOWN, /* the kernel's table, or a recording, does not tell */
    QEMU_LISTENING_DENIED,  /* we may not look at the process's descriptors */
    QEMU_LISTENING_ENDED,   /* the process has ended */
} QemuListeningLook;

/* Reads the sockets on which process @pid listens: QemuListeningSocket elements; those of TCP only
 * if a monitor of @cmdline may be one. Adds the network namespaces of the process and ours to
 * @table. @ret_sockets is set if they are KNOWN; the caller unrefs. */
QemuListeningLook qemu_listening_read(HostDescriptors *descriptors, HostSockets *table, pid_t pid,
                                      const QemuCmdline *cmdline, GArray **ret_sockets);

typedef enum {
    QEMU_LISTENING_FOUND,
    QEMU_LISTENING_ABSENT,    /* it does not listen there, or not yet */
    QEMU_LISTENING_AMBIGUOUS, /* more than one may be it, or it may be another device's */
} QemuListeningMatch;

/* The socket of @sockets that is the monitor @index of @cmdline. Pure. */
QemuListeningMatch qemu_listening_match(const GArray *sockets, const QemuCmdline *cmdline,
                                        guint index, const QemuListeningSocket **ret_socket);
