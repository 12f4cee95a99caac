/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_merge: two views of one host, its QEMU processes and the lists of its libvirts -> one
 * list, in which each domain is once.
 *
 * A process is joined with the domain that libvirt lists for it: pid, start and places are the
 * process's; name, UUID, id, persistence, state and libvirt's definition are the list's. A process
 * of libvirt's that no list has stays, and says so; what the lists alone have is added.
 */
#pragma once

#include "qemu_source_join.h"

typedef struct QemuSourceMerge QemuSourceMerge;

QemuSourceMerge *qemu_source_merge_new(void);
void qemu_source_merge_free(QemuSourceMerge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceMerge, qemu_source_merge_free)

/* Gives a new array of references: @processes (QemuEndpoint *) in their order, then what only
 * @lists has. What has not changed since the last call is the same pointer. */
GPtrArray *qemu_source_merge_run(QemuSourceMerge *self, const QemuSourceJoinLists *lists,
                                 const GPtrArray *processes);

/* True if the last call had a QEMU of libvirt's for which no libvirt was found. */
bool qemu_source_merge_lacks_libvirt(const QemuSourceMerge *self);
