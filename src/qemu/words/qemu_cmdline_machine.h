/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_machine: -machine, -smp, -m and the memory devices of a command line -> the vCPUs
 * and the memory of the machine, what kind of machine it is, and whether there is one. Pure.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"

/* The options that were taken so far. */
typedef struct QemuCmdlineMachine QemuCmdlineMachine;

/* @program: the first word, whose name tells QEMU's defaults; NULL: there is none. Borrowed. */
QemuCmdlineMachine *qemu_cmdline_machine_new(const char *program);
void qemu_cmdline_machine_free(QemuCmdlineMachine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineMachine, qemu_cmdline_machine_free)

/* The argument of each such option, in their order. */
void qemu_cmdline_machine_take_machine(QemuCmdlineMachine *self, const char *argument);
void qemu_cmdline_machine_take_smp(QemuCmdlineMachine *self, const char *argument);
void qemu_cmdline_machine_take_memory(QemuCmdlineMachine *self, const char *argument);
void qemu_cmdline_machine_take_device(QemuCmdlineMachine *self, const char *argument);
void qemu_cmdline_machine_take_accelerator(QemuCmdlineMachine *self, const char *argument);
/* -xen-domid was there: QEMU only models devices for a guest of Xen. */
void qemu_cmdline_machine_take_xen(QemuCmdlineMachine *self);

/* After the last option: writes vCPUs, memory and what is told of the machine into @definition. */
void qemu_cmdline_machine_resolve(const QemuCmdlineMachine *self, QemuDefinition *definition);
/* True for the types of machine of which it is known how they count vCPUs and memory. NULL: false.
 */
bool qemu_cmdline_machine_is_pc(const char *type);
/* False for a QEMU that runs no virtual machine: libvirt starts "-machine none" only to ask what
 * QEMU can do, "x-remote" is a device of another QEMU, and one for Xen only models devices. */
bool qemu_cmdline_machine_is_one(const QemuCmdlineMachine *self);
