/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_domain: see daemon_libvirt_domain.h.
 */
#include "daemon_libvirt_domain.h"

#include <string.h>

#include "daemon_libvirt_xml.h"
#include "rpc/rpc_limits.h"
#include "util/util_deadline.h"

/* Of a domain that does not tell what it has now, the most that it can have: clients fail at none.
 */
bool
daemon_libvirt_domain_info(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const DaemonLibvirtFields *fields = call->fields;
    rpc_domain_info *info = result;
    uint64_t most_vcpus = 0;
    int state = 0;
    int reason = 0;

    (void)error;
    daemon_libvirt_fields_state(fields->record, &state, &reason);
    info->state = (unsigned char)state;
    info->most_kib = daemon_libvirt_fields_number(fields, 0, "balloon.maximum");
    info->memory_kib = daemon_libvirt_fields_number(fields, info->most_kib, "balloon.current");
    most_vcpus = daemon_libvirt_fields_number(fields, 0, "vcpu.maximum");
    info->vcpus = (unsigned short)MIN(
        daemon_libvirt_fields_number(fields, most_vcpus, "vcpu.current"), G_MAXUINT16);
    info->cpu_ns = daemon_libvirt_fields_number(fields, 0, "cpu.time");
    return true;
}

bool
daemon_libvirt_domain_state(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_domain_state *state = result;

    (void)error;
    daemon_libvirt_fields_state(call->fields->record, &state->state, &state->reason);
    return true;
}

bool
daemon_libvirt_domain_xml(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    char *xml = daemon_libvirt_call_keep(call, daemon_libvirt_xml_make_domain(call->fields));
    rpc_word *word = result;

    (void)error;
    word->value = xml;
    return true;
}

static bool
set_text(void *result, const char *text, const char *absent)
{
    rpc_word *word = result;

    word->value = daemon_libvirt_call_text(text != NULL ? text : absent);
    return true;
}

bool
daemon_libvirt_domain_os_type(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)error;
    return set_text(result, daemon_libvirt_fields_text(call->fields, "about.state.os"), "hvm");
}

static bool
set_yes_or_no(void *result, bool is_yes)
{
    rpc_number *number = result;

    number->value = is_yes ? 1 : 0;
    return true;
}

bool
daemon_libvirt_domain_is_active(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)error;
    return set_yes_or_no(result, call->fields->record->id > 0);
}

bool
daemon_libvirt_domain_is_persistent(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)error;
    return set_yes_or_no(
        result, daemon_libvirt_fields_number(call->fields, 0, "about.state.persistent") != 0);
}

bool
daemon_libvirt_domain_autostart(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)error;
    return set_yes_or_no(
        result, daemon_libvirt_fields_number(call->fields, 0, "about.state.autostart") != 0);
}

bool
daemon_libvirt_domain_nothing(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    (void)call;
    (void)result;
    (void)error;
    return true;
}

/* An empty string, whose closing zero is counted. */
bool
daemon_libvirt_domain_security_label(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_security_label *label = result;

    (void)error;
    label->label.label_val = daemon_libvirt_call_alloc(call, 1, 1);
    label->label.label_len = 1;
    return true;
}

bool
daemon_libvirt_domain_max_memory(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_size *kib = result;

    (void)error;
    kib->value = daemon_libvirt_fields_number(call->fields, 0, "balloon.maximum");
    return true;
}

/* libvirt's states of its own monitor, for ours: ok, occupied for so long, or an error. */
bool
daemon_libvirt_domain_control(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const struct {
        unsigned int state;
        unsigned int details;
    } states[] = {
        [DOMSTATS_HEALTH_OK] = {VIR_DOMAIN_CONTROL_OK, 0},
        [DOMSTATS_HEALTH_SLOW] = {VIR_DOMAIN_CONTROL_OCCUPIED, 0},
        [DOMSTATS_HEALTH_BUSY] = {VIR_DOMAIN_CONTROL_OCCUPIED, 0},
        [DOMSTATS_HEALTH_WEDGED] = {VIR_DOMAIN_CONTROL_OCCUPIED, 0},
        [DOMSTATS_HEALTH_STOPPED] = {VIR_DOMAIN_CONTROL_OCCUPIED, 0},
        [DOMSTATS_HEALTH_DENIED] = {VIR_DOMAIN_CONTROL_ERROR,
                                    VIR_DOMAIN_CONTROL_ERROR_REASON_MONITOR},
        [DOMSTATS_HEALTH_BROKEN] = {VIR_DOMAIN_CONTROL_ERROR,
                                    VIR_DOMAIN_CONTROL_ERROR_REASON_MONITOR},
        [DOMSTATS_HEALTH_NO_MONITOR] = {VIR_DOMAIN_CONTROL_ERROR,
                                        VIR_DOMAIN_CONTROL_ERROR_REASON_MONITOR},
    };
    const DomstatsRecord *record = call->fields->record;
    rpc_control_info *info = result;
    int64_t now_us = util_deadline_wall_us();

    (void)error;
    if ((size_t)record->health < G_N_ELEMENTS(states)) {
        info->state = states[record->health].state;
        info->details = states[record->health].details;
    }
    if (info->state != VIR_DOMAIN_CONTROL_OK && record->since_us > 0 && now_us > record->since_us)
        info->state_ms = (uint64_t)(now_us - record->since_us) / 1000;
    return true;
}

bool
daemon_libvirt_domain_metadata(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_metadata_args *args = call->args;
    const char *title = daemon_libvirt_fields_text(call->fields, "about.state.title");

    if (args->type == VIR_DOMAIN_METADATA_TITLE && title != NULL)
        return set_text(result, title, "");
    rpc_error_set(error, VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN,
                  "metadata not found: Requested metadata element is not present");
    return false;
}

/* Of all CPUs together: the kernel does not keep the times of a domain by CPU. */
bool
daemon_libvirt_domain_cpu_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const char *const names[][2] = {
        {"cpu.time", VIR_DOMAIN_CPU_STATS_CPUTIME},
        {"cpu.user", VIR_DOMAIN_CPU_STATS_USERTIME},
        {"cpu.system", VIR_DOMAIN_CPU_STATS_SYSTEMTIME},
    };
    const rpc_cpu_stats_args *args = call->args;
    rpc_cpu_stats *stats = result;
    unsigned int n_params = 0;

    if (args->first != -1) {
        rpc_error_set(error, VIR_ERR_NO_SUPPORT, VIR_FROM_QEMU,
                      "this function is not supported by the connection driver: "
                      "the times of a domain on each CPU are not known");
        return false;
    }
    stats->count = G_N_ELEMENTS(names);
    if (args->room == 0)
        return true;
    stats->params.params_val =
        daemon_libvirt_call_alloc(call, G_N_ELEMENTS(names), sizeof(rpc_param));
    for (size_t i = 0; i < G_N_ELEMENTS(names) && n_params < args->room; i++) {
        uint64_t ns = 0;

        if (daemon_libvirt_fields_get(call->fields, &ns, "%s", names[i][0]))
            daemon_libvirt_call_add_ullong(stats->params.params_val, &n_params, names[i][1], ns);
    }
    stats->params.params_len = n_params;
    stats->count = (int)n_params;
    return true;
}

bool
daemon_libvirt_domain_memory_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const struct {
        const char *name;
        virDomainMemoryStatTags tag;
    } tags[] = {
        {"balloon.current", VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON},
        {"balloon.swap_in", VIR_DOMAIN_MEMORY_STAT_SWAP_IN},
        {"balloon.swap_out", VIR_DOMAIN_MEMORY_STAT_SWAP_OUT},
        {"balloon.major_fault", VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT},
        {"balloon.minor_fault", VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT},
        {"balloon.unused", VIR_DOMAIN_MEMORY_STAT_UNUSED},
        {"balloon.available", VIR_DOMAIN_MEMORY_STAT_AVAILABLE},
        {"balloon.usable", VIR_DOMAIN_MEMORY_STAT_USABLE},
        {"balloon.last-update", VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE},
        {"balloon.disk_caches", VIR_DOMAIN_MEMORY_STAT_DISK_CACHES},
        {"balloon.hugetlb_pgalloc", VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC},
        {"balloon.hugetlb_pgfail", VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL},
        {"balloon.rss", VIR_DOMAIN_MEMORY_STAT_RSS},
    };
    const rpc_memory_args *args = call->args;
    rpc_memory_stats *stats = result;
    unsigned int n_stats = 0;

    (void)error;
    stats->stats.stats_val =
        daemon_libvirt_call_alloc(call, G_N_ELEMENTS(tags), sizeof(rpc_memory_stat));
    for (size_t i = 0; i < G_N_ELEMENTS(tags) && n_stats < args->room; i++) {
        rpc_memory_stat *stat = &stats->stats.stats_val[n_stats];

        stat->tag = (int)tags[i].tag;
        n_stats += daemon_libvirt_fields_get(call->fields, &stat->value, "%s", tags[i].name);
    }
    stats->stats.stats_len = n_stats;
    return true;
}

/* Each event of libvirt's, and whether it is counted. */
bool
daemon_libvirt_domain_perf_events(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const char *const names[] = {
        "cmt",
        "mbmt",
        "mbml",
        "cpu_cycles",
        "instructions",
        "cache_references",
        "cache_misses",
        "branch_instructions",
        "branch_misses",
        "bus_cycles",
        "stalled_cycles_frontend",
        "stalled_cycles_backend",
        "ref_cpu_cycles",
        "cpu_clock",
        "task_clock",
        "page_faults",
        "context_switches",
        "cpu_migrations",
        "page_faults_min",
        "page_faults_maj",
        "alignment_faults",
        "emulation_faults",
    };
    rpc_params *events = result;

    (void)error;
    events->params.params_len = G_N_ELEMENTS(names);
    events->params.params_val =
        daemon_libvirt_call_alloc(call, G_N_ELEMENTS(names), sizeof(rpc_param));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        rpc_param *param = &events->params.params_val[i];

        param->field = daemon_libvirt_call_text(names[i]);
        param->value.type = VIR_TYPED_PARAM_BOOLEAN;
        param->value.rpc_value_u.as_boolean =
            daemon_libvirt_fields_has(call->fields, "perf.%s", names[i]);
    }
    return true;
}
