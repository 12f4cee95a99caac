/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_learn: what a round told that later rounds need not ask again.
 */
#pragma once

#include "qemu_job.h"

/* Call it when @job has ended, its answers are decoded into @facts and its record is made; takes
 * the answers. @schemas is shared by the domains of a connection. */
void qemu_learn_call(QemuJob *job, const QemuFacts *facts, QemuSchemasPool *schemas);
