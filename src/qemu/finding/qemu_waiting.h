/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_waiting: whether a QEMU waits for the first client of one of its sockets ("wait=on").
 * Reads /proc; touches no socket.
 */
#pragma once

#include "host/host_root.h"
#include "qemu/words/qemu_cmdline.h"

typedef enum {
    QEMU_WAITING_UNKNOWN, /* we may not see it, or it may be either */
    QEMU_WAITING_NO,
    QEMU_WAITING_YES,
} QemuWaiting;

/* Whether the main thread of process @pid polls a few descriptors in a loop for them alone, and not
 * in QEMU's main loop. */
QemuWaiting qemu_waiting_look(HostRoot *root, pid_t pid);

/* The first socket of the words at which QEMU waits for its first client, if process @pid may be
 * waiting there or at a later one now; else NULL. Borrowed from @cmdline. */
const QemuCmdlineMonitor *qemu_waiting_find(HostRoot *root, pid_t pid, const QemuCmdline *cmdline);
