/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_monitor: the options that make monitors -> the monitors. Pure; for qemu_cmdline.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    QEMU_CMDLINE_MONITOR_UNIX,     /* a path, listening */
    QEMU_CMDLINE_MONITOR_ABSTRACT, /* a name without a file */
    QEMU_CMDLINE_MONITOR_FD,       /* a descriptor of QEMU's; its path must be found */
    QEMU_CMDLINE_MONITOR_TCP,      /* host and port in @path as "host:port" */
    QEMU_CMDLINE_MONITOR_UNUSABLE, /* stdio, pty, client mode, telnet, tls, ...: @path says what, as
                              the end of "it is ...": "on stdio" */
} QemuCmdlineMonitorKind;

typedef struct {
    QemuCmdlineMonitorKind kind;
    char *path;
    int fd;
} QemuCmdlineMonitor;

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

/* When all words were read: appends the control monitors to @monitors (QemuCmdlineMonitor), in the
 * order of their options, and counts the human ones. */
void qemu_cmdline_monitors_resolve(const QemuCmdlineMonitors *self, GArray *monitors,
                                   unsigned int *ret_n_human);
