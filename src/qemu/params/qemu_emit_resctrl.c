/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_resctrl: monitors of caches, energy (group cpu-total) and memory bandwidth (group
 * memory). All have fields of the same shape. Values of one kind stand in the order in which the
 * host lists them, as libvirt has them.
 */
#include "qemu_emit.h"

#include <limits.h>

/* The fields of one kind of monitor. */
typedef struct {
    QemuFieldId count, name, vcpus, n_banks, bank_id;
    void (*put_bank)(QemuFieldWriter *writer, const QemuFactsResctrlBank *bank);
} Shape;

static void
put_cache(QemuFieldWriter *writer, const QemuFactsResctrlBank *bank)
{
    /* libvirt's type cannot hold 4 GiB; libvirt shows the value modulo 4 GiB. */
    if (bank->bytes.is_present && bank->bytes.value <= UINT_MAX)
        qemu_field_put_uint(writer, QEMU_FIELD_CPU_CACHE_BANK_BYTES,
                            (unsigned int)bank->bytes.value);
}

static void
put_bandwidth(QemuFieldWriter *writer, const QemuFactsResctrlBank *bank)
{
    if (bank->is_swapped)
        qemu_field_put_count(writer, QEMU_FIELD_MEMORY_BANDWIDTH_NODE_TOTAL, bank->total_bytes);
    qemu_field_put_count(writer, QEMU_FIELD_MEMORY_BANDWIDTH_NODE_LOCAL, bank->local_bytes);
    if (!bank->is_swapped)
        qemu_field_put_count(writer, QEMU_FIELD_MEMORY_BANDWIDTH_NODE_TOTAL, bank->total_bytes);
}

static void
put_activity(QemuFieldWriter *writer, const QemuFactsResctrlBank *bank)
{
    if (bank->has_activity)
        qemu_field_put_double(writer, QEMU_FIELD_CPU_ENERGY_PKG_ACTIVITY, bank->activity_f);
}

static void
put_energy(QemuFieldWriter *writer, const QemuFactsResctrlBank *bank)
{
    if (bank->is_swapped)
        put_activity(writer, bank);
    if (bank->has_core_energy)
        qemu_field_put_double(writer, QEMU_FIELD_CPU_ENERGY_PKG_CORE_ENERGY, bank->core_energy_j);
    if (!bank->is_swapped)
        put_activity(writer, bank);
}

static const Shape shapes[] = {
    [QEMU_DEFINITION_CACHE] = {QEMU_FIELD_CPU_CACHE_COUNT, QEMU_FIELD_CPU_CACHE_NAME,
                               QEMU_FIELD_CPU_CACHE_VCPUS, QEMU_FIELD_CPU_CACHE_BANK_COUNT,
                               QEMU_FIELD_CPU_CACHE_BANK_ID, put_cache},
    [QEMU_DEFINITION_BANDWIDTH] = {QEMU_FIELD_MEMORY_BANDWIDTH_COUNT,
                                   QEMU_FIELD_MEMORY_BANDWIDTH_NAME,
                                   QEMU_FIELD_MEMORY_BANDWIDTH_VCPUS,
                                   QEMU_FIELD_MEMORY_BANDWIDTH_NODE_COUNT,
                                   QEMU_FIELD_MEMORY_BANDWIDTH_NODE_ID, put_bandwidth},
    [QEMU_DEFINITION_ENERGY] = {QEMU_FIELD_CPU_ENERGY_COUNT, QEMU_FIELD_CPU_ENERGY_NAME,
                                QEMU_FIELD_CPU_ENERGY_VCPUS, QEMU_FIELD_CPU_ENERGY_PKG_COUNT,
                                QEMU_FIELD_CPU_ENERGY_PKG_ID, put_energy},
};

static void
put_monitor(QemuFieldWriter *writer, const Shape *shape, const QemuFactsResctrl *monitor)
{
    unsigned int n_banks = monitor->banks ? monitor->banks->len : 0;

    qemu_field_put_string(writer, shape->name, monitor->name);
    qemu_field_put_string(writer, shape->vcpus, monitor->vcpus);
    qemu_field_put_uint(writer, shape->n_banks, n_banks);
    for (unsigned int i = 0; i < n_banks; i++) {
        const QemuFactsResctrlBank *bank = &g_array_index(monitor->banks, QemuFactsResctrlBank, i);

        writer->index[1] = i;
        qemu_field_put_uint(writer, shape->bank_id, bank->id);
        shape->put_bank(writer, bank);
    }
}

/* The next monitor of @kind from index @start on; NULL if there is none. Moves @start past it. */
static const QemuFactsResctrl *
find_next(const GArray *monitors, QemuDefinitionResctrlKind kind, unsigned int *start)
{
    while (monitors != NULL && *start < monitors->len) {
        const QemuFactsResctrl *monitor = &g_array_index(monitors, QemuFactsResctrl, (*start)++);

        if (monitor->kind == kind)
            return monitor;
    }
    return NULL;
}

void
qemu_emit_resctrl(QemuFieldWriter *writer, const QemuEmitInput *input,
                  QemuDefinitionResctrlKind kind)
{
    const GArray *monitors = input->facts->resctrl;
    const Shape *shape = &shapes[kind];
    const QemuFactsResctrl *monitor = NULL;
    unsigned int n_monitors = 0;
    unsigned int place = 0;

    while (find_next(monitors, kind, &place) != NULL)
        n_monitors++;
    if (n_monitors > 0)
        qemu_field_put_uint(writer, shape->count, n_monitors);
    place = 0;
    for (unsigned int i = 0; (monitor = find_next(monitors, kind, &place)) != NULL; i++) {
        writer->index[0] = i;
        put_monitor(writer, shape, monitor);
    }
}
