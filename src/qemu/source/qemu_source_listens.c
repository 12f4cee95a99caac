/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_listens: see qemu_source_listens.h. Reads /proc; touches no socket.
 */
#include "qemu_source_listens.h"

#include "host/host_limits.h"
#include "host/host_text.h"
#include "qemu_cmdline_option.h"
#include "qemu_process.h"

/* True if a monitor of the command line is at @path, or at descriptor @fd. */
static bool
names_it(const QemuCmdline *cmdline, const char *path, int fd)
{
    for (guint i = 0; i < cmdline->monitors->len; i++) {
        const QemuCmdlineMonitor *monitor =
            &g_array_index(cmdline->monitors, QemuCmdlineMonitor, i);

        if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_FD && monitor->socket.fd == fd)
            return true;
        if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_UNIX &&
            g_str_equal(monitor->socket.path, path))
            return true;
        if (monitor->socket.kind == QEMU_CMDLINE_SOCKET_ABSTRACT && path[0] == '@' &&
            g_str_equal(monitor->socket.path, path + 1))
            return true;
    }
    return false;
}

bool
qemu_source_listens(QemuSourcePlaceView *view, pid_t pid, const QemuCmdline *cmdline)
{
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", pid);
    g_auto(GStrv) fds = host_root_list(view->root, folder, HOST_LIMIT_DESCRIPTORS);

    for (size_t i = 0; fds != NULL && fds[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("fd/%s", fds[i]);
        g_autofree char *link = qemu_process_read_link(view->root, pid, name);
        ino_t inode = link ? host_text_socket_inode(link) : 0;
        HostListener listener = {0};

        if (inode != 0 && qemu_source_place_view_find(view, pid, inode, &listener) &&
            names_it(cmdline, listener.path, qemu_cmdline_option_parse_fd(fds[i])))
            return true;
    }
    return false;
}
