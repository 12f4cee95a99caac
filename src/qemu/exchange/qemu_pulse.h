/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_pulse: whether the process of a domain can answer now, as far as the kernel shows it without
 * a connection: stopped, frozen, still starting, or not run since it was last seen stuck.
 */
#pragma once

#include "qemu/host/qemu_host.h"

/* Looks whether the domain's process lives; HIDDEN if it is not known. Sets @ret_stat if it lives.
 */
HostProcessLook qemu_pulse_look(HostRoot *root, const QemuDomain *domain,
                                HostProcessStat *ret_stat);
/* The same after qemu_pulse_judge_stuck(), which leaves its files open. */
HostProcessLook qemu_pulse_relook(HostRoot *root, QemuDomain *domain);
/* True if the domain's process is known to have ended. */
bool qemu_pulse_has_ended(HostRoot *root, const QemuDomain *domain);

/* True if the kernel shows the process as stopped by a signal or a debugger, or as frozen. */
bool qemu_pulse_is_stopped(HostRoot *root, const QemuDomain *domain);
/* The same, with the verdict STOPPED. */
bool qemu_pulse_judge_stopped(QemuHostView *host, QemuJob *job);

/* Before a dial: what keeps the process from serving a client, with the verdict. Costs one small
 * read for a QEMU that is well. */
QemuDomainBar qemu_pulse_judge(QemuHostView *host, QemuJob *job);

/* Before libvirt is asked for the domain: what keeps its QEMU from answering libvirt, with the
 * verdict: it is stopped, its main thread sleeps in the kernel (ASLEEP), or waits there for
 * something else than news and has not run since the last look (BLOCKED, also at the first look).
 * Costs as much as qemu_pulse_judge(), and a small read more unless libvirt answered well in the
 * last call. */
QemuDomainBar qemu_pulse_judge_stuck(QemuHostView *host, QemuJob *job);
/* True if the main thread was last seen in uninterruptible sleep, stopped, or blocked, and is not
 * any more. */
bool qemu_pulse_has_moved(HostRoot *root, const QemuDomain *domain);
/* True if the main thread has not run since it was noted, and waits for something else than news.
 */
bool qemu_pulse_is_blocked(HostRoot *root, const QemuDomain *domain);

/* Notes how often the main thread has run. To be called before the connection is closed, since a
 * main thread that is not blocked then runs. */
void qemu_pulse_note_runs(HostRoot *root, QemuDomain *domain);
/* True if it is known not to have run since that note. */
bool qemu_pulse_stands_still(HostRoot *root, const QemuDomain *domain);
