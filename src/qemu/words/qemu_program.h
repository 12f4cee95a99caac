/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_program: what the name of a program's file tells of it. Pure.
 */
#pragma once

#include <stdbool.h>

typedef enum {
    QEMU_PROGRAM_OTHER,    /* nothing: anything may be called so, a QEMU too */
    QEMU_PROGRAM_MACHINE,  /* a system emulator */
    QEMU_PROGRAM_MAYBE,    /* a name under which system emulators are known, and other programs */
    QEMU_PROGRAM_NO_GUEST, /* one of QEMU's programs that run no virtual machine */
} QemuProgramKind;

/* @path: where /proc/<pid>/exe points, or the first word of a command line. */
QemuProgramKind qemu_program_judge(const char *path);

/* The architecture that a system emulator emulates, as libvirt calls it; NULL: its name does not
 * tell. */
const char *qemu_program_arch(const char *path);

/* True for the name that the kernel keeps of a system emulator: 15 bytes of it at most (comm). */
bool qemu_program_is_short_name(const char *comm);

/* True for the daemons of libvirt that have QEMUs: libvirtd and virtqemud. */
bool qemu_program_is_libvirt(const char *path);
/* True for virtproxyd, which passes on what it is asked to the other daemons. */
bool qemu_program_is_libvirt_proxy(const char *path);

/* True if the program is ld.so, which runs others under its own name. */
bool qemu_program_is_loader(const char *path);
