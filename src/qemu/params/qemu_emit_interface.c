/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_interface: the group interface. Fields have the guest's view: what the host sent to a
 * tap device the guest has received.
 */
#include "qemu_emit.h"

static const struct {
    QemuFieldId field;
    size_t swapped; /* the host's counter for a tap */
    size_t as_is;   /* the host's counter where @is_host_view */
} rows[] = {
    {QEMU_FIELD_NET_RX_BYTES, offsetof(HostNetdevCounters, tx_bytes),
     offsetof(HostNetdevCounters, rx_bytes)},
    {QEMU_FIELD_NET_RX_PKTS, offsetof(HostNetdevCounters, tx_packets),
     offsetof(HostNetdevCounters, rx_packets)},
    {QEMU_FIELD_NET_RX_ERRS, offsetof(HostNetdevCounters, tx_errors),
     offsetof(HostNetdevCounters, rx_errors)},
    {QEMU_FIELD_NET_RX_DROP, offsetof(HostNetdevCounters, tx_drops),
     offsetof(HostNetdevCounters, rx_drops)},
    {QEMU_FIELD_NET_TX_BYTES, offsetof(HostNetdevCounters, rx_bytes),
     offsetof(HostNetdevCounters, tx_bytes)},
    {QEMU_FIELD_NET_TX_PKTS, offsetof(HostNetdevCounters, rx_packets),
     offsetof(HostNetdevCounters, tx_packets)},
    {QEMU_FIELD_NET_TX_ERRS, offsetof(HostNetdevCounters, rx_errors),
     offsetof(HostNetdevCounters, tx_errors)},
    {QEMU_FIELD_NET_TX_DROP, offsetof(HostNetdevCounters, rx_drops),
     offsetof(HostNetdevCounters, tx_drops)},
};

static void
put_nic(QemuFieldWriter *writer, const QemuFactsNic *nic)
{
    qemu_field_put_string(writer, QEMU_FIELD_NET_NAME, nic->ifname);
    for (size_t i = 0; nic->counters != NULL && i < G_N_ELEMENTS(rows); i++) {
        size_t offset = nic->is_host_view ? rows[i].as_is : rows[i].swapped;

        qemu_field_put_ullong(
            writer, rows[i].field,
            *(const uint64_t *)(const void *)((const char *)nic->counters + offset));
    }
}

/* False if the interfaces are not all known. */
static bool
put_nics(QemuFieldWriter *writer, const QemuFacts *facts)
{
    if (facts->nics == NULL)
        return false;
    if (facts->n_nics.is_present)
        qemu_field_put_uint(writer, QEMU_FIELD_NET_COUNT, (unsigned int)facts->n_nics.value);
    for (guint i = 0; i < facts->nics->len; i++) {
        const QemuFactsNic *nic = &g_array_index(facts->nics, QemuFactsNic, i);

        writer->index[0] = i;
        if (nic->ifname != NULL) /* else nothing is written under its number, as in libvirt */
            put_nic(writer, nic);
    }
    return facts->n_nics.is_present;
}

bool
qemu_emit_interface(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    bool is_whole = !input->is_active || put_nics(writer, input->facts);

    if (input->with_about)
        qemu_emit_about_nics(writer, input);
    return is_whole;
}
