/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_monitor: the options that make monitors -> the monitors, and the other sockets of
 * character devices. Pure; for qemu_cmdline.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "qemu_cmdline_socket.h"

/* Why it must not be dialled. */
typedef enum {
    QEMU_CMDLINE_MONITOR_FAULT_NONE,
    QEMU_CMDLINE_MONITOR_FAULT_WAITS, /* wait=on: QEMU does not begin before its manager connects */
    QEMU_CMDLINE_MONITOR_FAULT_SHARED, /* what a client sends may reach something else */
    QEMU_CMDLINE_MONITOR_FAULT_OTHER,  /* no socket, telnet, TLS, no QMP monitor at all, ... */
} QemuCmdlineMonitorFault;

typedef struct {
    QemuCmdlineSocket socket;
    char *chardev_id; /* "compat_monitor0" and the like of "-qmp"; NULL: none */
    char *monitor_id; /* NULL: none */
    QemuCmdlineChardevUse use;
    bool waits; /* QEMU does not begin before a client has connected to it once */
    QemuCmdlineMonitorFault fault;
    char *fault_text; /* the end of "it is ...": "on stdio"; NULL without a fault */
} QemuCmdlineMonitor;

/* Frees what the QemuCmdlineMonitor owns. */
void qemu_cmdline_monitor_clear(gpointer data);

/* Monitors and character devices, while the words are read. */
typedef struct QemuCmdlineMonitors QemuCmdlineMonitors;

QemuCmdlineMonitors *qemu_cmdline_monitors_new(void);
void qemu_cmdline_monitors_free(QemuCmdlineMonitors *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdlineMonitors, qemu_cmdline_monitors_free)

/* The argument of the option @name (without dashes). Every argument is to be given, as each may
 * name a character device. */
void qemu_cmdline_monitors_take(QemuCmdlineMonitors *self, const char *name, const char *argument);
/* A file of options was not read: it may have more users of a device. */
void qemu_cmdline_monitors_take_unread(QemuCmdlineMonitors *self);

/* When all words were read: appends the control monitors to @monitors (QemuCmdlineMonitor), in the
 * order of their options, and the other character devices that listen to @other_sockets, each with
 * a fault; counts the monitors for people. */
void qemu_cmdline_monitors_resolve(QemuCmdlineMonitors *self, GArray *monitors,
                                   GArray *other_sockets, unsigned int *ret_n_human);
