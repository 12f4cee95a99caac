/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_buffer_pool: what threads receive into, kept from call to call: a thread that begins where
 * another has been before finds the shapes of its replies.
 */
#pragma once

#include "qemu_monitor.h"

typedef struct QemuBufferPool QemuBufferPool;

QemuBufferPool *qemu_buffer_pool_new(void);
/* None may be out. NULL is taken. */
void qemu_buffer_pool_free(QemuBufferPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuBufferPool, qemu_buffer_pool_free)

/* One that nobody else has, made if need be; from any thread. Give it back with the other. */
QemuMonitorBuffer *qemu_buffer_pool_take(QemuBufferPool *self);
void qemu_buffer_pool_give_back(QemuBufferPool *self, QemuMonitorBuffer *take_buffer);
