/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_vcpu: query-cpus-fast and query-hotpluggable-cpus -> facts.
 *
 * A list with a malformed entry is refused as a whole: leaving out that entry would give a wrong
 * number of vCPUs, where refusing it gives none.
 */
#include "qemu_reply.h"

#include <stdlib.h>

#include "qemu_reply_read.h"

/* The words of cpu-state. Only s390x has that member; QEMU tells it of no other target. */
static const struct {
    const char *word;
    bool is_halted;
} cpu_states[] = {
    {"operating", false},
    {"load", false},
    {"stopped", true},
    {"check-stop", true},
};

static void
read_halted(const UtilJson *entry, QemuFactsVcpu *vcpu)
{
    const char *state = NULL;

    if (g_strcmp0(util_json_member_string(entry, "target"), "s390x") != 0)
        return;
    state = util_json_member_string(entry, "cpu-state");
    for (size_t i = 0; i < G_N_ELEMENTS(cpu_states); i++) {
        if (g_strcmp0(cpu_states[i].word, state) == 0) {
            vcpu->has_halted = true;
            vcpu->is_halted = cpu_states[i].is_halted;
        }
    }
}

static bool
read_vcpu(const UtilJson *entry, QemuFactsVcpu *vcpu)
{
    if (!qemu_reply_read_index(entry, "cpu-index", &vcpu->index))
        return false;
    vcpu->qom_path = qemu_reply_read_string(entry, "qom-path");
    vcpu->thread_id = qemu_reply_read_thread(entry, "thread-id");
    read_halted(entry, vcpu);
    return true;
}

static gint
compare_index(gconstpointer a, gconstpointer b)
{
    const QemuFactsVcpu *left = a;
    const QemuFactsVcpu *right = b;

    return (left->index > right->index) - (left->index < right->index);
}

static bool
is_sorted(const GArray *vcpus)
{
    for (guint i = 1; i < vcpus->len; i++) {
        if (g_array_index(vcpus, QemuFactsVcpu, i - 1).index >=
            g_array_index(vcpus, QemuFactsVcpu, i).index)
            return false;
    }
    return true;
}

/* Sorts by index; false if two vCPUs have the same one. */
static bool
sort_vcpus(GArray *vcpus)
{
    if (is_sorted(vcpus))
        return true;
    g_array_sort(vcpus, compare_index);
    return is_sorted(vcpus);
}

static int
compare_thread(const void *a, const void *b)
{
    pid_t left = *(const pid_t *)a;
    pid_t right = *(const pid_t *)b;

    return (left > right) - (left < right);
}

/* True if @thread occurs more than once in the @n sorted @threads. */
static bool
is_repeated(const pid_t *threads, size_t n, pid_t thread)
{
    const pid_t *found = bsearch(&thread, threads, n, sizeof(*threads), compare_thread);

    if (found == NULL)
        return false;
    return (found > threads && found[-1] == thread) ||
           (found + 1 < threads + n && found[1] == thread);
}

/* Clears the id of each thread that runs several vCPUs (TCG in one thread): the times of such a
 * thread are those of no single vCPU. */
static void
clear_shared_threads(GArray *vcpus)
{
    g_autofree pid_t *threads = NULL;
    bool is_ascending = true;

    /* The usual order, in which no thread can occur twice. */
    for (guint i = 1; i < vcpus->len && is_ascending; i++)
        is_ascending = g_array_index(vcpus, QemuFactsVcpu, i - 1).thread_id <
                       g_array_index(vcpus, QemuFactsVcpu, i).thread_id;
    if (is_ascending)
        return;
    threads = g_new(pid_t, vcpus->len);
    for (guint i = 0; i < vcpus->len; i++)
        threads[i] = g_array_index(vcpus, QemuFactsVcpu, i).thread_id;
    qsort(threads, vcpus->len, sizeof(*threads), compare_thread);
    for (guint i = 0; i < vcpus->len; i++) {
        QemuFactsVcpu *vcpu = &g_array_index(vcpus, QemuFactsVcpu, i);

        if (is_repeated(threads, vcpus->len, vcpu->thread_id))
            vcpu->thread_id = 0;
    }
}

bool
qemu_reply_parse_cpus_fast(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) vcpus = NULL;

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_VCPUS))
        return false;
    vcpus = qemu_facts_new_vcpus(util_json_length(reply));
    g_array_set_size(vcpus, (guint)util_json_length(reply));
    for (guint i = 0; i < vcpus->len; i++) {
        if (!read_vcpu(util_json_element(reply, i), &g_array_index(vcpus, QemuFactsVcpu, i)))
            return false;
    }
    if (!sort_vcpus(vcpus))
        return false;
    clear_shared_threads(vcpus);
    g_clear_pointer(&facts->vcpus, g_array_unref);
    facts->vcpus = g_steal_pointer(&vcpus);
    return true;
}

bool
qemu_reply_parse_hotpluggable_cpus(const UtilJson *reply, QemuFacts *facts)
{
    uint64_t n_vcpus = 0;

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_VCPUS))
        return false;
    for (size_t i = 0; i < util_json_length(reply); i++) {
        UtilCount count = util_json_member_count(util_json_element(reply, i), "vcpus-count");

        if (!count.is_present || count.value > QEMU_LIMIT_VCPUS)
            return false;
        n_vcpus += count.value;
    }
    facts->n_vcpus_max = util_count_of(n_vcpus);
    return true;
}
