/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_listeners: the sockets that a source is told (dir:, socket:) -> the processes that
 * listen there, and whether each is a QMP monitor of a QEMU. Reads /proc and the kernel's table of
 * sockets; touches no socket.
 */
#pragma once

#include <sys/stat.h>

#include "qemu/finding/qemu_source_process.h"

typedef enum {
    QEMU_SOURCE_LISTENER_NONE,   /* no process listens there */
    QEMU_SOURCE_LISTENER_HIDDEN, /* whether one listens, or which, cannot be seen */
    QEMU_SOURCE_LISTENER_OTHER,  /* @pid listens: a program that runs no machine of QEMU's */
    QEMU_SOURCE_LISTENER_QEMU,   /* @pid listens: the QEMU of @endpoint */
} QemuSourceListenerKind;

/* One socket and the process that listens there. The members behind the blank line are this file's
 * own. */
typedef struct {
    char *path; /* of its file, absolute; or "@name" or "tcp:HOST:PORT" */
    guint64 file_inode;
    QemuSourceListenerKind kind;
    pid_t pid;              /* of an OTHER or a QEMU */
    bool is_monitor;        /* it is a QMP monitor of that QEMU, usable or not */
    QemuEndpoint *endpoint; /* of that QEMU, or of the one that listened there before; NULL: none */
    QemuEndpoint *by_name; /* the source's own: what it makes of a socket without a QEMU; or NULL */

    char *key;
    struct stat status;    /* of its file */
    ino_t socket_inode;    /* 0 unknown */
    int fd;                /* the descriptor of @pid that is the socket */
    bool is_found_by_path; /* the file's numbers are not those of the kernel's table */
    bool is_wanted;        /* this scan is to search for its process */
    bool has_moved;        /* it is new, or at another path than in the last scan */
    int64_t next_look_us;  /* monotonic: what is no QEMU is looked at again then */
    int64_t pause_us;
    unsigned int last_scan;
} QemuSourceListener;

/* What is known of sockets for as long as a source is open. */
typedef struct QemuSourceListeners QemuSourceListeners;

QemuSourceListeners *qemu_source_listeners_new(void);
void qemu_source_listeners_free(QemuSourceListeners *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceListeners, qemu_source_listeners_free)

/* A scan first adds each socket, then looks which process listens there, then ends. @status is that
 * of the file that @path leads to; NULL for a socket without a file. A second path of a file that
 * was added in this scan is left out, unless the first leads there no longer. */
void qemu_source_listeners_add(QemuSourceListeners *self, const char *path,
                               const struct stat *status);
/* Finds the process that listens at each socket that was added. If that cannot be done, ends the
 * scan; what is known stays for the next one. Then false, and TIMEOUT if the deadline of @view cut
 * it short, SYSTEM if descriptors ran out here. */
bool qemu_source_listeners_look(QemuSourceListeners *self, QemuSourceView *view, GError **error);
/* The sockets of this scan, sorted by their paths: QemuSourceListener *; borrowed until it ends. */
const GPtrArray *qemu_source_listeners_list(QemuSourceListeners *self);
/* Forgets the sockets that were not added in this scan. */
void qemu_source_listeners_end_scan(QemuSourceListeners *self);
/* Ends a scan that could not add all sockets, and forgets none. */
void qemu_source_listeners_break_scan(QemuSourceListeners *self);
