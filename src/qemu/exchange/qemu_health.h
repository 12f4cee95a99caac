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

/* True if what the host tells of a process may be read for this call: until shortly after its
 * deadline. */
bool qemu_health_may_look(const QemuRequest *request);

/* Notes a look that showed @bar. True if looks in a row, those of earlier calls included, have
 * shown it for 50 ms (stopped), half of the call, 2.5 s at most (starting), or the fair time
 * (asleep, blocked, queued, unseen), queued in six looks at least: then this call should not look
 * again. Another program's visit is looked at until the deadline. */
bool qemu_health_lasts(const QemuJob *job, QemuDomainBar bar);
/* Notes a look that showed no bar. */
void qemu_health_unbar(QemuDomain *domain);

/* For a job that has a connection and lacks answers, after the peer had @waited_us for them. */
void qemu_health_judge_silence(QemuHostView *host, QemuJob *job, int64_t waited_us);
/* For a job that libvirt was asked for, and libvirt does not answer. @uri: that libvirt's;
 * @since_us: when it was asked (monotonic). */
void qemu_health_judge_libvirt(QemuHostView *host, QemuJob *job, const char *uri, int64_t since_us);
/* True if the last call found the QEMU of the domain stuck. */
bool qemu_health_was_stuck(const QemuDomain *domain);
/* For a domain that the last call left without a connection: if its QEMU was stuck and nothing has
 * moved since, the verdict on its silence again, and true. */
bool qemu_health_judge_still_stuck(QemuHostView *host, QemuJob *job);
/* For a job whose monitor at @path is not dialled, since a client waits there. WEDGED if QEMU did
 * not accept our last connection either; else SLOW. */
void qemu_health_judge_queued(QemuHostView *host, QemuJob *job, const char *path);
/* For a job that has no connection. If it was looked at for a fair time (@waited_us), it keeps the
 * verdict of the last look; else it gets SLOW. */
void qemu_health_judge_unasked(QemuJob *job, int64_t waited_us);
/* For a job that was not greeted: if another client than a visit of ours holds the monitor, seen in
 * any network namespace, the verdict BUSY, and true. */
bool qemu_health_judge_overtaken(QemuHostView *host, QemuJob *job);
/* For a job whose connection @error, which is borrowed, has ended. */
void qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error);
/* For a job whose dial failed with @outcome and @error, which is borrowed. */
void qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuChannelDial outcome,
                            const GError *error);

/* Searches the threads of a silent domain for a blocked one until @deadline, once for each silence,
 * and keeps it in the domain's silence. Costs a read a thread: call it while there is nothing else
 * to do. */
void qemu_health_search_threads(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline);
