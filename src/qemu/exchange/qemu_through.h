/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_through: asks libvirt for the statistics of a domain whose monitor only libvirt may use.
 */
#pragma once

#include "qemu/host/qemu_host.h"
#include "qemu_desk.h"
#include "qemu_through_verdict.h"

/* One job on its way through libvirt. The caller sets the first four members and zeroes the rest.
 */
typedef struct {
    QemuJob *job;
    QemuHostView *host;
    QemuDesk *desk;
    void *owner;
    QemuThroughVerdictBefore before;
    int64_t begun_us;            /* monotonic */
    LibvirtPoolRequest *request; /* under way; owned */
    int64_t queued_us;           /* monotonic: when that was made */
    UtilDeadline unasked_until;  /* for libvirt to be asked: it has not answered others before */
    int64_t until_us;         /* monotonic: for an answer that an earlier call left; 0: not set */
    int64_t incomplete_us;    /* monotonic: when the first answer without a job came; 0: none */
    int64_t pause_us;         /* LATER: until the next step */
    LibvirtPoolRequest *late; /* ends with the call about it and others whose answer is late;
                                 owned; NULL: none */
    int64_t late_until_us;    /* monotonic: it was late in an earlier call: libvirt is asked again
                                 until then; 0: not so */
} QemuThrough;

void qemu_through_clear(QemuThrough *self);

typedef enum {
    QEMU_THROUGH_WAIT,  /* until the desk gives the owner */
    QEMU_THROUGH_LATER, /* step again after pause_us */
    QEMU_THROUGH_ENDED, /* the job has a verdict, or is complete */
} QemuThroughNext;

/* True if libvirt is to be asked without a look at the domain's monitors: there is none that may be
 * dialled. */
bool qemu_through_is_only_way(const QemuDomain *domain);
/* True if libvirt is to be asked in spite of the verdict: another client has the monitor, or it
 * cannot be dialled. */
bool qemu_through_may_ask(const QemuJob *job);
/* For a job that is not asked, with a verdict: if it has a libvirt that cannot be asked, adds why.
 */
void qemu_through_explain(QemuHostView *host, QemuJob *job);

/* None of these waits. */

/* Takes note of the verdict that the job has; then as qemu_through_step(). */
QemuThroughNext qemu_through_begin(QemuThrough *self);
/* After LATER: asks, or says why not. */
QemuThroughNext qemu_through_step(QemuThrough *self);
/* When the desk has given the owner, or at the end: takes the answer, if it has come. */
QemuThroughNext qemu_through_take(QemuThrough *self);
/* While the answer has not come: ENDED if the domain's process stays stopped or has ended, or if it
 * is not worth waiting for libvirt any longer. */
QemuThroughNext qemu_through_look(QemuThrough *self);
/* True if libvirt has been asked for it for so long that its process is worth a search. */
bool qemu_through_is_late(const QemuThrough *self);

/* At the end: sets the verdict on what has not come. */
void qemu_through_judge(QemuThrough *self);
/* Leaves the request, which a later call does not repeat before libvirt has answered it. */
void qemu_through_leave(QemuThrough *self);
