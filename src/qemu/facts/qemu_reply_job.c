/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_reply_job: query-block-jobs -> facts. It tells more of a block job than query-jobs does, and
 * leaves out the jobs that QEMU runs for itself, as that one does.
 */
#include "qemu_reply.h"

#include "qemu_reply_read.h"

static const UtilJsonCountField count_fields[] = {
    {"offset", offsetof(QemuFactsJob, offset)},
    {"len", offsetof(QemuFactsJob, len)},
    {"speed", offsetof(QemuFactsJob, speed)},
};

bool
qemu_reply_parse_block_jobs(const UtilJson *reply, QemuFacts *facts)
{
    g_autoptr(GArray) jobs = NULL;
    guint length = (guint)util_json_length(reply);

    if (!qemu_reply_read_is_list(reply, QEMU_LIMIT_JOBS))
        return false;
    jobs = g_array_sized_new(FALSE, TRUE, sizeof(QemuFactsJob), length);
    g_array_set_size(jobs, length);
    for (guint i = 0; i < length; i++) {
        const UtilJson *entry = util_json_element(reply, i);
        QemuFactsJob *job = &g_array_index(jobs, QemuFactsJob, i);

        job->id = qemu_reply_read_string(entry, "device");
        if (job->id == NULL)
            return false;
        job->type = qemu_reply_read_string(entry, "type");
        job->status = qemu_reply_read_string(entry, "status");
        job->io_status = qemu_reply_read_string(entry, "io-status");
        job->error = qemu_reply_read_string(entry, "error");
        util_json_read_counts(entry, count_fields, G_N_ELEMENTS(count_fields), job);
    }
    g_clear_pointer(&facts->jobs, g_array_unref);
    facts->jobs = g_steal_pointer(&jobs);
    return true;
}
