/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_disk: the options that make disks -> what each disk is, for about.*. Pure; for
 * qemu_cmdline.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"

/* The options that were taken so far. */
typedef struct QemuCmdlineDisks QemuCmdlineDisks;

QemuCmdlineDisks *qemu_cmdline_disks_new(void);
void qemu_cmdline_disks_free(QemuCmdlineDisks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineDisks, qemu_cmdline_disks_free)

/* The arguments of -drive, -blockdev, -device, -machine and -set. */
void qemu_cmdline_disks_take_drive(QemuCmdlineDisks *self, const char *argument);
void qemu_cmdline_disks_take_blockdev(QemuCmdlineDisks *self, const char *argument);
void qemu_cmdline_disks_take_device(QemuCmdlineDisks *self, const char *argument);
void qemu_cmdline_disks_take_machine(QemuCmdlineDisks *self, const char *argument);
void qemu_cmdline_disks_take_set(QemuCmdlineDisks *self, const char *argument);

/* After the last option: fills in the drives. */
void qemu_cmdline_disks_resolve(const QemuCmdlineDisks *self, QemuDefinition *definition);
