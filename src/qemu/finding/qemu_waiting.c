/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_waiting: see qemu_waiting.h. Owns nothing.
 *
 * A QEMU opens its character devices one after another, and stops at one with "wait=on" until a
 * client has connected. Until then it serves none of its sockets, though it listens there: our
 * connection would wait in a queue, before that of the manager. Its main thread then polls, in a
 * loop of GLib's, the descriptors of that one socket and one to be woken by. QEMU's own main loop
 * polls at least four descriptors with ppoll(): two more to be woken by, and one for signals. From
 * 10.2 on an io_uring has taken some of them, and three are left. A loop of GLib's that polls three
 * (a socket for IPv4 and one for IPv6) does so with poll(), but from GLib 2.80 on with ppoll(). So
 * three descriptors in ppoll() may be either. Where the call does not tell, threads are counted,
 * since virtual CPUs begin later.
 */
#include "qemu_waiting.h"

#include "host/process/host_process.h"

enum {
    LOOP_FDS = 2,      /* one to be woken by, and a socket */
    LOOP_FDS_TCP = 3,  /* with a socket for IPv4 and one for IPv6 */
    EARLY_THREADS = 3, /* the main thread, that of RCU, that of the monitors */
};

QemuWaiting
qemu_waiting_look(HostRoot *root, pid_t pid)
{
    uint64_t n_fds = 0;

    switch (host_process_read_call(root, pid, pid, &n_fds)) {
    case HOST_PROCESS_CALL_POLL:
        return n_fds <= LOOP_FDS_TCP ? QEMU_WAITING_YES : QEMU_WAITING_NO;
    case HOST_PROCESS_CALL_PPOLL:
        if (n_fds == LOOP_FDS_TCP)
            return QEMU_WAITING_UNKNOWN;
        return n_fds <= LOOP_FDS ? QEMU_WAITING_YES : QEMU_WAITING_NO;
    case HOST_PROCESS_CALL_OTHER:
        return QEMU_WAITING_NO;
    case HOST_PROCESS_CALL_UNKNOWN:
        break;
    }
    return QEMU_WAITING_UNKNOWN;
}

static const QemuCmdlineMonitor *
find_in(const GArray *sockets)
{
    for (guint i = 0; i < sockets->len; i++) {
        const QemuCmdlineMonitor *socket = &g_array_index(sockets, QemuCmdlineMonitor, i);

        if (socket->waits)
            return socket;
    }
    return NULL;
}

/* True if the process has no more threads than before its virtual CPUs begin. */
static bool
has_early_threads(HostRoot *root, pid_t pid, const QemuCmdline *cmdline)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task", pid);
    size_t n_early = EARLY_THREADS + cmdline->n_iothreads;
    size_t n_threads = 0;
    g_autofree pid_t *threads = host_root_list_numbers(root, path, n_early + 1, &n_threads);

    return threads != NULL && n_threads <= n_early;
}

const QemuCmdlineMonitor *
qemu_waiting_find(HostRoot *root, pid_t pid, const QemuCmdline *cmdline)
{
    const QemuCmdlineMonitor *socket = find_in(cmdline->other_sockets);

    if (socket == NULL)
        socket = find_in(cmdline->monitors);
    if (socket == NULL)
        return NULL;
    switch (qemu_waiting_look(root, pid)) {
    case QEMU_WAITING_YES:
        return socket;
    case QEMU_WAITING_NO:
        return NULL;
    case QEMU_WAITING_UNKNOWN:
        break;
    }
    return has_early_threads(root, pid, cmdline) ? socket : NULL;
}
