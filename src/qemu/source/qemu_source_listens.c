/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_listens: see qemu_source_listens.h. Reads /proc and the kernel's table of
 * sockets; touches no socket.
 */
#include "qemu_source_listens.h"

#include "qemu_listening.h"

bool
qemu_source_listens(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline)
{
    g_autoptr(GArray) sockets = NULL;
    const QemuListeningSocket *socket = NULL;

    if (qemu_listening_read(view->root, view->table, pid, cmdline, &sockets) !=
        QEMU_LISTENING_KNOWN)
        return false;
    for (guint i = 0; i < cmdline->monitors->len; i++)
        if (qemu_listening_match(sockets, cmdline, i, &socket) != QEMU_LISTENING_ABSENT)
            return true;
    return false;
}
