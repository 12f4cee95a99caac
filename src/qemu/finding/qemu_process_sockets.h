/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_process_sockets: the sockets on which a QEMU process listens, and which of them is which
 * monitor of its command line. The command line alone proves
 * nothing: another process may listen at that port by now, and the path may lead to another socket.
 */
#pragma once

#include "host/process/host_descriptors.h"
#include "host/sockets/host_sockets.h"
#include "qemu/words/qemu_cmdline.h"

/* One listening socket of a process. */
typedef struct {
    int fd;
    HostListener listener;
} QemuProcessSocket;

typedef enum {
    QEMU_PROCESS_SOCKETS_KNOWN,
    QEMU_PROCESS_SOCKETS_UNKNOWN, /* the kernel's table, or a recording, does not tell */
    QEMU_PROCESS_SOCKETS_DENIED,  /* we may not look at the process's descriptors */
    QEMU_PROCESS_SOCKETS_ENDED,   /* the process has ended */
} QemuProcessSocketsLook;

/* Reads the sockets on which process @pid listens: QemuProcessSocket elements; those of TCP only
 * if a monitor of @cmdline may be one. Adds the network namespaces of the process and ours to
 * @table. @ret_sockets is set if they are KNOWN; the caller unrefs. */
QemuProcessSocketsLook qemu_process_sockets_read(HostDescriptors *descriptors, HostSockets *table,
                                                 pid_t pid, const QemuCmdline *cmdline,
                                                 GArray **ret_sockets);

typedef enum {
    QEMU_PROCESS_SOCKETS_FOUND,
    QEMU_PROCESS_SOCKETS_ABSENT,    /* it does not listen there, or not yet */
    QEMU_PROCESS_SOCKETS_AMBIGUOUS, /* more than one may be it, or it may be another device's */
} QemuProcessSocketsMatch;

/* The socket of @sockets that is the monitor @index of @cmdline. Pure. */
QemuProcessSocketsMatch qemu_process_sockets_match(const GArray *sockets,
                                                   const QemuCmdline *cmdline, guint index,
                                                   const QemuProcessSocket **ret_socket);

/* The next socket of @sockets, from the index @from on, that may be a monitor which was added while
 * QEMU ran: the name of its file begins with "domstats", and no word of @cmdline explains it. NULL:
 * there is none. Pure. */
const QemuProcessSocket *qemu_process_sockets_find_added(const GArray *sockets,
                                                         const QemuCmdline *cmdline, guint from);
