/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host: what this host knows of a QEMU process -> facts.
 */
#pragma once

#include "qemu_host_view.h"

/* Gathers job->evidence: before planning. */
void qemu_host_gather_evidence(QemuHostView *self, QemuJob *job);

/* Fills the host's part of @facts for the wanted groups: after decoding, since threads and
 * descriptors are named by QEMU's replies. Strings and counters are borrowed from the round and
 * the domain. */
void qemu_host_read_facts(QemuHostView *self, QemuJob *job, QemuFacts *facts);
