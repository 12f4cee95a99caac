/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_ids: ids for the QEMUs of one answer, in which those of libvirts and pids meet: none
 * is there twice, and each stays the same while its QEMU runs.
 */
#pragma once

#include "qemu/facts/qemu_endpoint.h"

typedef struct QemuSourceIds QemuSourceIds;

QemuSourceIds *qemu_source_ids_new(void);
void qemu_source_ids_free(QemuSourceIds *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceIds, qemu_source_ids_free)

/* Begins an answer with @processes (QemuEndpoint *): ids of others are free again. */
void qemu_source_ids_begin(QemuSourceIds *self, const GPtrArray *processes);

/* The id of a process of this answer: that of an earlier one; else @wanted, if that is positive and
 * free; else the pid, if that is free; else a number that no process has. */
int qemu_source_ids_give(QemuSourceIds *self, const QemuEndpoint *process, int wanted);

/* Likewise for a domain of which no process is seen; for this answer only. */
int qemu_source_ids_lend(QemuSourceIds *self, int wanted);
