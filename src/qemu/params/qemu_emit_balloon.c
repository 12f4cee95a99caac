/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_balloon: the group balloon.
 *
 * Three of libvirt's names mislead: "unused" is the guest's free memory, "available" its total
 * memory, "usable" its available memory.
 */
#include "qemu_emit.h"

enum { BYTES_PER_KIB = 1024 };

/* Values that the guest's balloon driver reports, in libvirt's order. */
static const struct {
    QemuFieldId field;
    size_t offset;
    bool is_bytes; /* then it is shown in KiB */
} guest_rows[] = {
    {QEMU_FIELD_BALLOON_SWAP_IN, offsetof(QemuFactsMemory, swap_in), true},
    {QEMU_FIELD_BALLOON_SWAP_OUT, offsetof(QemuFactsMemory, swap_out), true},
    {QEMU_FIELD_BALLOON_MAJOR_FAULT, offsetof(QemuFactsMemory, major_faults), false},
    {QEMU_FIELD_BALLOON_MINOR_FAULT, offsetof(QemuFactsMemory, minor_faults), false},
    {QEMU_FIELD_BALLOON_UNUSED, offsetof(QemuFactsMemory, free_memory), true},
    {QEMU_FIELD_BALLOON_AVAILABLE, offsetof(QemuFactsMemory, total_memory), true},
    {QEMU_FIELD_BALLOON_USABLE, offsetof(QemuFactsMemory, available_memory), true},
    {QEMU_FIELD_BALLOON_LAST_UPDATE, offsetof(QemuFactsMemory, last_update_s), false},
    {QEMU_FIELD_BALLOON_DISK_CACHES, offsetof(QemuFactsMemory, disk_caches), true},
    {QEMU_FIELD_BALLOON_HUGETLB_PGALLOC, offsetof(QemuFactsMemory, htlb_pgalloc), false},
    {QEMU_FIELD_BALLOON_HUGETLB_PGFAIL, offsetof(QemuFactsMemory, htlb_pgfail), false},
};

static const QemuFieldCount pss_rows[] = {
    {QEMU_FIELD_EXT_BALLOON_PSS, offsetof(HostProcessMemory, pss_kib)},
    {QEMU_FIELD_EXT_BALLOON_SWAP, offsetof(HostProcessMemory, swap_kib)},
};

static const QemuFieldCount ksm_rows[] = {
    {QEMU_FIELD_EXT_BALLOON_KSM_MERGING_PAGES, offsetof(HostKsm, merging_pages)},
    {QEMU_FIELD_EXT_BALLOON_KSM_RMAP_ITEMS, offsetof(HostKsm, rmap_items)},
    {QEMU_FIELD_EXT_BALLOON_KSM_ZERO_PAGES, offsetof(HostKsm, zero_pages)},
};

static const QemuFieldCount group_rows[] = {
    {QEMU_FIELD_EXT_BALLOON_PRESSURE_SOME, offsetof(HostGroupValues, memory.some_us)},
    {QEMU_FIELD_EXT_BALLOON_PRESSURE_FULL, offsetof(HostGroupValues, memory.full_us)},
    {QEMU_FIELD_EXT_BALLOON_EVENTS_HIGH, offsetof(HostGroupValues, n_high)},
    {QEMU_FIELD_EXT_BALLOON_EVENTS_MAX, offsetof(HostGroupValues, n_max)},
    {QEMU_FIELD_EXT_BALLOON_EVENTS_OOM, offsetof(HostGroupValues, n_oom)},
    {QEMU_FIELD_EXT_BALLOON_EVENTS_OOM_KILL, offsetof(HostGroupValues, n_oom_kill)},
};

static UtilCount
sum_kib(UtilCount first, UtilCount second)
{
    UtilCount sum = first;

    util_count_add(&sum, second);
    sum.value /= BYTES_PER_KIB;
    return sum;
}

/* Base memory and all memory devices at their present sizes. A QEMU without query-memory-devices
 * tells the sum of the devices in query-memory-size-summary. */
static UtilCount
size_kib(const QemuFactsMemory *memory)
{
    return sum_kib(memory->base_bytes, memory->devices_bytes.is_present ? memory->devices_bytes
                                                                        : memory->plugged_bytes);
}

/* The same with each virtio-mem at its maximum, since libvirt counts it so. */
static UtilCount
full_size_kib(const QemuFactsMemory *memory)
{
    if (memory->devices_full_bytes.is_present)
        return sum_kib(memory->base_bytes, memory->devices_full_bytes);
    return size_kib(memory);
}

/* libvirt's definition has the number that libvirt shows. A command line lacks memory that was
 * plugged later, so QEMU's replies are preferred to it. */
static UtilCount
maximum_kib(const QemuEmitInput *input)
{
    const QemuDefinition *definition = input->definition;
    UtilCount size = full_size_kib(&input->facts->memory);

    if (definition == NULL || !definition->memory_kib.is_present)
        return size;
    if (definition->origin == QEMU_DEFINITION_OF_LIBVIRT || !size.is_present)
        return definition->memory_kib;
    return size;
}

/* query-balloon gives the guest's memory less what the balloon holds, but without virtio-mem, whose
 * plugged size is added. If a running QEMU does not answer, its command line is no substitute: it
 * does not tell how much the balloon holds. */
static UtilCount
current_kib(const QemuEmitInput *input)
{
    const QemuFactsMemory *memory = &input->facts->memory;
    const QemuDefinition *definition = input->definition;

    if (definition != NULL && !definition->has_balloon)
        return maximum_kib(input);
    if (memory->actual_bytes.is_present)
        return sum_kib(memory->actual_bytes, memory->virtio_mem_bytes.is_present
                                                 ? memory->virtio_mem_bytes
                                                 : util_count_of(0));
    if (definition != NULL && definition->memory_current_kib.is_present)
        return definition->memory_current_kib;
    return input->is_active ? size_kib(memory) : maximum_kib(input);
}

static void
put_guest(QemuFieldWriter *writer, const QemuFactsMemory *memory)
{
    for (size_t i = 0; i < G_N_ELEMENTS(guest_rows); i++) {
        UtilCount value =
            *(const UtilCount *)(const void *)((const char *)memory + guest_rows[i].offset);

        if (guest_rows[i].is_bytes)
            value.value /= BYTES_PER_KIB;
        qemu_field_put_count(writer, guest_rows[i].field, value);
    }
}

static UtilCount
to_kib(UtilCount bytes)
{
    bytes.value /= BYTES_PER_KIB;
    return bytes;
}

static void
put_ksm(QemuFieldWriter *writer, const HostKsm *ksm)
{
    qemu_field_put_counts(writer, ksm_rows, G_N_ELEMENTS(ksm_rows), ksm);
    if (ksm->has_profit)
        qemu_field_put_llong(writer, QEMU_FIELD_EXT_BALLOON_KSM_PROFIT, ksm->profit_bytes);
}

/* What the kernel tells of the machine's control group. */
static void
put_group(QemuFieldWriter *writer, const HostGroupValues *group)
{
    qemu_field_put_counts(writer, group_rows, G_N_ELEMENTS(group_rows), group);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BALLOON_CGROUP_SWAP, to_kib(group->swap_bytes));
    if (group->nodes == NULL)
        return;
    qemu_field_put_uint(writer, QEMU_FIELD_EXT_BALLOON_NUMA_COUNT, group->nodes->len);
    for (guint i = 0; i < group->nodes->len; i++) {
        const HostGroupNode *node = &g_array_index(group->nodes, HostGroupNode, i);

        writer->index[0] = node->id;
        qemu_field_put_count(writer, QEMU_FIELD_EXT_BALLOON_NUMA_ANON, to_kib(node->anon_bytes));
        qemu_field_put_count(writer, QEMU_FIELD_EXT_BALLOON_NUMA_FILE, to_kib(node->file_bytes));
    }
}

static void
put_ext(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuFactsMemory *memory = &input->facts->memory;
    UtilCount updated = memory->last_update_s;

    qemu_field_put_count(writer, QEMU_FIELD_EXT_BALLOON_HUGETLB,
                         input->facts->host.memory.hugetlb_kib);
    qemu_field_put_count(writer, QEMU_FIELD_EXT_BALLOON_POLLING_INTERVAL,
                         memory->polling_interval_s);
    if (memory->polling_interval_s.is_present)
        qemu_field_put_boolean(writer, QEMU_FIELD_EXT_BALLOON_HAS_POLLING,
                               memory->polling_interval_s.value > 0);
    if (updated.is_present && updated.value > 0 && input->wall_s > 0 &&
        updated.value <= (uint64_t)input->wall_s)
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_BALLOON_AGE,
                              (uint64_t)input->wall_s - updated.value);
    put_group(writer, &input->facts->host.group);
    put_ksm(writer, &input->facts->host.ksm);
}

bool
qemu_emit_balloon(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuFactsHost *host = &input->facts->host;
    UtilCount current = current_kib(input);
    UtilCount maximum = maximum_kib(input);

    qemu_field_put_count(writer, QEMU_FIELD_BALLOON_CURRENT, current);
    qemu_field_put_count(writer, QEMU_FIELD_BALLOON_MAXIMUM, maximum);
    if (input->is_active) {
        put_guest(writer, &input->facts->memory);
        if (host->has_process && input->page_bytes > 0)
            qemu_field_put_ullong(writer, QEMU_FIELD_BALLOON_RSS,
                                  host->process.rss_pages *
                                      ((uint64_t)input->page_bytes / BYTES_PER_KIB));
        if (input->with_pss)
            qemu_field_put_counts(writer, pss_rows, G_N_ELEMENTS(pss_rows), &host->memory);
        if (input->with_ext)
            put_ext(writer, input);
    }
    return current.is_present && maximum.is_present && (!input->is_active || host->has_process);
}
