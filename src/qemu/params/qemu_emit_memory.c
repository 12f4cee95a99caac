/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_memory: the group memory: the domain's monitors of memory bandwidth.
 */
#include "qemu_emit.h"

bool
qemu_emit_memory(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    if (input->is_active)
        qemu_emit_resctrl(writer, input, QEMU_DEFINITION_BANDWIDTH);
    return true;
}
