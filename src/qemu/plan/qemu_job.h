/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_job: one domain's part of one call: what is asked of it, what it answered, and what came
 * of it. Passed from the plan to the exchange to the record; belongs to one thread at a time.
 */
#pragma once

#include "qemu_domain.h"
#include "qemu_group.h"
#include "qemu_request.h"

/* Evidence of this call, gathered before planning, that kept answers are still true. */
typedef struct {
    bool has_kvm_stats;     /* the kernel gives the vCPUs' statistics without QEMU */
    bool has_debugfs_stats; /* and the VM's */
    bool has_short_chains;  /* few backing images: leaving them out costs more than it saves */
} QemuJobEvidence;

/* One domain's part of one call. */
typedef struct {
    QemuDomain *domain; /* held for the call */
    const QemuRequest *request;
    unsigned int groups;      /* wanted and, as far as is known, supported */
    unsigned int unsupported; /* wanted by name, not to be had of this QEMU */
    QemuJobEvidence evidence;
    QemuCommandSet asked; /* queued in this call */
    QemuCommandSet lent;  /* not asked, since what is known of an earlier call serves */
    QemuAnswer answers[QEMU_N_COMMANDS];
    char *balloon_path;          /* for a qom-get; NULL: not known yet, or there is none */
    bool has_looked_for_balloon; /* in this call */
    int64_t sent_us;             /* monotonic; 0: nothing was */
    int64_t answered_us;         /* monotonic: the last answer; 0: none */
    bool is_complete;            /* every answer came */
    DomstatsHealth verdict;
    DomstatsReason reason_code;
    char *reason;
    GError *refusal;        /* ENFORCE_STATS: the call must fail with it */
    DomstatsRecord *record; /* NULL: the filter leaves it out */
} QemuJob;

QemuJob *qemu_job_new(QemuDomain *domain, const QemuRequest *request);
void qemu_job_free(QemuJob *self);

/* The same call by another connection: nothing has been asked yet. */
void qemu_job_begin_anew(QemuJob *self);

/* What it ends in; @reason is copied, NULL for OK. Its code is the
 * one that is usual for @verdict. */
void qemu_job_set_verdict(QemuJob *self, DomstatsHealth verdict, const char *reason);

/* The answer of this call to @command; NULL if it is no reply. */
const QemuAnswer *qemu_job_answer(const QemuJob *self, QemuCommandId command);
/* The peer broke the rules: drops all answers and loans, and all that is known of it. */
void qemu_job_disbelieve(QemuJob *self);
/* Lets go of the answers; who decoded them must be done with their text. */
void qemu_job_drop_answers(QemuJob *self);
/* True while a command of this call is not answered. */
bool qemu_job_is_waiting(const QemuJob *self);
