/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_health: why a domain did not answer: a verdict and a sentence for a person.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* How long a QEMU must have had to answer before its silence is held against it: less, and the time
 * was ours to lose. In µs: a quarter of a second, or half of a shorter call. */
int64_t qemu_health_fair_us(const QemuJob *job);

/* True if the kernel shows the process as stopped by a signal or a debugger. */
bool qemu_health_is_stopped(HostRoot *root, const QemuDomain *domain);

/* STOPPED if that is so at this look; false if not. */
bool qemu_health_judge_stopped(QemuHostView *host, QemuJob *job);

/* What can keep a domain from being asked for an instant, or for long. */
typedef enum {
    QEMU_HEALTH_BAR_STOPPED, /* its process is stopped */
    QEMU_HEALTH_BAR_FULL,    /* its monitor's backlog is full */
} QemuHealthBar;

/* Notes a look that showed @bar; true once looks in a row have shown it for so long that another
 * one is not worth it. Looks of earlier calls count. */
bool qemu_health_lasts(const QemuJob *job, QemuHealthBar bar);
/* Notes a look that showed neither. */
void qemu_health_unbar(QemuDomain *domain);

/* The verdict on a job that was asked, and whose answers did not all come in the @waited_us that
 * the peer has had for them. */
void qemu_health_judge_silence(QemuHostView *host, QemuJob *job, int64_t waited_us);
/* The verdict on a job that was not asked, as far as the looks at it went: it keeps the one it has
 * if they went on for a fair time, @waited_us. */
void qemu_health_judge_unasked(QemuJob *job, int64_t waited_us);
/* The verdict on a job whose connection ended; borrows the error that ended it. */
void qemu_health_judge_close(QemuHostView *host, QemuJob *job, const GError *error);
/* True if the domain's process is known to have ended. */
bool qemu_health_has_ended(HostRoot *root, const QemuDomain *domain);
/* The verdict where no place could be dialled: @outcome of the last one, with its error. */
void qemu_health_judge_dial(QemuHostView *host, QemuJob *job, QemuChannelDial outcome,
                            const GError *error);
/* Looks for the thread that tells why a silent domain is silent, unless that was done: worth it
 * while there is nothing else to do, until @deadline. What it finds is kept with the domain's
 * silence. */
void qemu_health_search_threads(QemuHostView *host, QemuDomain *domain, UtilDeadline deadline);
