/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_listen: the words beside those of monitors by which QEMU listens on TCP: displays,
 * the debugger, migration, forwarded ports. Pure; for qemu_cmdline.
 *
 * They tell which of a process's listening sockets cannot be a monitor's.
 */
#pragma once

#include <glib.h>

#include "qemu_cmdline_socket.h"

typedef struct {
    char *host;                         /* as it is written; "" for every address */
    unsigned int port_first, port_last; /* 0 to 65535 if the words do not tell it */
} QemuCmdlineListen;

/* An array of QemuCmdlineListen that frees its elements; no more than QEMU_LIMIT_LISTENS. */
GArray *qemu_cmdline_listens_new(void);

/* Appends what the argument of the option @name (without dashes) makes. */
void qemu_cmdline_listens_take(GArray *self, const char *name, const char *argument);
/* Appends the place of a character device; those that are not on TCP are left out. */
void qemu_cmdline_listens_take_socket(GArray *self, const QemuCmdlineSocket *socket);
