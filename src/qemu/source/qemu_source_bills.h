/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_bills: how long the processes of each user have kept one scan. A user can make a look
 * at a process of his as long as he likes (descriptors, sockets, words without end), and must not
 * use up the time that all others need.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct QemuSourceBills QemuSourceBills;

QemuSourceBills *qemu_source_bills_new(void);
void qemu_source_bills_free(QemuSourceBills *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuSourceBills, qemu_source_bills_free)

/* True if one user's looks have lasted longer than @limit_us: only then is it worth asking whose a
 * process is. */
bool qemu_source_bills_has_over(const QemuSourceBills *self, int64_t limit_us);

/* True if this user's looks have. */
bool qemu_source_bills_is_over(const QemuSourceBills *self, uid_t user, int64_t limit_us);

/* Adds the time of one look at a process of @user. */
void qemu_source_bills_add(QemuSourceBills *self, uid_t user, int64_t spent_us);
