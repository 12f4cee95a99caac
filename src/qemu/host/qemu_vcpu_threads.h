/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_vcpu_threads: which threads are vCPUs by their names, and whether those that came and went
 * can have been vCPUs or IOThreads.
 */
#pragma once

#include "host/host_root.h"

/* Some threads of one process, ascending. */
typedef struct {
    const pid_t *ids;
    size_t n;
} QemuVcpuThreads;

/* A vCPU. */
typedef struct {
    int index;
    pid_t thread;
} QemuVcpuThread;

/* QemuVcpuThread: the vCPUs among @threads by their names, by ascending index. Empty if QEMU does
 * not name its threads, or as if it did not: two have one name, or the main thread has such a name,
 * which it gives to all that it starts. The caller owns it. */
GArray *qemu_vcpu_threads_find(HostRoot *root, pid_t pid, QemuVcpuThreads threads);

bool qemu_vcpu_threads_has(QemuVcpuThreads self, pid_t thread);

/* True if the process has the vCPUs that it had before, and no new IOThread: each thread that has
 * gone is none of @vcpus, and each that has come has the name of another kind, which is read. (An
 * IOThread that has gone does not count: where there is one, each call asks QEMU for IOThreads.) */
bool qemu_vcpu_threads_are_same(HostRoot *root, pid_t pid, QemuVcpuThreads vcpus,
                                QemuVcpuThreads before, QemuVcpuThreads now);
