/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_vcpu_threads: see qemu_vcpu_threads.h. Knows the names of QEMU's threads; not what they mean
 * for a plan.
 *
 * QEMU's pool of threads for slow system calls grows and shrinks with what others ask of it, so
 * the set of threads changes where nothing else does. A worker is known by its name, which QEMU
 * gives where its threads are to be named (libvirt always asks for that). Until a thread has
 * its name it has that of the one that made it, and a vCPU or an IOThread is made by the main
 * thread, never by a worker: so no thread that has a worker's name is one.
 */
#include "qemu_vcpu_threads.h"

#include <string.h>

#include "host/host_process.h"

/* Exact names, and beginnings: the kernel's own threads carry a number. */
static const struct {
    const char *name;
    bool is_beginning;
} other_kinds[] = {
    {"worker", false},
    {"iou-wrk-", true}, /* io_uring's */
    {"vhost-", true},
};

static bool
is_of_other_kind(HostRoot *root, pid_t pid, pid_t thread)
{
    g_autofree char *name = host_process_read_name(root, pid, thread);

    for (size_t i = 0; name != NULL && i < G_N_ELEMENTS(other_kinds); i++)
        if (other_kinds[i].is_beginning ? g_str_has_prefix(name, other_kinds[i].name)
                                        : strcmp(name, other_kinds[i].name) == 0)
            return true;
    return false;
}

static bool
is_vcpu(const UtilJson *vcpus, pid_t thread)
{
    for (size_t i = 0; i < util_json_length(vcpus); i++) {
        UtilCount id = util_json_member_count(util_json_element(vcpus, i), "thread-id");

        if (id.is_present && id.value == (uint64_t)thread)
            return true;
    }
    return false;
}

bool
qemu_vcpu_threads_are_same(HostRoot *root, pid_t pid, const UtilJson *vcpus, QemuVcpuThreads before,
                           QemuVcpuThreads now)
{
    size_t was = 0;
    size_t is = 0;

    while (was < before.n || is < now.n) {
        bool has_gone = is == now.n || (was < before.n && before.ids[was] < now.ids[is]);
        bool has_come = was == before.n || (is < now.n && now.ids[is] < before.ids[was]);

        if (has_gone && is_vcpu(vcpus, before.ids[was]))
            return false;
        if (has_come && !is_of_other_kind(root, pid, now.ids[is]))
            return false;
        was += !has_come;
        is += !has_gone;
    }
    return true;
}
