/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reach: decides whether and where to dial a domain's monitor, and dials it.
 */
#pragma once

#include "qemu/host/qemu_host.h"

typedef enum {
    QEMU_REACH_CONNECTED, /* the domain has a connection; QEMU may not have accepted it yet */
    QEMU_REACH_LATER,     /* not now: look again in this call. The verdict says why, so far */
    QEMU_REACH_NEVER,     /* not in this call: the verdict is set */
} QemuReach;

/* True if the job needs no connection: the source says that the monitor cannot be used or that the
 * domain does not run, or dialling pauses after failures. Then the verdict is set, or the job is
 * complete. */
bool qemu_reach_is_settled(QemuJob *job);

typedef struct {
    bool is_replay;            /* the monitors are those of a recording */
    DomstatsMonitors monitors; /* which connections are to outlive the call */
} QemuReachHow;

/* Looks at the domain's places in their order, and dials the first that may be dialled, if any.
 * Tables of sockets that were read before @since_us (monotonic; 0: any) do not count. Never waits.
 */
QemuReach qemu_reach_connect(QemuHostView *host, QemuJob *job, const QemuReachHow *how,
                             int64_t since_us);

/* For a job whose connection was not greeted for @waited_us: true if that was the fair time, its
 * place was added while QEMU ran, and QEMU's main thread waits for news. Then that place is no
 * monitor, and is not dialled any more. */
bool qemu_reach_is_mute(QemuHostView *host, QemuJob *job, int64_t waited_us);

/* For a job that is looked at no more: if another program of ours visits the monitor, or a client
 * of another network namespace holds it, the verdict names its process, as far as it can be seen.
 */
void qemu_reach_name_holder(QemuHostView *host, QemuJob *job);

/* Notes that a connection failed after it was asked for @groups; 0 if it failed before. */
void qemu_reach_note_failure(QemuDomain *domain, unsigned int groups);
