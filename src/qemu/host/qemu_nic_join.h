/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_join: what the words say, what QEMU says and what its process holds open -> the
 * interfaces of the guest, each with its tap. Pure.
 *
 * How it works
 *
 * The words tell the interfaces as QEMU was started, the devices of QEMU those that are there now:
 * the words' device is there if one of its id is; of devices without an id, and of the board's own,
 * if there are as many as the words have. What QEMU has beside those was plugged. Without QEMU's
 * word nothing is counted, for plugging leaves no trace on the host.
 *
 * A tap is an interface's if the words give it that descriptor, or that name, and the process has
 * it open. What is still open then are taps that the words do not name, or that were renamed, or
 * plugged: they go, in order of their descriptors, to the interfaces whose tap is not found and to
 * those plugged, as long as there are no more of them than such interfaces, and no tap of the words
 * could be among them that is nobody's. Where that cannot be told, an interface stays without a
 * name.
 */
#pragma once

#include "host/host_tap.h"
#include "qemu/facts/qemu_definition.h"
#include "qemu/facts/qemu_facts.h"

typedef struct {
    const QemuDefinition *definition;
    const QemuFactsNicDevices
        *devices;       /* what QEMU was not asked, or did not tell, is NULL in it */
    const GArray *taps; /* HostTap; NULL: not to be had */
} QemuNicJoinInput;

/* The interfaces, each as the tap that it is on (const HostTap *, borrowed; NULL: none, or not
 * known which): the words' in their order, then the plugged ones. @ret_count: how many the guest
 * has; absent where that is not known: then the elements are those that may be there. */
GPtrArray *qemu_nic_join(const QemuNicJoinInput *input, UtilCount *ret_count);
