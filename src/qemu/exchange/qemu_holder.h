/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_holder: who is connected to a monitor, and who waits for it, as the kernel's tables of
 * sockets tell. A monitor serves one client at a time. Touches no socket of a monitor.
 */
#pragma once

#include "host/sockets/host_listener.h"
#include "qemu/host/qemu_host.h"

/* In ascending order: of several clients the highest counts. */
typedef enum {
    QEMU_HOLDER_NOBODY,
    QEMU_HOLDER_VISIT, /* a domstats that lets go at the end of its call: its socket is named
                          "domstats-visit/...", or it is a TCP client that runs this very program */
    QEMU_HOLDER_OTHER, /* also a domstats that holds the monitor */
} QemuHolderKind;

/* What the tables show of one monitor. A connection of the job's own domain does not count, and a
 * client that has closed its end does not hold the monitor. */
typedef struct {
    bool is_complete;  /* each table that was to be looked at could be read; else a client may be
                          there that is not shown */
    bool is_known;     /* the listener was found; else all that follows but @other_inode is 0 */
    ino_t other_inode; /* of the listener that the place's path leads to, if that is not the
                          domain's; else 0. Set also where @is_known is false */
    ino_t inode;       /* of the listening socket */
    dev_t file_device; /* of the file to which the place's path leads, by stat() */
    ino_t file_inode;  /* the same; 0: it is no path, or leads to no file */
    unsigned int n_queued;     /* clients that it has not accepted */
    bool queue_is_visits;      /* all of these are visits, and still there */
    QemuHolderKind kind;       /* of the clients that it has accepted */
    HostListenerClient client; /* one of that kind */
} QemuHolderSight;

/* The listener at @place and its clients in our network namespace and in that of the domain's
 * process, by tables that were read at @since_us or later (monotonic; 0: at any time of this call).
 * A socket file that another process than the domain's listens at is not the domain's listener. */
void qemu_holder_look(QemuHostView *host, const QemuJob *job, const QemuEndpointPlace *place,
                      int64_t since_us, QemuHolderSight *ret_sight);

/* The same in all network namespaces of the host: costs a link of each process, once a table. */
void qemu_holder_look_everywhere(QemuHostView *host, const QemuJob *job,
                                 const QemuEndpointPlace *place, int64_t since_us,
                                 QemuHolderSight *ret_sight);

/* The verdict BUSY on a @sight whose kind is not NOBODY: names the client's process, or says why it
 * cannot be seen, and notes holder_pid in the domain. */
void qemu_holder_judge(QemuHostView *host, QemuJob *job, const QemuEndpointPlace *place,
                       const QemuHolderSight *sight);
