/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_stop: what a guest that stands still cannot change: its vCPUs' statistics, and the
 * memory statistics that its balloon driver gives. Pure.
 */
#pragma once

#include "qemu/facts/qemu_facts.h"

/* Kept by one domain. All zero: nothing is. */
typedef struct {
    bool is_proved;              /* it stood still when last asked, and no event came since */
    bool has_guest_stats;        /* the next was told since it stands still */
    QemuFactsMemory guest_stats; /* these members alone */
    GPtrArray *vcpu_stats;     /* GArray * of QemuFactsStat or NULL, one a vCPU in ascending order,
                                  whose names are the domain's schemas'; NULL: not told */
    UtilCount halt_success_ns; /* with the former */
    UtilCount halt_fail_ns;
} QemuStop;

/* Whether a guest in that run state of QEMU's stands still: no vCPU runs, no state is loaded,
 * and only RESUME, RESET or a new QEMU can end it. NULL does not. */
bool qemu_stop_is_stopped(const char *status);

/* Nothing is kept any more. */
void qemu_stop_clear(QemuStop *self);

void qemu_stop_keep_guest_stats(QemuStop *self, const QemuFacts *facts);
void qemu_stop_keep_vcpu_stats(QemuStop *self, const QemuFacts *facts);

/* Gives @facts what was kept. The guest's statistics before any reply is decoded; the vCPUs'
 * afterwards, to those that were there: their threads must be the same. */
void qemu_stop_lend_guest_stats(const QemuStop *self, QemuFacts *facts);
void qemu_stop_lend_vcpu_stats(const QemuStop *self, QemuFacts *facts);
