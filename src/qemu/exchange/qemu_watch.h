/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_watch: keeps one monitor's socket in an epoll descriptor, as the monitor wants to be polled.
 * Owns neither.
 */
#pragma once

#include "qemu/qmp/qemu_monitor.h"

/* All zero: not polled. */
typedef struct {
    bool is_polled;
    bool polls_write; /* also for EPOLLOUT */
} QemuWatch;

/* Polls for reading, and for writing while the monitor has something to send; @data is the event's.
 * False, with SYSTEM, if the kernel refuses. */
bool qemu_watch_set(QemuWatch *self, int poll_fd, const QemuMonitor *monitor, void *data,
                    GError **error);

/* Polls no more: before the monitor, which may be NULL, is closed. */
void qemu_watch_clear(QemuWatch *self, int poll_fd, const QemuMonitor *monitor);
