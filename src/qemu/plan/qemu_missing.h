/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_missing: what was wanted of a QEMU in a call, and did not come. Does no I/O.
 */
#pragma once

#include "qemu_job.h"

/* Groups of which QEMU refused a needed command as one that it has not: they move from the wanted
 * to the unsupported. */
void qemu_missing_settle(QemuJob *job);

/* True if this QEMU, by its answer in this call or an earlier one, has no such command or thing. */
bool qemu_missing_is_absent(const QemuJob *job, QemuCommandId command);

/* True if a command that @group wants of this QEMU was neither answered nor lent, and @facts do not
 * have it from elsewhere. What QEMU, by its answer, has not is not wanted. */
bool qemu_missing_has(const QemuJob *job, const QemuGroup *group, const QemuFacts *facts);
