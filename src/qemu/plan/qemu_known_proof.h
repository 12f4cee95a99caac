/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known_proof: the proofs that a value kept of an earlier call is still what QEMU would reply.
 * Only qemu_known*.c include it.
 *
 * Knows what breaks each proof and what the answers of a call must show for it. Not which values
 * are kept, nor which doubts have come.
 */
#pragma once

#include "qemu/qmp/qemu_command.h"
#include "qemu/qmp/qemu_monitor.h"

/* What breaks a proof, as bits: the doubts of events, and two more. */
enum {
    QEMU_KNOWN_PROOF_DOUBT_RUN_STATE = QEMU_EVENT_DOUBTS_RUN_STATE,
    QEMU_KNOWN_PROOF_DOUBT_DEVICES = QEMU_EVENT_DOUBTS_DEVICES,
    QEMU_KNOWN_PROOF_DOUBT_JOBS = QEMU_EVENT_DOUBTS_JOBS,
    QEMU_KNOWN_PROOF_DOUBT_CONNECTION = 1 << 8,
    QEMU_KNOWN_PROOF_DOUBT_THREADS = 1 << 9,
};

typedef enum {
    QEMU_KNOWN_PROOF_NEVER_CHANGES,
    QEMU_KNOWN_PROOF_SAME_THREADS,
    QEMU_KNOWN_PROOF_SAME_CONNECTION,
    QEMU_KNOWN_PROOF_RUNNING,
    QEMU_KNOWN_PROOF_NO_MIGRATION,
    QEMU_KNOWN_PROOF_NO_JOB,
    QEMU_KNOWN_PROOF_ONE_MONITOR,
    QEMU_KNOWN_PROOF_STANDING_STILL,
} QemuKnownProofKind;

typedef struct {
    const char *text;      /* what must hold, for docs/internals.md */
    unsigned int ended_by; /* doubts */
    bool needs_threads; /* they are listed in the call that keeps, the same in that which borrows */
    bool needs_another; /* another command is answered in the call that borrows */
    bool needs_still;   /* query-status says in that call that the guest stands still */
} QemuKnownProof;

/* By QemuKnownProofKind. */
extern const QemuKnownProof qemu_known_proofs[];

/* True if the answers to the commands @asked show all that the proof needs of them. */
bool qemu_known_proof_is_shown(QemuKnownProofKind kind, const QemuAnswer *answers,
                               QemuCommandSet asked);

/* True if @command was asked and has returned; and if all of @set have. */
bool qemu_known_proof_has_returned(const QemuAnswer *answers, QemuCommandSet asked,
                                   QemuCommandId command);
bool qemu_known_proof_have_returned(const QemuAnswer *answers, QemuCommandSet asked,
                                    QemuCommandSet set);
/* True if query-status has returned a state in which no vCPU runs and no state is loaded, and which
 * only RESUME, RESET or a new QEMU can end. */
bool qemu_known_proof_says_still(const QemuAnswer *answers, QemuCommandSet asked);
