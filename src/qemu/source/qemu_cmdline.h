/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline: the command line of a QEMU process -> its monitors and its definition. Pure.
 *
 * Knows the option syntax (",," for a comma, implied first keys, booleans, JSON forms) and
 * not where the words came from.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu_cmdline_monitor.h"

typedef struct {
    GArray *monitors; /* QemuCmdlineMonitor: control-mode monitors, in order */
    unsigned int n_human_monitors;
    bool has_option_files; /* set by the caller: it may have monitors that are not in @monitors */
    bool is_daemonizing;   /* "-daemonize": a grandchild of the started process runs the machine */
    bool is_machine;       /* false: a QEMU without a guest, or a part of another machine */
    QemuDefinition *definition;
} QemuCmdline;

/* True if the words are those of a QEMU system emulator: by the name of the program, also
 * when it was started through ld.so. @exe: where /proc/<pid>/exe points, or NULL. */
bool qemu_cmdline_is_qemu(const char *const *argv, const char *exe);

/* True if the program is ld.so, which runs others under its own name. False for NULL. */
bool qemu_cmdline_is_loader(const char *exe);

/* @argv begins with the program. Never fails: what cannot be understood is left out. */
QemuCmdline *qemu_cmdline_parse(const char *const *argv);
void qemu_cmdline_free(QemuCmdline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdline, qemu_cmdline_free)

/* Splits the bytes of /proc/<pid>/cmdline. The caller frees with g_strfreev(). */
char **qemu_cmdline_split(const char *bytes, size_t size);
