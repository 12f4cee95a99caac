/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_record: makes a job's record: answers -> facts, facts -> parameters. Does no I/O.
 */
#pragma once

#include "qemu/plan/qemu_job.h"

/* Decodes the job's answers, and what was lent to it, into @facts, which borrow from both. False if
 * a reply is not what its command promises; then @ret_bad is the name of that command. */
bool qemu_record_decode(const QemuJob *job, QemuFacts *facts, const char **ret_bad);

/* Makes job->record: the parameters of the job's groups that @facts give, and what is missing. It
 * stays NULL if the request's filter does not select the domain. Sets job->refusal under
 * ENFORCE_STATS. @wall_us: when the answers were taken. */
void qemu_record_make(QemuJob *job, const QemuFacts *facts, const HostRoot *root, int64_t wall_us);

/* A record without parameters for a word that names no domain. The caller frees. */
DomstatsRecord *qemu_record_make_no_domain(const char *word, int64_t wall_us);

/* An empty array that frees the records put into it. */
GPtrArray *qemu_record_list_new(void);
