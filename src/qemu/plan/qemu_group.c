/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_group: see qemu_group.h. In libvirt's order of groups, which is that of a record.
 */
#include "qemu_group.h"

#define BIT QEMU_COMMAND_BIT

const QemuGroup qemu_groups[] = {
    {
        .bit = VIR_DOMAIN_STATS_STATE,
        .name = "state",
        .commands = BIT(QUERY_STATUS),
        .optional = BIT(QUERY_MIGRATE) | BIT(QUERY_MIGRATE_CAPABILITIES),
        .emit = qemu_emit_state,
    },
    {
        .bit = VIR_DOMAIN_STATS_CPU_TOTAL,
        .name = "cpu-total",
        .optional = BIT(QUERY_STATS_HALTPOLL),
        .host = QEMU_GROUP_HOST_PROCESS | QEMU_GROUP_HOST_CPU | QEMU_GROUP_HOST_KVM |
                QEMU_GROUP_HOST_RESCTRL | QEMU_GROUP_HOST_EXT,
        .emit = qemu_emit_cpu,
    },
    {
        /* Without the device query-balloon is refused, and the size is that of all memory. */
        .bit = VIR_DOMAIN_STATS_BALLOON,
        .name = "balloon",
        .optional = BIT(QUERY_BALLOON) | BIT(QUERY_MEMORY_SIZE_SUMMARY) |
                    BIT(QUERY_MEMORY_DEVICES) | BIT(QOM_LIST_PERIPHERAL) |
                    BIT(QOM_LIST_PERIPHERAL_ANON) | BIT(QOM_GET_GUEST_STATS) |
                    BIT(QOM_GET_POLLING_INTERVAL),
        .host = QEMU_GROUP_HOST_PROCESS | QEMU_GROUP_HOST_EXT | QEMU_GROUP_HOST_PSS,
        .emit = qemu_emit_balloon,
    },
    {
        /* Some machines cannot plug CPUs: the maximum is then what there is. */
        .bit = VIR_DOMAIN_STATS_VCPU,
        .name = "vcpu",
        .commands = BIT(QUERY_CPUS_FAST),
        .optional = BIT(QUERY_HOTPLUGGABLE_CPUS) | BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_STATS_VCPU),
        .host = QEMU_GROUP_HOST_THREADS | QEMU_GROUP_HOST_KVM,
        .emit = qemu_emit_vcpu,
    },
    {
        .bit = VIR_DOMAIN_STATS_INTERFACE,
        .name = "interface",
        .optional =
            BIT(QOM_LIST_PERIPHERAL) | BIT(QOM_LIST_PERIPHERAL_ANON) | BIT(QOM_LIST_UNATTACHED),
        .host = QEMU_GROUP_HOST_NETDEV | QEMU_GROUP_HOST_ABOUT | QEMU_GROUP_HOST_EXT,
        .emit = qemu_emit_interface,
    },
    {
        .bit = VIR_DOMAIN_STATS_BLOCK,
        .name = "block",
        .commands = BIT(QUERY_BLOCKSTATS) | BIT(QUERY_NAMED_BLOCK_NODES),
        /* The first for the target of a copy, which no disk shows. */
        .optional = BIT(QUERY_BLOCKSTATS_NODES) | BIT(QUERY_BLOCK_JOBS),
        .host = QEMU_GROUP_HOST_IMAGE_PATHS | QEMU_GROUP_HOST_EXT,
        .emit = qemu_emit_block,
    },
    {
        .bit = VIR_DOMAIN_STATS_PERF,
        .name = "perf",
        .may_be_absent = true,
        .host = QEMU_GROUP_HOST_PERF,
        .emit = qemu_emit_perf,
    },
    {
        .bit = VIR_DOMAIN_STATS_IOTHREAD,
        .name = "iothread",
        .commands = BIT(QUERY_IOTHREADS),
        .emit = qemu_emit_iothread,
    },
    {
        .bit = VIR_DOMAIN_STATS_MEMORY,
        .name = "memory",
        .host = QEMU_GROUP_HOST_RESCTRL,
        .emit = qemu_emit_memory,
    },
    {
        .bit = VIR_DOMAIN_STATS_DIRTYRATE,
        .name = "dirtyrate",
        .needs_process = true,
        .commands = BIT(QUERY_DIRTY_RATE),
        .emit = qemu_emit_dirtyrate,
    },
    {
        .bit = VIR_DOMAIN_STATS_VM,
        .name = "vm",
        .needs_process = true,
        .may_be_absent = true,
        .commands = BIT(QUERY_STATS_SCHEMAS) | BIT(QUERY_STATS_VM),
        .host = QEMU_GROUP_HOST_KVM,
        .emit = qemu_emit_vm,
    },
};

const size_t qemu_n_groups = G_N_ELEMENTS(qemu_groups);

unsigned int
qemu_group_all(void)
{
    unsigned int all = 0;

    for (size_t i = 0; i < qemu_n_groups; i++)
        all |= qemu_groups[i].bit;
    return all;
}

char *
qemu_group_names(unsigned int stats)
{
    GString *names = g_string_new(NULL);
    unsigned int unknown = stats & ~qemu_group_all();

    for (size_t i = 0; i < qemu_n_groups; i++) {
        if ((stats & qemu_groups[i].bit) != 0)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", qemu_groups[i].name);
    }
    if (unknown != 0)
        g_string_append_printf(names, "%s0x%x", names->len > 0 ? ", " : "", unknown);
    return g_string_free(names, FALSE);
}
