/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_stats: statistics of KVM for the groups vcpu and vm. Their names come from the kernel,
 * mostly through QEMU, so they are checked here.
 */
#include "qemu_emit.h"

#include <string.h>

/* The longest name of a statistic that fits into a field's name. The kernel's names have fewer than
 * 48 characters, so only a hostile QEMU sends longer ones; they are left out, since they would make
 * the whole list of parameters fail. */
enum { MAX_NAME = VIR_TYPED_PARAM_FIELD_LENGTH - sizeof("vcpu.4294967295..sum") };

static bool
is_name(const char *name)
{
    size_t length = 0;

    for (; name[length] != '\0'; length++) {
        if (length == MAX_NAME || !g_ascii_isgraph(name[length]))
            return false;
    }
    return length > 0;
}

void
qemu_emit_stats(QemuFieldWriter *writer, const GArray *stats, const QemuFieldId fields[3])
{
    for (guint i = 0; stats != NULL && i < stats->len; i++) {
        const QemuFactsStat *stat = &g_array_index(stats, QemuFactsStat, i);

        if (stat->kind == QEMU_FACTS_STAT_HISTOGRAM || !is_name(stat->name))
            continue;
        writer->word = stat->name;
        if (stat->is_boolean)
            qemu_field_put_boolean(writer, fields[stat->kind], stat->value != 0);
        else
            qemu_field_put_ullong(writer, fields[stat->kind], stat->value);
    }
}
