/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reply_case: see reply_case.h.
 */
#include "reply_case.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "testing.h"

/* The order of QemuFactsStatKind. */
static const char *const kind_names[] = {"sum", "cur", "max", "histogram"};

static void
show_count(GString *out, const char *name, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", name, count.value);
}

static void
show_stats(GString *out, const char *owner, const GArray *stats)
{
    for (guint i = 0; stats != NULL && i < stats->len; i++) {
        const QemuFactsStat *stat = &g_array_index(stats, QemuFactsStat, i);

        g_string_append_printf(out, "%s %s.%s %s%" G_GUINT64_FORMAT "\n", owner, stat->name,
                               kind_names[stat->kind], stat->is_boolean ? "is " : "", stat->value);
    }
}

static void
show_vcpus(GString *out, const GArray *vcpus)
{
    for (guint i = 0; vcpus != NULL && i < vcpus->len; i++) {
        const QemuFactsVcpu *vcpu = &g_array_index(vcpus, QemuFactsVcpu, i);
        g_autofree char *owner = g_strdup_printf("vcpu %d", vcpu->index);

        g_string_append_printf(out, "%s thread %d path %s%s\n", owner, (int)vcpu->thread_id,
                               vcpu->qom_path ? vcpu->qom_path : "none",
                               !vcpu->has_halted ? ""
                               : vcpu->is_halted ? " halted"
                                                 : " not halted");
        show_stats(out, owner, vcpu->stats);
    }
}

static void
show_memory(GString *out, const QemuFactsMemory *memory)
{
    const struct {
        const char *name;
        UtilCount count;
    } counts[] = {
        {"actual", memory->actual_bytes},
        {"base", memory->base_bytes},
        {"plugged", memory->plugged_bytes},
        {"devices", memory->devices_bytes},
        {"full", memory->devices_full_bytes},
        {"virtio-mem", memory->virtio_mem_bytes},
        {"swap in", memory->swap_in},
        {"swap out", memory->swap_out},
        {"major faults", memory->major_faults},
        {"minor faults", memory->minor_faults},
        {"free", memory->free_memory},
        {"total", memory->total_memory},
        {"available", memory->available_memory},
        {"caches", memory->disk_caches},
        {"pgalloc", memory->htlb_pgalloc},
        {"pgfail", memory->htlb_pgfail},
        {"last update", memory->last_update_s},
        {"interval", memory->polling_interval_s},
    };

    if (memory->actual_bytes.is_present)
        g_string_append(out, "balloon\n");
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        show_count(out, counts[i].name, counts[i].count);
}

static void
show_iothreads(GString *out, const GArray *iothreads)
{
    for (guint i = 0; iothreads != NULL && i < iothreads->len; i++) {
        const QemuFactsIothread *iothread = &g_array_index(iothreads, QemuFactsIothread, i);

        g_string_append_printf(out, "iothread %s thread %d\n", iothread->id,
                               (int)iothread->thread_id);
        show_count(out, "poll max", iothread->poll_max_ns);
        show_count(out, "poll grow", iothread->poll_grow);
        show_count(out, "poll shrink", iothread->poll_shrink);
        show_count(out, "poll weight", iothread->poll_weight);
    }
}

static void
show_dirty_rate(GString *out, const QemuFactsDirtyRate *rate)
{
    if (rate->status != NULL)
        g_string_append_printf(out, "dirty rate %s mode %s\n", rate->status,
                               rate->mode ? rate->mode : "none");
    if (rate->has_start_time)
        g_string_append_printf(out, "start %" G_GINT64_FORMAT "\n", rate->start_time_s);
    if (rate->has_calc_time)
        g_string_append_printf(out, "period %" G_GINT64_FORMAT "\n", rate->calc_time_s);
    if (rate->has_rate)
        g_string_append_printf(out, "rate %" G_GINT64_FORMAT "\n", rate->rate_mib_s);
    for (guint i = 0; rate->vcpus != NULL && i < rate->vcpus->len; i++) {
        const QemuFactsVcpuDirtyRate *vcpu = &g_array_index(rate->vcpus, QemuFactsVcpuDirtyRate, i);

        g_string_append_printf(out, "vcpu %d rate %" G_GUINT64_FORMAT "\n", vcpu->index,
                               vcpu->rate_mib_s);
    }
}

static void
show_migration(GString *out, const QemuFactsMigration *migration)
{
    const struct {
        const char *name;
        UtilCount count;
    } counts[] = {
        {"total ms", migration->total_time_ms},
        {"setup ms", migration->setup_time_ms},
        {"downtime ms", migration->downtime_ms},
        {"expected ms", migration->expected_downtime_ms},
        {"remaining", migration->remaining_bytes},
        {"ram", migration->ram_total},
        {"ram sent", migration->ram_transferred},
        {"ram remaining", migration->ram_remaining},
        {"ram passes", migration->ram_iterations},
        {"ram dirty", migration->ram_dirty_pages_rate},
        {"ram page", migration->ram_page_size},
        {"ram postcopy", migration->ram_postcopy_requests},
        {"ram bytes/s", migration->ram_bytes_per_s},
        {"throttle", migration->throttle_percent},
    };

    if (migration->status != NULL)
        g_string_append_printf(out, "migration %s%s\n", migration->status,
                               migration->tells_memory ? " tells memory" : "");
    if (migration->error != NULL)
        g_string_append_printf(out, "error %s\n", migration->error);
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        show_count(out, counts[i].name, counts[i].count);
}

static void
show_jobs(GString *out, const GArray *jobs)
{
    if (jobs != NULL && jobs->len == 0)
        g_string_append(out, "no job\n");
    for (guint i = 0; jobs != NULL && i < jobs->len; i++) {
        const QemuFactsJob *job = &g_array_index(jobs, QemuFactsJob, i);

        g_string_append_printf(out, "job %s type %s status %s io %s error %s\n", job->id,
                               job->type ? job->type : "-", job->status ? job->status : "-",
                               job->io_status ? job->io_status : "-",
                               job->error ? job->error : "-");
        show_count(out, "offset", job->offset);
        show_count(out, "len", job->len);
        show_count(out, "speed", job->speed);
    }
}

static char *
show(const QemuFacts *facts, bool is_refused)
{
    GString *out = g_string_new(is_refused ? "refused\n" : "");

    if (facts->status != NULL)
        g_string_append_printf(out, "status %s %s\n", facts->status,
                               facts->is_running ? "running" : "not running");
    show_vcpus(out, facts->vcpus);
    show_count(out, "most vcpus", facts->n_vcpus_max);
    show_count(out, "halt success", facts->halt_success_ns);
    show_count(out, "halt fail", facts->halt_fail_ns);
    show_stats(out, "vm", facts->vm_stats);
    show_memory(out, &facts->memory);
    show_iothreads(out, facts->iothreads);
    show_dirty_rate(out, &facts->dirty_rate);
    show_migration(out, &facts->migration);
    if (facts->tells_migrations)
        g_string_append(out, "tells migrations\n");
    show_jobs(out, facts->jobs);
    return g_string_free(out, FALSE);
}

UtilJson *
reply_case_parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    UtilJson *value = util_json_parse(text, strlen(text), QEMU_LIMIT_REPLY_DEPTH, &error);

    if (error != NULL)
        fail_msg("%s in %.200s", error->message, text);
    return value;
}

void
reply_case_run(const void *data)
{
    const ReplyCaseRow *row = data;
    g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func((GDestroyNotify)util_json_unref);
    g_auto(QemuFacts) facts = {0};
    g_autofree char *shown = NULL;
    bool is_refused = false;

    qemu_facts_init(&facts);
    for (size_t i = 0; i < REPLY_CASE_MAX_STEPS && row->steps[i].reply != NULL; i++) {
        UtilJson *reply = reply_case_parse(row->steps[i].reply);

        g_ptr_array_add(replies, reply);
        if (!qemu_commands[row->steps[i].command].parse(reply, &facts))
            is_refused = true;
    }
    shown = show(&facts, is_refused);
    testing_assert_same_text(shown, row->expected);
}
