/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_process: finds the processes of the domains of a libvirt of this host, which
 * libvirt's public calls do not tell. Reads /proc and the kernel's table of sockets.
 */
#pragma once

#include "host/host_root.h"
#include "qemu_libvirt_signs.h"
#include "util/util_deadline.h"

/* A run of a domain. */
typedef struct {
    const char *uuid;
    const char *name;
    int id;
} QemuSourceLibvirtProcessRun;

/* The one of @processes (QemuEndpoint *, of QEMUs with the UUID of @run) that a libvirt of @kind
 * started as that run; NULL: none, or more than one may be it. Pure. */
QemuEndpoint *qemu_source_libvirt_process_choose(const GPtrArray *processes,
                                                 const QemuSourceLibvirtProcessRun *run,
                                                 QemuLibvirtSignsKind kind);

typedef struct QemuSourceLibvirtProcess QemuSourceLibvirtProcess;

QemuSourceLibvirtProcess *qemu_source_libvirt_process_new(QemuLibvirtSignsKind kind);
void qemu_source_libvirt_process_free(QemuSourceLibvirtProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceLibvirtProcess, qemu_source_libvirt_process_free)

void qemu_source_libvirt_process_begin_scan(QemuSourceLibvirtProcess *self, UtilDeadline deadline);
/* The endpoint of the process of @run, as qemu_source_process_look() gives it; @before is the pid
 * that it had in the last scan, or 0. NULL: it is not found. Borrowed until the scan ends. */
QemuEndpoint *qemu_source_libvirt_process_find(QemuSourceLibvirtProcess *self,
                                               const QemuSourceLibvirtProcessRun *run,
                                               pid_t before);
void qemu_source_libvirt_process_end_scan(QemuSourceLibvirtProcess *self);

/* True if a libvirt daemon of this host is seen to listen at the socket; false also if there is no
 * permission to see who does. */
bool qemu_source_libvirt_process_is_daemons(const QemuSourceLibvirtProcess *self,
                                            const char *socket_path);
