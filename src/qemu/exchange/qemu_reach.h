/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reach: how a domain's monitor is reached: whether to dial it, which of its places, and when
 * again.
 */
#pragma once

#include "qemu/host/qemu_host.h"

typedef enum {
    QEMU_REACH_CONNECTED, /* the domain has a connection; whether QEMU takes part is not known */
    QEMU_REACH_LATER, /* not now: worth another look in this call. The verdict says why, so far */
    QEMU_REACH_NEVER, /* not in this call: the verdict is set */
} QemuReach;

/* True if all that can be said of the job's domain can be said without a monitor: the verdict is
 * set, or the job complete. */
bool qemu_reach_is_settled(QemuJob *job);

/* Dials the first place that is free, with an answer at once. */
QemuReach qemu_reach_connect(QemuHostView *host, QemuJob *job, bool is_replay);

/* A connection led to nothing, or to a peer that broke the rules when it was asked for @groups; 0
 * if it did so before it was asked for any. */
void qemu_reach_note_failure(QemuDomain *domain, unsigned int groups);
