/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_nic: the options that make network interfaces -> the interfaces, and what each is
 * connected to. Pure; for qemu_cmdline.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"

/* Interfaces and back ends, while the words are read. */
typedef struct QemuCmdlineNics QemuCmdlineNics;

/* @program: the first word, whose name tells which machine is the default one. */
QemuCmdlineNics *qemu_cmdline_nics_new(const char *program);
void qemu_cmdline_nics_free(QemuCmdlineNics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineNics, qemu_cmdline_nics_free)

/* The arguments of -netdev, -net, -nic, -device, and -machine. */
void qemu_cmdline_nics_take_netdev(QemuCmdlineNics *self, const char *argument);
void qemu_cmdline_nics_take_net(QemuCmdlineNics *self, const char *argument);
void qemu_cmdline_nics_take_nic(QemuCmdlineNics *self, const char *argument);
void qemu_cmdline_nics_take_device(QemuCmdlineNics *self, const char *argument);
void qemu_cmdline_nics_take_machine(QemuCmdlineNics *self, const char *argument);
/* -nodefaults */
void qemu_cmdline_nics_take_no_defaults(QemuCmdlineNics *self);
/* A file of further options was named, and it is not read. */
void qemu_cmdline_nics_take_unread(QemuCmdlineNics *self);

/* When all words were read: fills in the interfaces, the loose taps, and what the board has. */
void qemu_cmdline_nics_resolve(const QemuCmdlineNics *self, QemuDefinition *definition);
