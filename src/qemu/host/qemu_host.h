/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host: reads what the kernel tells of a QEMU process into facts.
 */
#pragma once

#include "qemu_host_view.h"

/* Fills in job->evidence. Called before planning. */
void qemu_host_gather_evidence(QemuHostView *self, QemuJob *job);

/* The groups of a domain of libvirt's that need not be asked of libvirt, if the call leaves out
 * KVM's statistics: the host tells all the rest of them. None under ENFORCE_STATS, by which libvirt
 * says what is missing. Notes in the job if the host tells the vCPUs, of which the call may want
 * more than libvirt has. */
unsigned int qemu_host_tells(QemuHostView *self, QemuJob *job);

/* Fills in the host's part of @facts for the wanted groups. Called after decoding, since QEMU's
 * replies name the threads and devices. @facts borrow strings and counters of the view and the
 * domain. */
void qemu_host_read_facts(QemuHostView *self, QemuJob *job, QemuFacts *facts);
