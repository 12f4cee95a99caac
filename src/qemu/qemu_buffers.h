/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_buffers: what threads receive into, kept from call to call: a thread that begins where
 * another has been before finds the shapes of its replies.
 */
#pragma once

#include "qemu_monitor.h"

typedef struct QemuBuffers QemuBuffers;

QemuBuffers *qemu_buffers_new(void);
/* None may be out. NULL is taken. */
void qemu_buffers_free(QemuBuffers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuBuffers, qemu_buffers_free)

/* One that nobody else has, made if need be; from any thread. Give it back with the other. */
QemuMonitorBuffer *qemu_buffers_take(QemuBuffers *self);
void qemu_buffers_give_back(QemuBuffers *self, QemuMonitorBuffer *take_buffer);
