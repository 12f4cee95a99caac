/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_emit_interface: the parameters of interface.
 */
#include "emit_case.h"

static void
fill_nics(EmitCase *self)
{
    static const HostNetdevCounters counters = {.rx_bytes = 1,
                                                .rx_packets = 2,
                                                .rx_errors = 3,
                                                .rx_drops = 4,
                                                .tx_bytes = 5,
                                                .tx_packets = 6,
                                                .tx_errors = 7,
                                                .tx_drops = 8};
    const QemuFactsNic nics[] = {
        {.ifname = "vnet0", .counters = &counters},
        {.ifname = NULL},
        {.ifname = "gone0"},
        {.ifname = "macvtap0", .is_host_view = true, .counters = &counters},
    };

    self->facts.nics = EMIT_CASE_ARRAY(nics);
    self->facts.n_nics = util_count_of(4);
}

static void
fill_queues(EmitCase *self)
{
    static const HostQdisc both = {{true, 1, 2, 3, 4}, {true, 5, 6, 0, 0}};
    static const HostQdisc one = {.sent = {true, 7, 0, 0, 0}};
    const QemuFactsNic nics[] = {
        {.ifname = "vnet0", .qdisc = &both},
        {.ifname = "vnet1"},
        {.ifname = "macvtap0", .is_host_view = true, .qdisc = &both},
        {.ifname = "vnet3", .qdisc = &one},
    };

    self->facts.nics = EMIT_CASE_ARRAY(nics);
    self->facts.n_nics = util_count_of(4);
    self->input.with_ext = true;
}

static void
fill_hostdevs(EmitCase *self)
{
    static const HostPassed whole = {.address = "0000:02:00.0"};
    static const HostPassed function = {.address = "0000:65:01.2",
                                        .pf_address = "0000:65:00.0",
                                        .pf_ifname = "eth1",
                                        .vf = {0, true},
                                        .representor = "eth1_0"};
    static const HostVfCounters vf = {1, 2, 3, 4, 5, 6};
    static const HostNetdevCounters representor = {.rx_bytes = 7, .tx_bytes = 8, .tx_drops = 9};
    const QemuFactsHostdev hostdevs[] = {{&whole, NULL, NULL}, {&function, &vf, &representor}};

    self->facts.hostdevs = EMIT_CASE_ARRAY(hostdevs);
    self->input.with_ext = true;
}

static void
fill_uncounted_nics(EmitCase *self)
{
    const QemuFactsNic nics[] = {{.ifname = NULL}, {.ifname = "vnet0"}};

    self->facts.nics = EMIT_CASE_ARRAY(nics);
}

static void
fill_no_nics(EmitCase *self)
{
    self->facts.n_nics = util_count_of(0);
    self->facts.nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
}

#define NIC(n, name, rb, rp, re, rd, tb, tp, te, td)                                               \
    "net." #n ".name string " #name "\nnet." #n ".rx.bytes ullong " #rb "\nnet." #n                \
    ".rx.pkts ullong " #rp "\nnet." #n ".rx.errs ullong " #re "\nnet." #n ".rx.drop ullong " #rd   \
    "\nnet." #n ".tx.bytes ullong " #tb "\nnet." #n ".tx.pkts ullong " #tp "\nnet." #n             \
    ".tx.errs ullong " #te "\nnet." #n ".tx.drop ullong " #td "\n"

/* clang-format off */
static const EmitRow rows[] = {
    {"taps are turned round, macvtap is not, holes stay", qemu_emit_interface, fill_nics, true,
     "net.count uint 4\n" NIC(0, vnet0, 5, 6, 7, 8, 1, 2, 3, 4) "net.2.name string gone0\n"
     NIC(3, macvtap0, 1, 2, 3, 4, 5, 6, 7, 8)},
    {"the host's queues, in the guest's view", qemu_emit_interface, fill_queues, true,
     "net.count uint 4\nnet.0.name string vnet0\nnet.1.name string vnet1\nnet.2.name string macvtap0\n"
     "net.3.name string vnet3\n"
     "ext.net.0.rx.qdisc.drop ullong 1\next.net.0.rx.qdisc.overlimits ullong 2\n"
     "ext.net.0.tx.qdisc.drop ullong 5\next.net.0.tx.qdisc.overlimits ullong 6\n"
     "ext.net.0.qdisc.pkts ullong 3\next.net.0.qdisc.bytes ullong 4\n"
     "ext.net.2.rx.qdisc.drop ullong 5\next.net.2.rx.qdisc.overlimits ullong 6\n"
     "ext.net.2.tx.qdisc.drop ullong 1\next.net.2.tx.qdisc.overlimits ullong 2\n"
     "ext.net.2.qdisc.pkts ullong 3\next.net.2.qdisc.bytes ullong 4\n"
     "ext.net.3.rx.qdisc.drop ullong 7\next.net.3.rx.qdisc.overlimits ullong 0\n"
     "ext.net.3.qdisc.pkts ullong 0\next.net.3.qdisc.bytes ullong 0\n"},
    {"devices of the host that the guest was given", qemu_emit_interface, fill_hostdevs, false,
     "ext.net.hostdev.count uint 2\next.net.hostdev.0.address string 0000:02:00.0\n"
     "ext.net.hostdev.1.address string 0000:65:01.2\next.net.hostdev.1.pf.address string 0000:65:00.0\n"
     "ext.net.hostdev.1.pf.name string eth1\next.net.hostdev.1.vf uint 0\n"
     "ext.net.hostdev.1.rx.bytes ullong 1\next.net.hostdev.1.rx.pkts ullong 2\n"
     "ext.net.hostdev.1.rx.drop ullong 3\next.net.hostdev.1.tx.bytes ullong 4\n"
     "ext.net.hostdev.1.tx.pkts ullong 5\next.net.hostdev.1.tx.drop ullong 6\n"
     "ext.net.hostdev.1.representor.name string eth1_0\n"
     "ext.net.hostdev.1.representor.rx.bytes ullong 8\next.net.hostdev.1.representor.rx.pkts ullong 0\n"
     "ext.net.hostdev.1.representor.rx.drop ullong 9\next.net.hostdev.1.representor.tx.bytes ullong 7\n"
     "ext.net.hostdev.1.representor.tx.pkts ullong 0\next.net.hostdev.1.representor.tx.drop ullong 0\n"},
    {"no interface is a count of 0", qemu_emit_interface, fill_no_nics, true, "net.count uint 0\n"},
    {"not counted: what is known of them, and not whole", qemu_emit_interface, fill_uncounted_nics,
     false, "net.1.name string vnet0\n"},
    {"nobody told of interfaces", qemu_emit_interface, emit_case_fill_nothing, false, ""},
    {"off, not even a count", qemu_emit_interface, emit_case_fill_off, true, ""},
};
/* clang-format on */

int
main(void)
{
    return TESTING_RUN_TABLE("emit interface", rows, emit_case_check);
}
