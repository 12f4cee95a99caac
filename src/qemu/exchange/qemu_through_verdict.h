/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_through_verdict: the verdicts on a job that goes through libvirt. Asks libvirt nothing.
 */
#pragma once

#include "libvirt/libvirt_stats.h"
#include "qemu/host/qemu_host.h"

/* What a look at the domain's monitors has shown before libvirt was asked. */
typedef struct {
    DomstatsHealth verdict;
    DomstatsReason code;
    char *reason; /* owned; NULL: they were not looked at */
} QemuThroughVerdictBefore;

/* What a verdict is about; all borrowed. */
typedef struct {
    QemuHostView *host;
    QemuJob *job;
    QemuThroughVerdictBefore *before;
    LibvirtPoolRequest *late; /* the call about the domain and others is not answered; NULL: else */
} QemuThroughVerdict;

/* The last answer lacks some groups, or the call about this domain and others is late. */
void qemu_through_verdict_left_out(const QemuThroughVerdict *self);
/* libvirt cannot be asked. Takes the reason of @self->before. */
void qemu_through_verdict_away(const QemuThroughVerdict *self, const LibvirtOutcome *outcome);
/* libvirt has no such domain any more, or says that it does not run. */
void qemu_through_verdict_no_domain(const QemuThroughVerdict *self, const LibvirtOutcome *outcome);
/* ENFORCE_STATS, and this libvirt does not have a group: the call fails. */
void qemu_through_verdict_refuse(QemuJob *job, const LibvirtOutcome *outcome);
/* True, with the verdict, if the answer is not about the run of the domain that the source listed.
 */
bool qemu_through_verdict_other_run(const QemuThroughVerdict *self,
                                    const LibvirtStatsAnswer *answer);
/* The request was never sent to libvirt. */
void qemu_through_verdict_unasked(QemuJob *job);

/* Adds @why libvirt cannot be asked to the reason, if that does not say it already. */
void qemu_through_verdict_add_reason(QemuJob *job, const char *why);
