/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_plan: request + domain -> the commands of its job, each once. Does no I/O.
 */
#pragma once

#include "qemu_job.h"

/* What a fresh connection is asked first. */
QemuCommandSet qemu_plan_identity(const QemuDomain *domain);

/* Settles which of the wanted groups this QEMU supports. */
void qemu_plan_groups(QemuJob *job);
/* All that the job's groups want of this QEMU, asked or lent; of one that was never reached, all
 * but statistics of KVM. */
QemuCommandSet qemu_plan_wanted(const QemuJob *job);
/* The commands to send now; notes in @job what is lent to it. */
QemuCommandSet qemu_plan_commands(QemuJob *job);
/* The row to send for @id: another form of the same command where that is cheaper. */
QemuCommandId qemu_plan_form(const QemuJob *job, QemuCommandId id);
/* What the answers that are in call for: what was lent without proof, and the balloon's statistics,
 * once its path is known, which it notes in @job. An empty set when there is nothing more. */
QemuCommandSet qemu_plan_more(QemuJob *job);
