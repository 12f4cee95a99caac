/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_missing: which groups of a call are missing: a command they wanted was not answered. Does no
 * I/O.
 */
#pragma once

#include "qemu_job.h"

/* Moves a group from the wanted to the unsupported if QEMU answered that it does not have a command
 * that the group needs. */
void qemu_missing_settle(QemuJob *job);

/* True if QEMU said, in this call or an earlier one, that it has no such command or device. */
bool qemu_missing_is_absent(const QemuJob *job, QemuCommandId command);

/* True if a command that @group wants of this QEMU was neither answered nor lent, and @facts do not
 * have its values from elsewhere. A command that QEMU said it does not have is not wanted. */
bool qemu_missing_has(const QemuJob *job, const QemuGroup *group, const QemuFacts *facts);

/* The first answer by which a group is missing since QEMU refused a command that it has, borrowed
 * from @job: the command may succeed in another state. NULL: there is none. */
const QemuAnswer *qemu_missing_refusal(const QemuJob *job, const QemuFacts *facts);
