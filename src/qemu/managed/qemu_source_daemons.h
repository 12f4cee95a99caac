/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_daemons: the libvirt daemons that run on this host (libvirtd, virtqemud), and the URI
 * by which each is asked. Reads /proc and the kernel's table of sockets; touches no socket.
 *
 * What was learnt of a daemon is kept as long as its process lives. For other processes nothing is
 * read beyond what the scan has read anyway, unless their program cannot be seen.
 */
#pragma once

#include "qemu/finding/qemu_source_view.h"

typedef struct {
    pid_t pid;
    uint64_t start_ticks;
    pid_t parent;          /* the process that started it */
    uid_t user;            /* as whom it runs */
    bool is_session;       /* it serves that user alone */
    bool has_idle_timeout; /* it ends by itself some time after its last client has left */
    bool is_foreign;     /* we must not open the paths in its definitions: they are of another mount
                            namespace, or another user chose them */
    ino_t socket_inode;  /* of the listening socket that @uri leads to; 0 unknown */
    char *pid_namespace; /* as /proc names it; NULL unknown */
    char *uri;           /* NULL: it cannot be asked, or not yet */
    char *trouble;       /* why it cannot, a clause; NULL: it can */
} QemuSourceDaemon;

typedef struct QemuSourceDaemons QemuSourceDaemons;

QemuSourceDaemons *qemu_source_daemons_new(void);
void qemu_source_daemons_free(QemuSourceDaemons *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceDaemons, qemu_source_daemons_free)

/* Notes process @pid if it is a libvirt daemon. To be called in each scan for each process that is
 * no QEMU. @exe is where its link to its program points; NULL: there is no permission to see it. */
void qemu_source_daemons_look(QemuSourceDaemons *self, QemuSourceView *view, pid_t pid,
                              const char *exe);

/* Ends a scan, and gives the daemons that it found (QemuSourceDaemon *), the system's first; at
 * most QEMU_LIMIT_DAEMONS. Borrowed until the next scan ends. */
const GPtrArray *qemu_source_daemons_end_scan(QemuSourceDaemons *self);

/* The path of a socket of the system's libvirt at which a process listens although the last scan
 * found no daemon of the system: that process is systemd, which would start one. NULL: there is no
 * such socket. Borrowed until the next call. */
const char *qemu_source_daemons_find_waiting(QemuSourceDaemons *self, QemuSourceView *view);
