/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_perf: the group perf: the events that libvirt's definition or the connection turns on,
 * in the order of the table of fields.
 */
#include "qemu_emit.h"

#include <string.h>

static const QemuFactsPerf *
find_event(const GArray *events, const char *name)
{
    for (guint i = 0; i < events->len; i++) {
        const QemuFactsPerf *event = &g_array_index(events, QemuFactsPerf, i);

        if (strcmp(event->event, name) == 0)
            return event;
    }
    return NULL;
}

bool
qemu_emit_perf(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const GArray *events = input->facts->perf;

    if (!input->is_active || events == NULL)
        return true; /* no event is turned on; libvirt shows nothing then either */
    for (int field = 0; field < QEMU_N_FIELDS; field++) {
        const QemuFactsPerf *event = NULL;

        if (qemu_fields[field].group != VIR_DOMAIN_STATS_PERF)
            continue;
        event = find_event(events, qemu_fields[field].pattern + strlen("perf."));
        if (event != NULL)
            qemu_field_put_ullong(writer, (QemuFieldId)field, event->value);
    }
    return !input->facts->lacks_perf;
}
