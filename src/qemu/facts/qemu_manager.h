/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_manager: the programs that manage virtual machines: how the monitor of each is known, and
 * what it allows us. Pure.
 */
#pragma once

#include <stddef.h>

/* What we may do with a monitor, from least to most. */
typedef enum {
    QEMU_MANAGER_MAY_NOTHING,      /* never dial it, also when no process holds it */
    QEMU_MANAGER_MAY_VISIT,        /* dial it for one call, and let go at the end of the call */
    QEMU_MANAGER_MAY_HOLD_IF_TOLD, /* the same, unless the user wants monitors to be held */
    QEMU_MANAGER_MAY_HOLD,         /* stay connected between calls */
} QemuManagerMay;

typedef struct {
    const char *name; /* as a sentence names it: "libvirt"; NULL: the manager is not known */
    QemuManagerMay may;
} QemuManager;

/* A row of the table of managers: a monitor belongs to the manager of the first row of which each
 * sign that is given matches. */
typedef struct {
    QemuManager manager;
    const char *chardev_id;
    const char *path; /* a pattern of fnmatch(3), in which "*" also matches "/" */
} QemuManagerRow;

/* What a place tells of its manager; each may be NULL. */
typedef struct {
    const char *chardev_id;
    const char *monitor_id;
    const char *path; /* of the socket, as it was bound; "@name" if it is abstract */
} QemuManagerSigns;

/* The manager of the monitor with these signs; never NULL. Static. */
const QemuManager *qemu_manager_find(const QemuManagerSigns *signs);

/* The table, for documents. Static. */
const QemuManagerRow *qemu_manager_rows(size_t *ret_n_rows);
