/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_merge: makes one list, in which each domain is once, of the QEMU processes of a host
 * and the lists of its libvirts.
 *
 * Of a process that is joined with a domain (qemu_source_join), pid, start and places are those of
 * the process; name, UUID, id, persistence, state and definition are libvirt's. A process that a
 * libvirt started, and that no list has, stays in the list, with the reason. A domain that only a
 * list has is added.
 */
#pragma once

#include "qemu_source_join.h"

typedef struct QemuSourceMerge QemuSourceMerge;

QemuSourceMerge *qemu_source_merge_new(void);
void qemu_source_merge_free(QemuSourceMerge *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceMerge, qemu_source_merge_free)

/* Gives a new array of QemuEndpoint references: @processes (QemuEndpoint *) in their order, then
 * the domains that only @lists has. What has not changed since the last call is the same pointer.
 */
GPtrArray *qemu_source_merge_run(QemuSourceMerge *self, const QemuSourceJoinLists *lists,
                                 const GPtrArray *processes);

/* True if the last call had a QEMU that a libvirt started, and no libvirt that may manage it. */
bool qemu_source_merge_lacks_libvirt(const QemuSourceMerge *self);
