/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_monitor: the options that make monitors -> the monitors. Pure; for qemu_cmdline.
 */
#pragma once

#include "qemu_cmdline.h"

/* Monitors and character devices, while the words are read. */
typedef struct QemuCmdlineMonitors QemuCmdlineMonitors;

QemuCmdlineMonitors *qemu_cmdline_monitors_new(void);
void qemu_cmdline_monitors_free(QemuCmdlineMonitors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineMonitors, qemu_cmdline_monitors_free)

/* The argument of -chardev, -mon, -monitor, -object, and of -qmp and -qmp-pretty. */
void qemu_cmdline_monitors_take_chardev(QemuCmdlineMonitors *self, const char *argument);
void qemu_cmdline_monitors_take_mon(QemuCmdlineMonitors *self, const char *argument);
void qemu_cmdline_monitors_take_monitor(QemuCmdlineMonitors *self, const char *argument);
void qemu_cmdline_monitors_take_object(QemuCmdlineMonitors *self, const char *argument);
void qemu_cmdline_monitors_take_qmp(QemuCmdlineMonitors *self, const char *argument);

/* When all words were read: fills in the monitors, in the order of their options. */
void qemu_cmdline_monitors_resolve(const QemuCmdlineMonitors *self, QemuCmdline *cmdline);
