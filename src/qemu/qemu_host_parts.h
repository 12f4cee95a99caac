/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_parts: what qemu_host is made of; only qemu_host*.c include it.
 *
 * Each part reads for one domain, whose process is known to live, what its groups need.
 */
#pragma once

#include "qemu_host.h"

/* What the round knows for all. */
bool qemu_host_has_wait_sum(QemuHostRound *self);
const char *qemu_host_resctrl_root(const QemuHostRound *self);
const char *const *qemu_host_perf_events(const QemuHostRound *self);
/* The counters where that domain's devices are; NULL if they cannot be read. */
const HostNetdevTable *qemu_host_netdevs(QemuHostRound *self, const QemuDomain *domain);

/* qemu_host_cpu.c */
void qemu_host_open_kvm(QemuHostRound *self, QemuDomain *domain);
void qemu_host_read_cgroup(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_vcpus(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_kvm(QemuHostRound *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_nic.c */
void qemu_host_read_nics(QemuHostRound *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_counters.c */
void qemu_host_read_perf(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
void qemu_host_read_resctrl(QemuHostRound *self, QemuJob *job, QemuFacts *facts);

/* qemu_host_ext.c */
void qemu_host_read_ext(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
