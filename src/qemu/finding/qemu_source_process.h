/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_process: processes -> endpoints, for every kind of source that finds QEMUs by their
 * processes. Remembers what was learnt of each, so that most cost one small read a scan.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"
#include "qemu_source_view.h"

/* What was learnt of processes, for as long as a source is open. */
typedef struct QemuSourceProcess QemuSourceProcess;

QemuSourceProcess *qemu_source_process_new(void);
void qemu_source_process_free(QemuSourceProcess *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceProcess, qemu_source_process_free)

/* The endpoint of process @pid, with its definition and the places of its monitors: the same
 * pointer as in the last scan if that is the same QEMU. NULL if it is no QEMU's machine. Past the
 * deadline of @view, gives what the last scan learnt; if that is nothing, clears @ret_is_whole,
 * which may be NULL. Borrowed until the scan ends. */
QemuEndpoint *qemu_source_process_look(QemuSourceProcess *self, QemuSourceView *view, pid_t pid,
                                       bool *ret_is_whole);

/* The program of process @pid, which this scan has looked at, and which is no QEMU; NULL: it is
 * one, or its program cannot be seen, or it has none. Borrowed until the scan ends. */
const char *qemu_source_process_other(const QemuSourceProcess *self, pid_t pid);

/* Forgets what an earlier scan learnt of process @pid, so that its endpoint is made again: for a
 * caller that has changed which paths the view prefers. */
void qemu_source_process_renew(QemuSourceProcess *self, pid_t pid);

/* Ends a scan: forgets each process that was not looked at in it. */
void qemu_source_process_end_scan(QemuSourceProcess *self);
