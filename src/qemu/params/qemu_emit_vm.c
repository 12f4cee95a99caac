/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_vm: the group vm: KVM's statistics of the virtual machine, as QEMU gives them.
 */
#include "qemu_emit.h"

static const QemuFieldId stat_fields[] = {
    [QEMU_FACTS_STAT_CUMULATIVE] = QEMU_FIELD_VM_STAT_SUM,
    [QEMU_FACTS_STAT_INSTANT] = QEMU_FIELD_VM_STAT_CUR,
    [QEMU_FACTS_STAT_PEAK] = QEMU_FIELD_VM_STAT_MAX,
};

bool
qemu_emit_vm(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    if (!input->is_active || input->facts->vm_stats == NULL)
        return false;
    qemu_emit_stats(writer, input->facts->vm_stats, stat_fields);
    return true;
}
