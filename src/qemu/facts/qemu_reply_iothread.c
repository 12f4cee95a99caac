/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_iothread: query-iothreads and query-dirty-rate -> facts.
 *
 * IOThreads stay in the order of the reply, which means nothing: qemu_emit_iothread numbers them
 * by their ids or threads.
 */
#include "qemu_reply.h"

#include <string.h>

#include "qemu_reply_read.h"

static const UtilJsonCountField poll_fields[] = {
    {"poll-max-ns", offsetof(QemuFactsIothread, poll_max_ns)},
    {"poll-grow", offsetof(QemuFactsIothread, poll_grow)},
    {"poll-shrink", offsetof(QemuFactsIothread, poll_shrink)},
    {"poll-weight", offsetof(QemuFactsIothread, poll_weight)},
};

bool
qemu_reply_parse_iothreads(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) iothreads = NULL;
    guint length = (guint)util_json_length(reply);

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_IOTHREADS))
        return false;
    iothreads = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsIothread), length);
    g_array_set_size(iothreads, length);
    for (guint i = 0; i < length; i++) {
        const UtilJson *entry = util_json_element(reply, i);
        QemuFactsIothread *iothread = &g_array_index(iothreads, QemuFactsIothread, i);

        iothread->id = qemu_reply_read_string(entry, "id");
        if (iothread->id == NULL)
            return false;
        iothread->thread_id = qemu_reply_read_thread(entry, "thread-id");
        util_json_read_counts(entry, poll_fields, G_N_ELEMENTS(poll_fields), iothread);
    }
    g_clear_pointer(&facts->iothreads, g_array_unref);
    facts->iothreads = g_steal_pointer(&iothreads);
    return true;
}

/* NULL if @list is absent, which it is outside of dirty-ring mode, or is malformed. */
static GArray *
read_vcpu_rates(const UtilJson *list)
{
    g_autoptr(GArray) rates = NULL;
    guint length = (guint)util_json_length(list);

    if (!qemu_reply_read_is_list(list, QEMU_LIMIT_VCPUS))
        return NULL;
    rates = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsVcpuDirtyRate), length);
    g_array_set_size(rates, length);
    for (guint i = 0; i < length; i++) {
        const UtilJson *entry = util_json_element(list, i);
        QemuFactsVcpuDirtyRate *vcpu = &g_array_index(rates, QemuFactsVcpuDirtyRate, i);
        UtilCount rate = util_json_member_count(entry, "dirty-rate");

        if (!qemu_reply_read_index(entry, "id", &vcpu->index) || !rate.is_present)
            return NULL;
        vcpu->rate_mib_s = rate.value;
    }
    return g_steal_pointer(&rates);
}

bool
qemu_reply_parse_dirty_rate(const UtilJson *reply, QemuFacts *facts)
{
    QemuFactsDirtyRate *dirty_rate = &facts->dirty_rate;
    const char *status = qemu_reply_read_string(reply, "status");
    const char *unit = util_json_member_string(reply, "calc-time-unit");

    if (status == NULL)
        return false;
    g_clear_pointer(&dirty_rate->vcpus, g_array_unref);
    *dirty_rate = (QemuFactsDirtyRate){
        .status = status,
        .mode = qemu_reply_read_string(reply, "mode"),
        .vcpus = read_vcpu_rates(util_json_member(reply, "vcpu-dirty-rate")),
    };
    dirty_rate->has_start_time =
        util_json_member_int64(reply, "start-time", &dirty_rate->start_time_s);
    dirty_rate->has_rate = util_json_member_int64(reply, "dirty-rate", &dirty_rate->rate_mib_s);
    /* QEMU answers in seconds unless query-dirty-rate asks for another unit; the allow-list's text
     * does not. */
    if (unit == NULL || strcmp(unit, "second") == 0)
        dirty_rate->has_calc_time =
            util_json_member_int64(reply, "calc-time", &dirty_rate->calc_time_s);
    return true;
}
