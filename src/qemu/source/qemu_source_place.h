/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_place: the monitors of a QEMU process's command line -> the addresses at which this
 * process can reach them. Reads /proc; touches no socket.
 */
#pragma once

#include "host/host_root.h"
#include "host/sockets/host_sockets.h"
#include "qemu/facts/qemu_endpoint.h"
#include "qemu_process.h"

/* What one scan looks up at most once for all processes. */
typedef struct {
    HostRoot *root;         /* borrowed */
    QemuProcessWords words; /* its reader is owned */
    HostSockets *sockets;   /* of the namespaces that were needed; NULL: none yet */
    char *own_mounts;       /* our namespaces, as /proc names them; NULL unknown */
    char *own_network;
} QemuSourcePlaceView;

void qemu_source_place_view_init(QemuSourcePlaceView *self, HostRoot *root, UtilDeadline deadline);
void qemu_source_place_view_clear(QemuSourcePlaceView *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuSourcePlaceView, qemu_source_place_view_clear)

/* Sets @ret_listener to the listening unix socket with @inode that process @pid has; false if that
 * is none, or the sockets of its network namespace cannot be listed. */
bool qemu_source_place_view_find(QemuSourcePlaceView *self, pid_t pid, ino_t inode,
                                 HostListener *ret_listener);

/* Adds the places of the monitors of process @pid to @endpoint, in the order of the command line.
 * If there is none, sets its trouble and the sentence that says why. */
void qemu_source_place_find(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline,
                            QemuEndpoint *endpoint);
