/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record: job -> facts -> params -> one record. Does no I/O.
 */
#pragma once

#include "qemu/plan/qemu_job.h"

/* Reads the job's answers, and what was lent to it, into @facts, which borrow from them. False if a
 * reply was not of the kind its command promises: nothing of it is then believed, and @ret_bad
 * names the command. */
bool qemu_record_decode(const QemuJob *job, QemuFacts *facts, const char **ret_bad);

/* What @facts give for the job's groups, as job->record; leaves it NULL where the request's
 * filter does not select the domain. Sets job->refusal under ENFORCE_STATS. */
void qemu_record_make(QemuJob *job, const QemuFacts *facts, const HostRoot *root, int64_t wall_us);

/* A record without parameters for a name that no domain has. The caller frees. */
DomstatsRecord *qemu_record_make_nobody(const char *name, int64_t wall_us);
