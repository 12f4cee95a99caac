/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirts: the libvirts of this host, all of which are asked for their domains at the
 * same time. For one thread at a time.
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

/* As qemu_source_describe(). */
void qemu_source_libvirts_describe(QemuSourceLibvirts *self, bool is_wanted);

/* Asks the libvirts that the last scan followed. Does not wait. */
void qemu_source_libvirts_begin(QemuSourceLibvirts *self);

/* From now on the libvirts of @daemons (QemuSourceDaemon *) are asked, and no others; asks those
 * that are new. */
void qemu_source_libvirts_follow(QemuSourceLibvirts *self, const GPtrArray *daemons);

/* For those of @processes (QemuEndpoint *) that have a monitor of their own, finish() gives
 * libvirt's definitions. Of those that are stopped it asks for none. They must live until then. */
void qemu_source_libvirts_want(QemuSourceLibvirts *self, const GPtrArray *processes);

/* Waits for the answers, for a share of the time until @deadline. A libvirt that does not answer
 * then is not waited for in later scans. Gives what each has told; borrowed until the next call of
 * finish() or follow(). */
const QemuSourceJoinLibvirt *qemu_source_libvirts_finish(QemuSourceLibvirts *self,
                                                         UtilDeadline deadline, size_t *ret_n);

/* What the answer may lack because some libvirts could not be asked: a sentence, which the caller
 * frees; NULL: nothing. */
char *qemu_source_libvirts_make_blind_spot(const QemuSourceLibvirts *self);
