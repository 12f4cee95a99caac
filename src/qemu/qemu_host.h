/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host: what this host knows of a QEMU process -> facts. What is the same for all
 * domains is read at most once a round, when first needed.
 */
#pragma once

#include "host/host_holder.h"
#include "host/host_root.h"
#include "host/host_unixdiag.h"
#include "qemu_job.h"

/* One round's view of the host, shared by the threads of a call. */
typedef struct QemuHostRound QemuHostRound;

QemuHostRound *qemu_host_round_new(HostRoot *root, const char *resctrl_root,
                                   const char *const *perf_events);
void qemu_host_round_free(QemuHostRound *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuHostRound, qemu_host_round_free)

HostRoot *qemu_host_root(QemuHostRound *self);
/* The kernel's table of unix sockets; NULL where it cannot be had. Borrowed. */
const HostUnixTable *qemu_host_unix_table(QemuHostRound *self);
/* The table as it was when a deadline had passed: read once more, once a round. */
const HostUnixTable *qemu_host_late_unix_table(QemuHostRound *self);

/* Who holds which socket, as far as it was asked in this round. Borrowed. */
HostHolders *qemu_host_holders(QemuHostRound *self);

/* Gathers job->evidence: before planning. */
void qemu_host_gather_evidence(QemuHostRound *self, QemuJob *job);

/* Fills the host's part of @facts for the wanted groups: after decoding, since threads and
 * descriptors are named by QEMU's replies. Strings and counters are borrowed from the round and
 * the domain. */
void qemu_host_read_facts(QemuHostRound *self, QemuJob *job, QemuFacts *facts);
