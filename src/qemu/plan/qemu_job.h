/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_job: one domain's part of one call: what it is asked, what it answered, and its record. Goes
 * from the plan to the exchange to the record; belongs to one thread at a time.
 */
#pragma once

#include "libvirt/libvirt_stats.h"
#include "qemu_domain.h"
#include "qemu_group.h"
#include "qemu_request.h"

/* What qemu_host finds before planning: which commands, and which form, the call can do without. */
typedef struct {
    bool has_threads;       /* its threads were listed in this call */
    bool has_kvm_stats;     /* the kernel gives the vCPUs' statistics without QEMU */
    bool has_debugfs_stats; /* and the VM's */
    bool has_short_chains;  /* few images are below others: the longer request would cost more than
                               their repetition in the reply */
} QemuJobEvidence;

/* One domain's part of one call. */
typedef struct {
    QemuDomain *domain; /* held for the call */
    const QemuRequest *request;
    unsigned int groups;      /* wanted and, as far as is known, supported */
    unsigned int unsupported; /* wanted, and this QEMU does not have them */
    QemuJobEvidence evidence;
    QemuCommandSet asked; /* queued in this call */
    QemuCommandSet lent;  /* not asked: qemu_known lends their values */
    QemuAnswer answers[QEMU_N_COMMANDS];
    char *balloon_path;          /* for a qom-get; NULL: not known yet, or there is none */
    bool has_looked_for_balloon; /* in this call */
    LibvirtPoolRequest *told;    /* through libvirt: a request that has ended with its answer; a
                                    reference; NULL: none, or it was asked directly */
    unsigned int by_host;        /* groups for which libvirt is not asked: the host tells them */
    bool has_named_vcpus;        /* the host tells the vCPUs that this domain has */
    unsigned int left_out;       /* groups that this answer lacks since a job was under way */
    unsigned int absent;         /* other groups that it lacks */
    int64_t sent_us;             /* monotonic; 0: nothing was sent */
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

/* The call goes on by another connection: clears what was asked, lent and answered. */
void qemu_job_restart(QemuJob *self);

/* How the job ends; @reason is copied, NULL for OK. Sets the reason code that is usual for
 * @verdict. */
void qemu_job_set_verdict(QemuJob *self, DomstatsHealth verdict, const char *reason);

/* The same with a better code; takes @take_reason. */
void qemu_job_judge(QemuJob *self, DomstatsHealth verdict, DomstatsReason code, char *take_reason);

/* The answer of this call to @command if it is a reply; else NULL. */
const QemuAnswer *qemu_job_answer(const QemuJob *self, QemuCommandId command);
/* True if a command of this call has a reply. */
bool qemu_job_has_answer(const QemuJob *self);
/* The peer broke the protocol: drops all answers and loans, and all that is known of it. */
void qemu_job_disbelieve(QemuJob *self);
/* Frees the answers; facts that were decoded of them borrow their text, and must not be used any
 * more. */
void qemu_job_drop_answers(QemuJob *self);
/* True while a command of this call is not answered. */
bool qemu_job_is_waiting(const QemuJob *self);
