/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_vcpu_threads: see qemu_vcpu_threads.h. Knows the names of QEMU's threads.
 *
 * QEMU's pool of threads for slow system calls grows and shrinks with its load, so the set of
 * threads changes even if no vCPU is plugged. QEMU names a thread of the pool "worker" if it was
 * told to name its threads (libvirt always does that). Until a thread is named, it has the name of
 * the thread that started it. The main thread starts vCPUs and IOThreads, a worker never does: so a
 * thread that has a worker's name is neither.
 */
#include "qemu_vcpu_threads.h"

#include <stdlib.h>
#include <string.h>

#include "host/process/host_process.h"

/* Names of other threads: whole, or beginnings, since the kernel adds a number to its own. */
static const struct {
    const char *name;
    bool is_beginning;
} other_kinds[] = {
    {"worker", false},
    {"iou-wrk-", true}, /* io_uring's */
    {"vhost-", true},
};

static bool
is_named_as(const char *name, size_t kind)
{
    return other_kinds[kind].is_beginning ? g_str_has_prefix(name, other_kinds[kind].name)
                                          : strcmp(name, other_kinds[kind].name) == 0;
}

/* The main thread itself may have a worker's name (-name process=worker), and gives it to each
 * thread that it starts: then the name proves nothing. */
static bool
is_of_other_kind(const char *name, const char *main_name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(other_kinds); i++)
        if (is_named_as(name, i))
            return !is_named_as(main_name, i);
    return false;
}

static bool
has_come_as_other_kind(HostRoot *root, pid_t pid, pid_t thread)
{
    g_autofree char *name = host_process_read_name(root, pid, thread);
    g_autofree char *main_name = host_process_read_name(root, pid, pid);

    return name != NULL && main_name != NULL && is_of_other_kind(name, main_name);
}

static int
compare_ids(const void *a, const void *b)
{
    pid_t first = *(const pid_t *)a;
    pid_t second = *(const pid_t *)b;

    return (first > second) - (first < second);
}

/* The number in "CPU 3/KVM"; -1: it is no name of a vCPU. */
static int
read_vcpu_name(const char *name)
{
    static const char prefix[] = "CPU ";
    enum { MOST_DIGITS = 6 }; /* a name has 15 characters */
    const char *digits = name + strlen(prefix);
    size_t n_digits = 0;

    if (!g_str_has_prefix(name, prefix))
        return -1;
    n_digits = strspn(digits, "0123456789");
    if (n_digits == 0 || n_digits > MOST_DIGITS ||
        (strcmp(digits + n_digits, "/KVM") != 0 && strcmp(digits + n_digits, "/TCG") != 0))
        return -1;
    return (int)g_ascii_strtoll(digits, NULL, 10);
}

static int
compare_indexes(const void *a, const void *b)
{
    int first = ((const QemuVcpuThread *)a)->index;
    int second = ((const QemuVcpuThread *)b)->index;

    return (first > second) - (first < second);
}

static bool
has_twins(const GArray *vcpus)
{
    for (guint i = 1; i < vcpus->len; i++)
        if (g_array_index(vcpus, QemuVcpuThread, i - 1).index ==
            g_array_index(vcpus, QemuVcpuThread, i).index)
            return true;
    return false;
}

GArray *
qemu_vcpu_threads_find(HostRoot *root, pid_t pid, QemuVcpuThreads threads)
{
    GArray *vcpus = g_array_new(FALSE, FALSE, sizeof(QemuVcpuThread));
    bool has_odd_main = false;

    for (size_t i = 0; i < threads.n; i++) {
        g_autofree char *name = host_process_read_name(root, pid, threads.ids[i]);
        QemuVcpuThread vcpu = {name ? read_vcpu_name(name) : -1, threads.ids[i]};

        if (vcpu.index < 0)
            continue;
        has_odd_main = has_odd_main || threads.ids[i] == pid;
        g_array_append_val(vcpus, vcpu);
    }
    g_array_sort(vcpus, compare_indexes);
    if (has_odd_main || has_twins(vcpus))
        g_array_set_size(vcpus, 0);
    return vcpus;
}

bool
qemu_vcpu_threads_has(QemuVcpuThreads self, pid_t thread)
{
    return self.n > 0 && bsearch(&thread, self.ids, self.n, sizeof(*self.ids), compare_ids) != NULL;
}

bool
qemu_vcpu_threads_are_same(HostRoot *root, pid_t pid, QemuVcpuThreads vcpus, QemuVcpuThreads before,
                           QemuVcpuThreads now)
{
    size_t was = 0;
    size_t is = 0;

    while (was < before.n || is < now.n) {
        bool has_gone = is == now.n || (was < before.n && before.ids[was] < now.ids[is]);
        bool has_come = was == before.n || (is < now.n && now.ids[is] < before.ids[was]);

        if (has_gone && qemu_vcpu_threads_has(vcpus, before.ids[was]))
            return false;
        if (has_come && !has_come_as_other_kind(root, pid, now.ids[is]))
            return false;
        was += !has_come;
        is += !has_gone;
    }
    return true;
}
