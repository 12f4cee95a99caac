/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_vcpu_threads: whether threads that came and went can have been vCPUs or IOThreads.
 */
#pragma once

#include "host/host_root.h"
#include "util/util_json.h"

/* The threads of one process, ascending. */
typedef struct {
    const pid_t *ids;
    size_t n;
} QemuVcpuThreads;

/* True if the process has the vCPUs and IOThreads that it had before: each thread that has gone is
 * none of @vcpus, a reply of query-cpus-fast, and each that came has the name of another kind,
 * which is read. (Where there are IOThreads, QEMU is asked of them in any case.) */
bool qemu_vcpu_threads_are_same(HostRoot *root, pid_t pid, const UtilJson *vcpus,
                                QemuVcpuThreads before, QemuVcpuThreads now);
