/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_proof: see qemu_source_proof.h. Reads /proc and the kernel's table of
 * sockets; touches no socket.
 */
#include "qemu_source_proof.h"

#include "host/host_limits.h"
#include "host/host_text.h"
#include "qemu_process.h"
#include "qemu_process_sockets.h"

enum { CHILDREN_BYTES = 65536 };

/* True if one of the processes that the kernel lists as children of the thread has that socket at
 * the same descriptor. */
static bool
has_child_of_thread(HostRoot *root, pid_t pid, pid_t tid, const QemuProcessSocket *socket)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task/%d/children", (int)pid, (int)tid);
    g_autofree char *text = host_root_read_all(root, path, CHILDREN_BYTES, NULL);
    g_auto(GStrv) children = text ? g_strsplit(text, " ", -1) : NULL;

    for (size_t i = 0; children != NULL && children[i] != NULL; i++) {
        pid_t child = host_text_pid(children[i]);
        g_autofree char *name = g_strdup_printf("fd/%d", socket->fd);
        g_autofree char *link = child > 0 ? qemu_process_read_link(root, child, name) : NULL;

        if (link != NULL && host_text_socket_inode(link) == socket->listener.inode)
            return true;
    }
    return false;
}

/* True for a launcher that has made the socket and passed it to the QEMU that it started: the
 * launcher has the same words and the same socket, and is no QEMU. */
static bool
has_passed_on(HostRoot *root, pid_t pid, const QemuProcessSocket *socket)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task", (int)pid);
    g_autofree pid_t *threads = host_root_list_numbers(root, path, HOST_LIMIT_THREADS, NULL);

    for (size_t i = 0; threads != NULL && threads[i] != 0; i++)
        if (has_child_of_thread(root, pid, threads[i], socket))
            return true;
    return false;
}

static bool
is_at_monitor(QemuSourceView *view, pid_t pid, const QemuCmdline *cmdline, guint index,
              const GArray *sockets)
{
    const QemuCmdlineMonitor *monitor =
        &g_array_index(cmdline->monitors, QemuCmdlineMonitor, index);
    const QemuProcessSocket *socket = NULL;
    QemuProcessSocketsMatch match = qemu_process_sockets_match(sockets, cmdline, index, &socket);

    if (match == QEMU_PROCESS_SOCKETS_FOUND && monitor->socket.kind == QEMU_CMDLINE_SOCKET_FD)
        return !has_passed_on(view->root, pid, socket);
    return match != QEMU_PROCESS_SOCKETS_ABSENT;
}

bool
qemu_source_proof_listens(QemuSourceView *view, pid_t pid, const QemuCmdline *cmdline)
{
    g_autoptr(GArray) sockets = NULL;

    if (qemu_process_sockets_read(view->descriptors, view->table, pid, cmdline, &sockets) !=
        QEMU_PROCESS_SOCKETS_KNOWN)
        return false;
    for (guint i = 0; i < cmdline->monitors->len; i++)
        if (is_at_monitor(view, pid, cmdline, i, sockets))
            return true;
    return false;
}
