/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_listener: sockets -> the processes that listen there, and whether each is a QMP monitor of a
 * QEMU. Reads /proc and the kernel's table of sockets; touches no socket.
 */
#pragma once

#include <sys/stat.h>

#include "qemu_source_process.h"

typedef enum {
    QEMU_LISTENER_NONE,   /* no process listens there */
    QEMU_LISTENER_HIDDEN, /* one listens or may listen, which cannot be seen */
    QEMU_LISTENER_OTHER,  /* @pid listens, which is no QEMU's machine */
    QEMU_LISTENER_QEMU,   /* @pid listens, the QEMU of @endpoint */
} QemuListenerKind;

/* One socket and who listens there. A source reads all but the last part. */
typedef struct {
    char *path; /* of its file, absolute; or "@name" or "tcp:HOST:PORT" */
    guint64 file_inode;
    QemuListenerKind kind;
    pid_t pid;              /* of an OTHER or a QEMU */
    bool is_monitor;        /* it is a QMP monitor of that QEMU, usable or not */
    QemuEndpoint *endpoint; /* of that QEMU, or of the one that listened there before; NULL: none */
    QemuEndpoint *by_name; /* the source's own: what it makes of a socket without a QEMU; or NULL */

    char *key;
    struct stat status;    /* of its file */
    ino_t socket_inode;    /* 0 unknown */
    int fd;                /* the descriptor of @pid that is the socket */
    bool is_found_by_path; /* the file's numbers are not those of the kernel's table */
    bool is_wanted;        /* its process is to be searched in this scan */
    bool has_moved;        /* it is new, or at another path than in the last scan */
    int64_t next_look_us;  /* monotonic: what is no QEMU is looked at again then */
    int64_t pause_us;
    unsigned int last_scan;
} QemuListener;

/* What is known of sockets for as long as a source is open. */
typedef struct QemuListeners QemuListeners;

QemuListeners *qemu_listeners_new(void);
void qemu_listeners_free(QemuListeners *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuListeners, qemu_listeners_free)

/* A scan: first adds each socket, then looks who listens there, then ends. @status is that of the
 * file that @path leads to; NULL for a socket without a file. A second path of a file that was
 * added in this scan is left out, unless the first leads there no longer. */
void qemu_listeners_add(QemuListeners *self, const char *path, const struct stat *status);
/* Sets who listens at the sockets that were added. If that cannot be done, the scan ends and the
 * next one goes on with what is known: false, and TIMEOUT if the deadline of @view cut it short,
 * SYSTEM if descriptors ran out here. */
bool qemu_listeners_look(QemuListeners *self, QemuSourcePlaceView *view, GError **error);
/* The sockets of this scan, sorted by their paths: QemuListener *; borrowed until it ends. */
const GPtrArray *qemu_listeners_list(QemuListeners *self);
/* Forgets the sockets that were not added in this scan. */
void qemu_listeners_end_scan(QemuListeners *self);
/* Ends a scan that could not add all sockets, and forgets none. */
void qemu_listeners_break_scan(QemuListeners *self);
