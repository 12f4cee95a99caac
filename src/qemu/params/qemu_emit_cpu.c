/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_cpu: the group cpu-total.
 *
 * The times come from the cgroup that libvirt made, which has the times of all threads and
 * processes of the domain, or, if there is no such cgroup, from QEMU's process. They never change
 * from one to the other, since the counters would jump.
 */
#include "qemu_emit.h"

static const QemuFieldCount cgroup_rows[] = {
    {QEMU_FIELD_CPU_TIME, offsetof(HostProcessCgroup, time_ns)},
    {QEMU_FIELD_CPU_USER, offsetof(HostProcessCgroup, user_ns)},
    {QEMU_FIELD_CPU_SYSTEM, offsetof(HostProcessCgroup, system_ns)},
};

static const QemuFieldCount ext_rows[] = {
    {QEMU_FIELD_EXT_CPU_VCPUS, offsetof(QemuFactsHost, vcpus.run_ns)},
    {QEMU_FIELD_EXT_CPU_IOTHREADS, offsetof(QemuFactsHost, iothreads.run_ns)},
    {QEMU_FIELD_EXT_CPU_VHOST, offsetof(QemuFactsHost, vhost.run_ns)},
    {QEMU_FIELD_EXT_CPU_EMULATOR, offsetof(QemuFactsHost, emulator.run_ns)},
    {QEMU_FIELD_EXT_CPU_STEAL, offsetof(QemuFactsHost, run_delay_ns)},
    {QEMU_FIELD_EXT_CPU_VCPUS_STEAL, offsetof(QemuFactsHost, vcpus.delay_ns)},
    {QEMU_FIELD_EXT_CPU_IOTHREADS_STEAL, offsetof(QemuFactsHost, iothreads.delay_ns)},
    {QEMU_FIELD_EXT_CPU_VHOST_STEAL, offsetof(QemuFactsHost, vhost.delay_ns)},
    {QEMU_FIELD_EXT_CPU_EMULATOR_STEAL, offsetof(QemuFactsHost, emulator.delay_ns)},
    {QEMU_FIELD_EXT_CPU_PRESSURE_SOME, offsetof(QemuFactsHost, group.cpu.some_us)},
    {QEMU_FIELD_EXT_CPU_PRESSURE_FULL, offsetof(QemuFactsHost, group.cpu.full_us)},
    {QEMU_FIELD_EXT_CPU_NR_PERIODS, offsetof(QemuFactsHost, group.n_periods)},
    {QEMU_FIELD_EXT_CPU_NR_THROTTLED, offsetof(QemuFactsHost, group.n_throttled)},
    {QEMU_FIELD_EXT_CPU_THROTTLED_TIME, offsetof(QemuFactsHost, group.throttled_ns)},
};

/* False if one of the three times is absent. */
static bool
put_times(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuFactsHost *host = &input->facts->host;
    HostProcessCgroup times = host->cgroup;
    uint64_t ns_per_tick = 0;

    if (times.is_unknown)
        return false;
    if (!times.is_libvirts) {
        if (!host->has_process || input->ticks_per_second <= 0)
            return false;
        ns_per_tick = 1000000000 / (uint64_t)input->ticks_per_second;
        times.user_ns = util_count_of(host->process.user_ticks * ns_per_tick);
        times.system_ns = util_count_of(host->process.system_ticks * ns_per_tick);
        times.time_ns = util_count_of(times.user_ns.value + times.system_ns.value);
    }
    if (!times.user_ns.is_present || !times.system_ns.is_present) /* both or none */
        times.user_ns.is_present = times.system_ns.is_present = false;
    qemu_field_put_counts(writer, cgroup_rows, G_N_ELEMENTS(cgroup_rows), &times);
    return times.time_ns.is_present && times.user_ns.is_present;
}

bool
qemu_emit_cpu(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const QemuFacts *facts = input->facts;
    bool is_whole = false;

    if (!input->is_active)
        return true;
    is_whole = put_times(writer, input);
    qemu_emit_resctrl(writer, input, QEMU_DEFINITION_CACHE);
    qemu_emit_resctrl(writer, input, QEMU_DEFINITION_ENERGY);
    if (facts->halt_success_ns.is_present && facts->halt_fail_ns.is_present) {
        qemu_field_put_count(writer, QEMU_FIELD_CPU_HALTPOLL_SUCCESS, facts->halt_success_ns);
        qemu_field_put_count(writer, QEMU_FIELD_CPU_HALTPOLL_FAIL, facts->halt_fail_ns);
    }
    if (input->with_ext)
        qemu_field_put_counts(writer, ext_rows, G_N_ELEMENTS(ext_rows), &facts->host);
    return is_whole;
}
