/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_chardev: the character devices of a command line, and which options use them. Pure;
 * for qemu_cmdline_monitor.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "qemu_cmdline_option.h"

typedef enum {
    QEMU_CMDLINE_CHARDEV_USE_QMP,
    QEMU_CMDLINE_CHARDEV_USE_HMP,
    QEMU_CMDLINE_CHARDEV_USE_SERIAL,
    QEMU_CMDLINE_CHARDEV_USE_PARALLEL,
    QEMU_CMDLINE_CHARDEV_USE_CONSOLE,
    QEMU_CMDLINE_CHARDEV_USE_DEBUGGER,
    QEMU_CMDLINE_CHARDEV_USE_DEVICE,
    QEMU_CMDLINE_CHARDEV_USE_OBJECT,
    QEMU_CMDLINE_CHARDEV_USE_NETWORK,
    QEMU_CMDLINE_CHARDEV_USE_CHARDEV,
    QEMU_CMDLINE_CHARDEV_USE_TPM,
    QEMU_CMDLINE_CHARDEV_USE_SEMIHOSTING,
    QEMU_CMDLINE_CHARDEV_USE_OTHER,
    QEMU_CMDLINE_CHARDEV_N_USES,
} QemuCmdlineChardevUse;

/* One character device: described, used, or both. */
typedef struct {
    char *id;
    QemuCmdlineOption *option; /* "backend" and its keys; NULL: nothing described it */
    unsigned int n_uses;
    unsigned int uses; /* a bit for each kind of use: 1 << QemuCmdlineChardevUse */
} QemuCmdlineChardev;

/* In the order in which the words name them; no more than QEMU_LIMIT_CHARDEVS. */
typedef struct QemuCmdlineChardevs QemuCmdlineChardevs;

QemuCmdlineChardevs *qemu_cmdline_chardevs_new(void);
void qemu_cmdline_chardevs_free(QemuCmdlineChardevs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineChardevs, qemu_cmdline_chardevs_free)

/* The argument of "-chardev". */
void qemu_cmdline_chardevs_take(QemuCmdlineChardevs *self, const char *argument);
/* A character device in one word, as "-serial" and "-qmp" take it: "unix:/a,server=on"; it gets the
 * id @label. Gives the id of the device that is meant, which is another one for "chardev:ID"; NULL
 * for none. The caller frees. */
char *qemu_cmdline_chardevs_take_word(QemuCmdlineChardevs *self, const char *label,
                                      const char *argument);
/* "-set chardev.ID.KEY=VALUE" without the group: changes a device that is described already. */
void qemu_cmdline_chardevs_set(QemuCmdlineChardevs *self, const char *assignment);

/* Notes that something uses the device @id. */
void qemu_cmdline_chardevs_use(QemuCmdlineChardevs *self, const char *id,
                               QemuCmdlineChardevUse use);
/* Notes each device that the argument of any other option names: "virtconsole,chardev=ID". */
void qemu_cmdline_chardevs_scan(QemuCmdlineChardevs *self, const char *argument,
                                QemuCmdlineChardevUse use);

/* NULL if no word names it. */
const QemuCmdlineChardev *qemu_cmdline_chardevs_find(const QemuCmdlineChardevs *self,
                                                     const char *id);
/* All: QemuCmdlineChardev *; borrowed. */
const GPtrArray *qemu_cmdline_chardevs_all(const QemuCmdlineChardevs *self);
bool qemu_cmdline_chardev_is_used_as(const QemuCmdlineChardev *self, QemuCmdlineChardevUse use);
/* What uses the device beside the one that uses it as @use; false if nothing does. */
bool qemu_cmdline_chardev_find_other_use(const QemuCmdlineChardev *self, QemuCmdlineChardevUse use,
                                         QemuCmdlineChardevUse *ret_other);
/* "pty", "socket"; NULL if it is not described, or without one. */
const char *qemu_cmdline_chardev_backend(const QemuCmdlineChardev *self);
