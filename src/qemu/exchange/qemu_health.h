/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: tells why a domain did not answer: a verdict, a code and a sentence for a person.
 * Functions named judge write these into the job.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* The fair time, in µs: a quarter of a second, or half of a shorter call, but 50 ms at least.
 * Silence of a QEMU that had less time to answer is no evidence against it. */
int64_t qemu_health_fair_us(const QemuJob *job);

/* True if the domain's process is known to have ended. */
bool qemu_health_has_ended(HostRoot *root, const QemuDomain *domain);
/* True if the kernel shows the process as stopped by a signal or a debugger. */
bool qemu_health_is_stopped(HostRoot *root, const QemuDomain *domain);

/* If qemu_health_is_stopped(): the verdict STOPPED, and true. */
bool qemu_health_judge_stopped(QemuHostView *host, QemuJob *job);

/* Why a domain is not asked now. Either may pass within milliseconds. */
typedef enum {
    QEMU_HEALTH_BAR_STOPPED, /* its process is stopped */
    QEMU_HEALTH_BAR_FULL,    /* its monitor's backlog is full */
} QemuHealthBar;

/* Notes a look that showed @bar. True if looks in a row, those of earlier calls included, have
 * shown a bar for 50 ms (stopped) or the fair time (full): then this call should not look again. */
bool qemu_health_lasts(const QemuJob *job, QemuHealthBar bar);
/* Notes a look that showed no bar. */
void qemu_health_unbar(QemuDomain *domain);

/* For a job that has a connection and lacks answers, after the peer had @waited_us for them. */
void qemu_health_judge_silence(QemuHostView *host, QemuJob *job, int64_t waited_us);
/* For a job that has no connection. If it was looked at for a fair time (@waited_us), it keeps the
 * verdict of the last look; else it gets SLOW. */
void qemu_health_judge_unasked(QemuJob *job, int64_t waited_us);
/* For a job whose connection @error, which is borrowed, has ended. */
void qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error);
/* For a job whose dial failed with @outcome and @error, which is borrowed. */
void qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuChannelDial outcome,
                            const GError *error);

/* Searches the threads of a silent domain for a blocked one until @deadline, once for each silence,
 * and keeps it in the domain's silence. Costs a read a thread: call it while there is nothing else
 * to do. */
void qemu_health_search_threads(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline);
