/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_place: the monitors of a QEMU process's command line -> the addresses at which this
 * process can reach them. Reads /proc and the kernel's table of sockets; touches no socket.
 */
#pragma once

#include "host/host_descriptors.h"
#include "host/host_root.h"
#include "host/sockets/host_sockets.h"
#include "qemu/facts/qemu_endpoint.h"
#include "qemu_process.h"

/* What one scan looks up at most once for all processes. */
typedef struct {
    HostRoot *root;               /* borrowed */
    QemuProcessWords words;       /* its reader is owned */
    HostSockets *table;           /* owned; namespaces are added as they are needed */
    HostDescriptors *descriptors; /* owned */
    GHashTable *preferred; /* borrowed: inode of a listening socket (gint64) -> the path by which
                              its file is to be reached (char *); NULL: none */
    char *own_mounts;      /* our namespaces, as /proc names them; NULL unknown */
    char *own_network;
} QemuSourcePlaceView;

void qemu_source_place_view_init(QemuSourcePlaceView *self, HostRoot *root, UtilDeadline deadline);
void qemu_source_place_view_clear(QemuSourcePlaceView *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QemuSourcePlaceView, qemu_source_place_view_clear)

/* Adds the places of the monitors of process @pid to @endpoint: the preferred ones first, then in
 * the order of the command line, behind them those that belong to their manager alone. A monitor
 * has a place only if the process listens there. If there is no place, sets the endpoint's trouble
 * and the sentence that says why. @pid 0: the process is not known, and the words are believed.
 * False if the process does not listen at one of its monitors: it may do so later. */
bool qemu_source_place_find(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline,
                            QemuEndpoint *endpoint);
