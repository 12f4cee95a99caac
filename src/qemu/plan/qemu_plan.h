/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_plan: request + domain -> the commands of its job, each once. Does no I/O.
 */
#pragma once

#include "qemu_job.h"

/* The commands that a new connection is asked first. */
QemuCommandSet qemu_plan_identity(const QemuDomain *domain);

/* Settles which of the wanted groups this QEMU supports. */
void qemu_plan_groups(QemuJob *job);
/* All commands that the job's groups want of this QEMU, asked or lent. If QEMU was never reached,
 * its commands are not known: then all but those for statistics of KVM. */
QemuCommandSet qemu_plan_wanted(const QemuJob *job);
/* The commands to send now; notes in @job what is lent to it. */
QemuCommandSet qemu_plan_commands(QemuJob *job);
/* The row to send for @id: another form of the same command where that is cheaper. */
QemuCommandId qemu_plan_form(const QemuJob *job, QemuCommandId id);
/* The commands to send after the answers that are in: those that were lent and are not proved, and
 * the balloon's statistics, or what finds the device's path, which it notes in @job. Empty when
 * there is nothing more to send. */
QemuCommandSet qemu_plan_more(QemuJob *job);
