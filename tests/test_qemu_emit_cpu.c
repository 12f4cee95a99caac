/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_emit_cpu: the parameters of cpu-total, and of memory, which has monitors of resctrl
 * too.
 */
#include "emit_case.h"

static void
fill_process(EmitCase *self)
{
    self->facts.host.has_process = true;
    self->facts.host.process.user_ticks = 123;
    self->facts.host.process.system_ticks = 45;
    self->facts.host.process.rss_pages = 1001;
}

static void
fill_cgroup(EmitCase *self)
{
    fill_process(self);
    self->facts.host.cgroup = (HostProcessCgroup){
        .time_ns = util_count_of(1000),
        .user_ns = util_count_of(700),
        .system_ns = util_count_of(200),
        .is_libvirts = true,
    };
}

static void
fill_cgroup_unknown(EmitCase *self)
{
    self->facts.host.has_process = true;
    self->facts.host.cgroup.is_unknown = true;
}

static void
fill_cgroup_in_part(EmitCase *self)
{
    fill_cgroup(self);
    self->facts.host.cgroup.system_ns = (UtilCount){0};
}

static void
fill_halt_polling(EmitCase *self)
{
    fill_process(self);
    self->facts.halt_success_ns = util_count_of(0);
    self->facts.halt_fail_ns = util_count_of(UINT64_MAX);
    self->facts.host.vcpus.run_ns = util_count_of(5);
    self->facts.host.run_delay_ns = util_count_of(6);
    self->input.with_ext = true;
}

static void
fill_classes_and_group(EmitCase *self)
{
    QemuFactsHost *host = &self->facts.host;

    fill_process(self);
    host->vcpus = (QemuFactsThreads){util_count_of(1), util_count_of(2)};
    host->iothreads = (QemuFactsThreads){util_count_of(3), util_count_of(4)};
    host->vhost = (QemuFactsThreads){util_count_of(5), {0}};
    host->emulator = (QemuFactsThreads){util_count_of(0), util_count_of(UINT64_MAX)};
    host->group.cpu.some_us = util_count_of(7);
    host->group.n_throttled = util_count_of(8);
    host->group.throttled_ns = util_count_of(9);
    self->input.with_ext = true;
}

static void
fill_half_of_halt_polling(EmitCase *self)
{
    fill_process(self);
    self->facts.halt_success_ns = util_count_of(1);
}

static void
clear_resctrl(void *data)
{
    QemuFactsResctrl *monitor = data;

    g_clear_pointer(&monitor->banks, g_array_unref);
}

/* A monitor of each kind, caches twice, kinds mixed. */
static void
fill_resctrl(EmitCase *self)
{
    const QemuFactsResctrlBank cache[] = {
        {.id = 0, .bytes = util_count_of(4096)},
        {.id = 3, .bytes = util_count_of((uint64_t)1 << 32)},
    };
    const QemuFactsResctrlBank node[] = {
        {.id = 2, .local_bytes = util_count_of(7), .total_bytes = util_count_of(UINT64_MAX)},
        {.id = 4, .total_bytes = util_count_of(9)},
        {.id = 5,
         .local_bytes = util_count_of(1),
         .total_bytes = util_count_of(2),
         .is_swapped = true},
    };
    const QemuFactsResctrlBank package[] = {
        {.id = 1, .has_core_energy = true, .core_energy_j = 1.5},
        {.id = 2,
         .has_core_energy = true,
         .core_energy_j = 2.5,
         .has_activity = true,
         .activity_f = 0.5,
         .is_swapped = true}};
    const QemuFactsResctrl monitors[] = {
        {QEMU_DEFINITION_CACHE, "vcpus_0", "0", EMIT_CASE_ARRAY(cache)},
        {QEMU_DEFINITION_BANDWIDTH, "vcpus_0-3", "0-3", EMIT_CASE_ARRAY(node)},
        {QEMU_DEFINITION_ENERGY, "all", "0-3,5", EMIT_CASE_ARRAY(package)},
        {QEMU_DEFINITION_CACHE, "vcpus_1", "1", NULL},
    };

    fill_process(self);
    self->facts.resctrl = EMIT_CASE_ARRAY(monitors);
    g_array_set_clear_func(self->facts.resctrl, clear_resctrl);
}

#define PROCESS                                                                                    \
    "cpu.time ullong 1680000000\ncpu.user ullong 1230000000\ncpu.system ullong 450000000\n"

/* clang-format off */
static const EmitRow rows[] = {
    {"CPU time of the process", qemu_emit_cpu, fill_process, true, PROCESS},
    {"libvirt's cgroup comes before the process", qemu_emit_cpu, fill_cgroup, true,
     "cpu.time ullong 1000\ncpu.user ullong 700\ncpu.system ullong 200\n"},
    {"a cgroup that cannot be told gives no time", qemu_emit_cpu, fill_cgroup_unknown, false,
     ""},
    {"user and system come together or not at all", qemu_emit_cpu, fill_cgroup_in_part, false,
     "cpu.time ullong 1000\n"},
    {"halt polling, then ours", qemu_emit_cpu, fill_halt_polling, true,
     PROCESS "cpu.haltpoll.success.time ullong 0\n"
     "cpu.haltpoll.fail.time ullong 18446744073709551615\next.cpu.vcpus ullong 5\n"
     "ext.cpu.steal ullong 6\n"},
    {"threads by class, and the control group", qemu_emit_cpu, fill_classes_and_group, true,
     PROCESS "ext.cpu.vcpus ullong 1\next.cpu.iothreads ullong 3\next.cpu.vhost ullong 5\n"
     "ext.cpu.emulator ullong 0\next.cpu.vcpus.steal ullong 2\next.cpu.iothreads.steal ullong 4\n"
     "ext.cpu.emulator.steal ullong 18446744073709551615\next.cpu.pressure.some ullong 7\n"
     "ext.cpu.throttled.nr_throttled ullong 8\next.cpu.throttled.time ullong 9\n"},
    {"half of halt polling is none", qemu_emit_cpu, fill_half_of_halt_polling, true,
     PROCESS},
    {"monitors of caches and of energy", qemu_emit_cpu, fill_resctrl, true,
     PROCESS "cpu.cache.monitor.count uint 2\ncpu.cache.monitor.0.name string vcpus_0\n"
     "cpu.cache.monitor.0.vcpus string 0\ncpu.cache.monitor.0.bank.count uint 2\n"
     "cpu.cache.monitor.0.bank.0.id uint 0\ncpu.cache.monitor.0.bank.0.bytes uint 4096\n"
     "cpu.cache.monitor.0.bank.1.id uint 3\ncpu.cache.monitor.1.name string vcpus_1\n"
     "cpu.cache.monitor.1.vcpus string 1\ncpu.cache.monitor.1.bank.count uint 0\n"
     "cpu.energy.monitor.count uint 1\ncpu.energy.monitor.0.name string all\n"
     "cpu.energy.monitor.0.vcpus string 0-3,5\ncpu.energy.monitor.0.pkg.count uint 2\n"
     "cpu.energy.monitor.0.pkg.0.id uint 1\ncpu.energy.monitor.0.pkg.0.core_energy double 1.5\n"
     "cpu.energy.monitor.0.pkg.1.id uint 2\ncpu.energy.monitor.0.pkg.1.activity double 0.5\n"
     "cpu.energy.monitor.0.pkg.1.core_energy double 2.5\n"},
    {"a process nobody can read", qemu_emit_cpu, emit_case_fill_nothing, false, ""},
    {"off, there is no CPU time", qemu_emit_cpu, emit_case_fill_off, true, ""},
    {"monitors of memory bandwidth", qemu_emit_memory, fill_resctrl, true,
     "memory.bandwidth.monitor.count uint 1\nmemory.bandwidth.monitor.0.name string vcpus_0-3\n"
     "memory.bandwidth.monitor.0.vcpus string 0-3\n"
     "memory.bandwidth.monitor.0.node.count uint 3\n"
     "memory.bandwidth.monitor.0.node.0.id uint 2\n"
     "memory.bandwidth.monitor.0.node.0.bytes.local ullong 7\n"
     "memory.bandwidth.monitor.0.node.0.bytes.total ullong 18446744073709551615\n"
     "memory.bandwidth.monitor.0.node.1.id uint 4\n"
     "memory.bandwidth.monitor.0.node.1.bytes.total ullong 9\n"
     "memory.bandwidth.monitor.0.node.2.id uint 5\n"
     "memory.bandwidth.monitor.0.node.2.bytes.total ullong 2\n"
     "memory.bandwidth.monitor.0.node.2.bytes.local ullong 1\n"},
    {"no monitor of bandwidth, not even a count", qemu_emit_memory, emit_case_fill_nothing, true, ""},
};
/* clang-format on */

int
main(void)
{
    return TESTING_RUN_TABLE("emit cpu", rows, emit_case_check);
}
