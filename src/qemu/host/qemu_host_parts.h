/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_parts: what qemu_host is made of; only qemu_host*.c include it.
 *
 * Each part reads what the groups of one domain need; the process was seen to live in this call.
 */
#pragma once

#include "qemu_host_view.h"

/* qemu_host_threads.c: notes in domain->known whether the process still has the vCPU threads and
 * IOThreads of the last look; keeps the list of its threads for the next. False if these cannot be
 * listed. */
bool qemu_host_note_threads(QemuHostView *self, QemuDomain *domain);
/* QemuVcpuThread: the vCPUs by the names of their threads; NULL if these cannot be listed. Borrowed
 * from the domain. Notes the threads as qemu_host_note_threads() does. */
const GArray *qemu_host_name_vcpus(QemuHostView *self, QemuDomain *domain);
/* Sets the host_thread of each vCPU and IOThread in @facts. */
void qemu_host_find_threads(QemuHostView *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_cpu.c */
void qemu_host_open_kvm(QemuHostView *self, QemuDomain *domain);
/* Whether the CPU times can be read. If they could be at the last look, it takes that for still so:
 * a process that has left its cgroup since is found out when they are read. */
bool qemu_host_has_cpu_times(QemuHostView *self, QemuDomain *domain);
void qemu_host_read_cgroup(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_vcpus(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_kvm(QemuHostView *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_image_paths.c: makes relative paths of images absolute if an open file proves it. */
void qemu_host_read_image_paths(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_find_image_paths(HostRoot *root, pid_t pid, QemuFacts *facts);
bool qemu_host_has_relative_images(const QemuFacts *facts);

/* qemu_host_nic.c */
void qemu_host_read_nics(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_links(QemuHostView *self, QemuJob *job, QemuFacts *facts);
/* What only ext. fields need: the host's queues, and devices that were passed through. */
void qemu_host_read_nic_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_counters.c */
void qemu_host_read_perf(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_resctrl(QemuHostView *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_ext.c */
void qemu_host_read_ext(QemuHostView *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_pss(QemuHostView *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_classes.c: the times of QEMU's threads by class; its control groups are known. */
void qemu_host_read_classes(QemuHostView *self, QemuJob *job, QemuFacts *facts);
