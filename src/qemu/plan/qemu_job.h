/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_job: one domain's work in one round: what is asked of it, what it answered, and what came
 * of it. Passed from the plan to the exchange to the record; belongs to one thread at a time.
 */
#pragma once

#include "qemu_domain.h"
#include "qemu_group.h"
#include "qemu_request.h"

/* Evidence of this round, gathered before planning, that kept answers are still true. */
typedef struct {
    bool threads_unchanged; /* the process has the vCPU and IOThread threads it had */
    bool has_kvm_stats;     /* the kernel gives the vCPUs' statistics without QEMU */
    bool has_debugfs_stats; /* and the VM's */
    bool balloon_is_quiet;  /* no event of it is so young that a later one may be held back */
    bool has_short_chains;  /* few backing images: leaving them out costs more than it saves */
} QemuEvidence;

/* One domain's work in one round. */
typedef struct {
    QemuDomain *domain; /* held for the round */
    const QemuRequest *request;
    unsigned int groups;      /* wanted and, as far as is known, supported */
    unsigned int unsupported; /* wanted by name, not to be had of this QEMU */
    QemuEvidence evidence;
    QemuCommandSet asked;         /* queued this round */
    QemuCommandSet rests_on_stop; /* wanted, and not asked while the guest stands still */
    QemuAnswer answers[QEMU_N_COMMANDS];
    bool has_looked_for_balloon; /* in this round */
    bool doubts_status;          /* an event of the run state came after planning */
    int64_t sent_us;             /* monotonic; 0: nothing was */
    int64_t answered_us;         /* monotonic: the last answer; 0: none */
    bool is_complete;            /* every answer came */
    DomstatsHealth verdict;
    char *reason;
    GError *refusal;        /* ENFORCE_STATS: the call must fail with it */
    DomstatsRecord *record; /* NULL: the filter leaves it out */
} QemuJob;

QemuJob *qemu_job_new(QemuDomain *domain, const QemuRequest *request);
void qemu_job_free(QemuJob *self);

/* Nothing that was answered in this call is believed. */
void qemu_job_forget_answers(QemuJob *self);
/* The same call by another connection: nothing has been asked yet. */
void qemu_job_begin_anew(QemuJob *self);

/* What the round ends in; @reason is copied, NULL for OK. */
void qemu_job_set_verdict(QemuJob *self, DomstatsHealth verdict, const char *reason);

/* The answer to @command: this round's, else the kept one; NULL if neither is a reply. */
const QemuAnswer *qemu_job_answer(const QemuJob *self, QemuCommandId command);
/* True while a command of this round is not answered. */
bool qemu_job_is_waiting(const QemuJob *self);
