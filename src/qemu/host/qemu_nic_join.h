/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_join: QEMU's command line, its list of devices and the taps that its process has open ->
 * the interfaces of the guest, each with its tap. Pure.
 *
 * How it works
 *
 * The command line tells the interfaces at the start of QEMU, the list of devices tells those of
 * now. An interface of the command line is there if the list has a device with its id; one without
 * an id, or one of the board, if the list has as many of them as the command line. All other
 * devices were plugged. If QEMU did not tell the list, the interfaces are not counted, since the
 * host does not show what was plugged.
 *
 * A tap belongs to an interface if the command line gives the interface that descriptor or that
 * name, and the process has it open. The open taps that remain were renamed, or plugged, or the
 * command line does not name them. They go, in the order of their descriptors, to the interfaces
 * without a tap and then to the plugged ones. That is done only if there are not more of them than
 * such interfaces, and if none of them can be a tap whose interface was unplugged or never existed.
 * Otherwise these interfaces stay without a name.
 */
#pragma once

#include "host/host_tap.h"
#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"

typedef struct {
    const QemuDefinition *definition;
    const QemuFactsNicDevices *devices; /* lists that QEMU did not tell are NULL in it */
    const GArray *taps;                 /* HostTap; NULL: they could not be listed */
} QemuNicJoinInput;

/* One interface. Borrowed. */
typedef struct {
    const HostTap *tap;            /* NULL: none, or not known which */
    const QemuDefinitionNic *told; /* NULL: it was plugged */
    bool is_certain; /* more taps would change nothing: the command line means this one, or none */
} QemuNicJoined;

/* QemuNicJoined: first the interfaces of the command line in their order, then the plugged ones.
 * @ret_count: how many the guest has; absent if not known: then the elements are those that may be
 * there. The caller unrefs. */
GArray *qemu_nic_join(const QemuNicJoinInput *input, UtilCount *ret_count);
