/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirts: the libvirts of this host, all asked for their domains at once. For one
 * thread at a time.
 *
 * A scan calls begin(), follow(), want() and finish(), in this order.
 */
#pragma once

#include "qemu_source_daemons.h"
#include "qemu_source_join.h"

typedef struct QemuSourceLibvirts QemuSourceLibvirts;

/* Borrows @root, which must outlive it. */
QemuSourceLibvirts *qemu_source_libvirts_new(HostRoot *root, const LibvirtPoolLimits *limits);
void qemu_source_libvirts_free(QemuSourceLibvirts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceLibvirts, qemu_source_libvirts_free)

/* Asks those that the last scan has followed, without waiting. */
void qemu_source_libvirts_begin(QemuSourceLibvirts *self);

/* From now on those of @daemons (QemuSourceDaemon *) are asked; asks those that are new. */
void qemu_source_libvirts_follow(QemuSourceLibvirts *self, const GPtrArray *daemons);

/* Tells the libvirts which of @processes (QemuEndpoint *) have a monitor of their own: finish()
 * then gives libvirt's definitions of these. To be called before it. */
void qemu_source_libvirts_want(QemuSourceLibvirts *self, const GPtrArray *processes);

/* Waits for the answers for a share of the time until @deadline. What does not answer then is not
 * waited for in later scans. Gives what each has told; borrowed until the next begin(). */
const QemuSourceJoinLibvirt *qemu_source_libvirts_finish(QemuSourceLibvirts *self,
                                                         UtilDeadline deadline, size_t *ret_n);

/* What the answer lacks because some could not be asked: a sentence, which the caller frees; NULL:
 * nothing. */
char *qemu_source_libvirts_make_blind_spot(const QemuSourceLibvirts *self);
