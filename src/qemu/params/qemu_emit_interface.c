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

/* As the function, which is the guest's, sees it. */
static const struct {
    QemuFieldId field;
    size_t offset;
} vf_rows[] = {
    {QEMU_FIELD_EXT_NET_HOSTDEV_RX_BYTES, offsetof(HostVfCounters, rx_bytes)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_RX_PKTS, offsetof(HostVfCounters, rx_packets)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_RX_DROP, offsetof(HostVfCounters, rx_drops)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_TX_BYTES, offsetof(HostVfCounters, tx_bytes)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_TX_PKTS, offsetof(HostVfCounters, tx_packets)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_TX_DROP, offsetof(HostVfCounters, tx_drops)},
};

/* Turned round: what the host sends to a representor the guest receives. */
static const struct {
    QemuFieldId field;
    size_t offset;
} representor_rows[] = {
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_RX_BYTES, offsetof(HostNetdevCounters, tx_bytes)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_RX_PKTS, offsetof(HostNetdevCounters, tx_packets)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_RX_DROP, offsetof(HostNetdevCounters, tx_drops)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_TX_BYTES, offsetof(HostNetdevCounters, rx_bytes)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_TX_PKTS, offsetof(HostNetdevCounters, rx_packets)},
    {QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_TX_DROP, offsetof(HostNetdevCounters, rx_drops)},
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

static void
put_ullong_at(QemuFieldWriter *writer, QemuFieldId field, const void *base, size_t offset)
{
    qemu_field_put_ullong(writer, field,
                          *(const uint64_t *)(const void *)((const char *)base + offset));
}

/* What the host sends to a tap the guest receives. A queue of filters holds nothing back, so it has
 * no packets that wait. */
static void
put_qdisc(QemuFieldWriter *writer, const QemuFactsNic *nic)
{
    const HostQdiscQueue *rx = nic->is_host_view ? &nic->qdisc->received : &nic->qdisc->sent;
    const HostQdiscQueue *tx = nic->is_host_view ? &nic->qdisc->sent : &nic->qdisc->received;

    if (rx->is_there) {
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_RX_QDISC_DROP, rx->n_drops);
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_RX_QDISC_OVERLIMITS, rx->n_overlimits);
    }
    if (tx->is_there) {
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_TX_QDISC_DROP, tx->n_drops);
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_TX_QDISC_OVERLIMITS, tx->n_overlimits);
    }
    if (nic->qdisc->sent.is_there) {
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_QDISC_PKTS, nic->qdisc->sent.n_packets);
        qemu_field_put_ullong(writer, QEMU_FIELD_EXT_NET_QDISC_BYTES, nic->qdisc->sent.n_bytes);
    }
}

static const char *
text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static void
put_hostdev(QemuFieldWriter *writer, const QemuFactsHostdev *hostdev)
{
    const HostPassed *device = hostdev->device;

    qemu_field_put_string(writer, QEMU_FIELD_EXT_NET_HOSTDEV_ADDRESS, device->address);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_NET_HOSTDEV_PF_ADDRESS,
                          text_or_null(device->pf_address));
    qemu_field_put_string(writer, QEMU_FIELD_EXT_NET_HOSTDEV_PF_NAME,
                          text_or_null(device->pf_ifname));
    if (device->vf.is_present)
        qemu_field_put_uint(writer, QEMU_FIELD_EXT_NET_HOSTDEV_VF, (unsigned int)device->vf.value);
    for (size_t i = 0; hostdev->vf != NULL && i < G_N_ELEMENTS(vf_rows); i++)
        put_ullong_at(writer, vf_rows[i].field, hostdev->vf, vf_rows[i].offset);
    qemu_field_put_string(writer, QEMU_FIELD_EXT_NET_HOSTDEV_REPRESENTOR_NAME,
                          text_or_null(device->representor));
    for (size_t i = 0; hostdev->representor != NULL && i < G_N_ELEMENTS(representor_rows); i++)
        put_ullong_at(writer, representor_rows[i].field, hostdev->representor,
                      representor_rows[i].offset);
}

static void
put_ext(QemuFieldWriter *writer, const QemuFacts *facts)
{
    for (guint i = 0; facts->nics != NULL && i < facts->nics->len; i++) {
        const QemuFactsNic *nic = &g_array_index(facts->nics, QemuFactsNic, i);

        writer->index[0] = i;
        if (nic->qdisc != NULL)
            put_qdisc(writer, nic);
    }
    if (facts->hostdevs == NULL)
        return;
    qemu_field_put_uint(writer, QEMU_FIELD_EXT_NET_HOSTDEV_COUNT, facts->hostdevs->len);
    for (guint i = 0; i < facts->hostdevs->len; i++) {
        writer->index[0] = i;
        put_hostdev(writer, &g_array_index(facts->hostdevs, QemuFactsHostdev, i));
    }
}

bool
qemu_emit_interface(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    bool is_whole = !input->is_active || put_nics(writer, input->facts);

    if (input->with_ext && input->is_active)
        put_ext(writer, input->facts);
    if (input->with_about)
        qemu_emit_about_nics(writer, input);
    return is_whole;
}
