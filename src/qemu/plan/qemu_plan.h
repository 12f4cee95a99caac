/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_plan: request + domain -> the commands of its round, each once. Pure.
 */
#pragma once

#include "qemu_job.h"

/* What a fresh connection is asked first. */
QemuCommandSet qemu_plan_identity(const QemuDomain *domain);

/* Settles which of the wanted groups this QEMU supports (known.available). */
void qemu_plan_groups(QemuJob *job);
/* The commands those groups need now; notes in @job which rest on the guest standing still. */
QemuCommandSet qemu_plan_commands(QemuJob *job);
/* Of that, what still rests on it: the guest said in this round that it stands still, and no event
 * put it in doubt. */
QemuCommandSet qemu_plan_lent(const QemuJob *job);
/* The row to send for @id: another form of the same command where that is cheaper. */
QemuCommandId qemu_plan_form(const QemuJob *job, QemuCommandId id);
/* What the answers that are in call for: the balloon's statistics, once its path is known.
 * Learns the path into known; gives an empty set when there is nothing more. */
QemuCommandSet qemu_plan_more(QemuJob *job);

/* Keeps the answers that stay true, so that later rounds need not ask; takes them from @job's
 * own. Of one that is never asked again only that it came: what it told must be known by then. The
 * others are freed.
 * Call it after the record is made. */
void qemu_plan_keep(QemuJob *job);
