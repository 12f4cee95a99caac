/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_threads: which threads of this host are QEMU's vCPUs and IOThreads, and whether they
 * are those of the last call.
 *
 * QEMU tells a thread's number as it is in QEMU's own pid namespace. If that is not ours, the
 * number there is read for each thread of the process. A vCPU or IOThread whose number is not found
 * has no host_thread: then it has no times, and the threads prove nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "qemu_host_parts.h"
#include "qemu_vcpu_threads.h"
#include "util/util_deadline.h"

/* A thread names itself when it first runs. Names that were read sooner are read again. */
enum { NAMED_US = 1000 * 1000 };

static QemuVcpuThreads
ids_of(const GArray *threads)
{
    if (threads == NULL)
        return (QemuVcpuThreads){0};
    return (QemuVcpuThreads){(const pid_t *)(const void *)threads->data, threads->len};
}

static GArray *
list_threads(HostRoot *root, pid_t pid)
{
    size_t n = 0;
    g_autofree pid_t *ids = host_process_list_threads(root, pid, &n);
    GArray *threads = NULL;

    if (ids == NULL)
        return NULL;
    threads = g_array_sized_new(FALSE, FALSE, sizeof(pid_t), (guint)n);
    g_array_append_vals(threads, ids, (guint)n);
    return threads;
}

bool
qemu_host_note_threads(QemuHostView *self, QemuDomain *domain)
{
    QemuHostKept *kept = &domain->host;
    HostRoot *root = qemu_host_view_root(self);
    GArray *now = list_threads(root, domain->pid);
    g_autoptr(GArray) before = NULL;
    bool is_same = false;

    if (now == NULL) {
        qemu_known_note_threads(domain->known, false, false);
        return false;
    }
    before = kept->threads;
    kept->threads = now;
    is_same = before != NULL && before->len == now->len &&
              memcmp(before->data, now->data, now->len * sizeof(pid_t)) == 0;
    if (!is_same) {
        kept->threads_since_us = util_deadline_now_us();
        kept->has_looked_for_kvm = false;
        g_clear_pointer(&kept->thread_numbers, g_array_unref);
        g_clear_pointer(&kept->named_vcpus, g_array_unref);
        is_same = before != NULL && kept->vcpu_threads != NULL &&
                  qemu_vcpu_threads_are_same(root, domain->pid, ids_of(kept->vcpu_threads),
                                             ids_of(before), ids_of(now));
    }
    if (!is_same)
        g_clear_pointer(&kept->vcpu_threads, g_array_unref);
    qemu_known_note_threads(domain->known, true, is_same);
    return true;
}

const GArray *
qemu_host_name_vcpus(QemuHostView *self, QemuDomain *domain)
{
    QemuHostKept *kept = &domain->host;

    qemu_host_note_threads(self, domain);
    if (!kept->has_last_names)
        g_clear_pointer(&kept->named_vcpus, g_array_unref);
    if (kept->named_vcpus == NULL && kept->threads != NULL) {
        kept->has_last_names = util_deadline_now_us() - kept->threads_since_us >= NAMED_US;
        kept->named_vcpus =
            qemu_vcpu_threads_find(qemu_host_view_root(self), domain->pid, ids_of(kept->threads));
    }
    return kept->named_vcpus;
}

/* A thread by both numbers. */
typedef struct {
    pid_t own; /* in the pid namespace of QEMU */
    pid_t host;
} Pair;

static int
compare_own(const void *a, const void *b)
{
    pid_t first = ((const Pair *)a)->own;
    pid_t second = ((const Pair *)b)->own;

    return (first > second) - (first < second);
}

/* All threads of the process, by ascending numbers of their own. NULL if they cannot be listed. */
static GArray *
make_pairs(HostRoot *root, pid_t pid)
{
    g_autoptr(GArray) threads = list_threads(root, pid);
    GArray *pairs = NULL;

    if (threads == NULL)
        return NULL;
    pairs = g_array_sized_new(FALSE, FALSE, sizeof(Pair), threads->len);
    for (guint i = 0; i < threads->len; i++) {
        pid_t thread = g_array_index(threads, pid_t, i);
        Pair pair = {host_process_read_own_number(root, pid, thread), thread};

        if (pair.own != 0)
            g_array_append_val(pairs, pair);
    }
    g_array_sort(pairs, compare_own);
    return pairs;
}

/* 0 if there is none. @pairs NULL: the numbers are the same. */
static pid_t
find_thread(GArray *pairs, pid_t own)
{
    const Pair wanted = {.own = own};
    guint i = 0;

    if (own <= 0 || pairs == NULL)
        return MAX(own, 0);
    if (!g_array_binary_search(pairs, &wanted, compare_own, &i))
        return 0;
    return g_array_index(pairs, Pair, i).host;
}

/* False when a thread that QEMU told is none of @pairs. */
static bool
set_threads(GArray *pairs, QemuFacts *facts)
{
    bool has_all = true;

    for (guint i = 0; facts->vcpus != NULL && i < facts->vcpus->len; i++) {
        QemuFactsVcpu *vcpu = &g_array_index(facts->vcpus, QemuFactsVcpu, i);

        vcpu->host_thread = find_thread(pairs, vcpu->thread_id);
        has_all = has_all && (vcpu->host_thread != 0 || vcpu->thread_id <= 0);
    }
    for (guint i = 0; facts->iothreads != NULL && i < facts->iothreads->len; i++) {
        QemuFactsIothread *iothread = &g_array_index(facts->iothreads, QemuFactsIothread, i);

        iothread->host_thread = find_thread(pairs, iothread->thread_id);
        has_all = has_all && (iothread->host_thread != 0 || iothread->thread_id <= 0);
    }
    return has_all;
}

/* Reads the numbers only once for the same threads; reads them again if a thread that QEMU told is
 * not among them, since it may have started after that. */
static void
translate_threads(HostRoot *root, pid_t pid, GArray **pairs, QemuFacts *facts)
{
    if (*pairs != NULL && set_threads(*pairs, facts))
        return;
    g_clear_pointer(pairs, g_array_unref);
    *pairs = make_pairs(root, pid);
    if (*pairs != NULL)
        set_threads(*pairs, facts);
}

static int
compare_ids(const void *a, const void *b)
{
    pid_t first = *(const pid_t *)a;
    pid_t second = *(const pid_t *)b;

    return (first > second) - (first < second);
}

/* Keeps the threads of the vCPUs for qemu_host_note_threads() of the next call; none if one is not
 * known. */
static void
remember_vcpus(QemuHostKept *kept, const GArray *vcpus)
{
    g_autoptr(GArray) threads = g_array_sized_new(FALSE, FALSE, sizeof(pid_t), vcpus->len);

    g_clear_pointer(&kept->vcpu_threads, g_array_unref);
    for (guint i = 0; i < vcpus->len; i++) {
        pid_t thread = g_array_index(vcpus, QemuFactsVcpu, i).host_thread;

        if (thread == 0)
            return;
        g_array_append_val(threads, thread);
    }
    g_array_sort(threads, compare_ids);
    kept->vcpu_threads = g_steal_pointer(&threads);
}

void
qemu_host_find_threads(QemuHostView *self, QemuJob *job, QemuFacts *facts)
{
    HostRoot *root = qemu_host_view_root(self);
    pid_t pid = job->domain->pid;
    QemuHostKept *kept = &job->domain->host;

    if (facts->vcpus == NULL && facts->iothreads == NULL)
        return;
    if (job->request->is_recording) {
        kept->numbers = HOST_PROCESS_NUMBERS_UNKNOWN;
        g_clear_pointer(&kept->thread_numbers, g_array_unref);
    }
    if (kept->numbers == HOST_PROCESS_NUMBERS_UNKNOWN)
        kept->numbers = host_process_read_numbers(root, pid);
    if (kept->numbers == HOST_PROCESS_NUMBERS_OTHER)
        translate_threads(root, pid, &kept->thread_numbers, facts);
    else if (kept->numbers == HOST_PROCESS_NUMBERS_SAME)
        set_threads(NULL, facts);
    if (facts->vcpus != NULL)
        remember_vcpus(kept, facts->vcpus);
}
