/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_way: the path that a process bound a socket to -> the path by which we reach that
 * socket. Reads /proc and files' status; touches no socket.
 */
#pragma once

#include "qemu_source_view.h"

/* Whether the paths of one process mean the same to us. */
typedef struct {
    const QemuSourceView *view; /* borrowed */
    pid_t pid;
    bool has_our_mounts;
    bool has_our_root; /* no chroot */
} QemuSourceWay;

void qemu_source_way_init(QemuSourceWay *self, const QemuSourceView *view, pid_t pid);

/* The path to dial for the socket that the process, or the program that passed it the socket, bound
 * to @path. @listener is that socket in the table; NULL: it is not known, and any socket is taken.
 * The caller frees. */
char *qemu_source_way_find(const QemuSourceWay *self, const char *path,
                           const HostListener *listener);
