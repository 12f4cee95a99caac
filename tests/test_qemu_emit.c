/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the emitters of state, cpu-total, memory, balloon, interface and perf: which parameters
 * they write, of which type, in which order.
 */
#include "emit_case.h"

static void
fill_nothing(EmitCase *self)
{
    (void)self;
}

static void
fill_inactive(EmitCase *self)
{
    self->input.is_active = false;
    self->input.with_ext = true;
}

/* QEMU's facts are ignored for a domain that is off. */
static void
fill_off_with_facts(EmitCase *self)
{
    fill_inactive(self);
    self->facts.status = "running";
    self->facts.is_running = true;
    self->facts.host.has_process = true;
    self->facts.nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
}

static void
fill_off_destroyed(EmitCase *self)
{
    self->input.is_active = false;
    self->facts.libvirt_state = VIR_DOMAIN_SHUTOFF;
    self->facts.libvirt_reason = VIR_DOMAIN_SHUTOFF_DESTROYED;
}

static void
fill_running(EmitCase *self)
{
    self->facts.status = "running";
    self->facts.is_running = true;
    self->facts.monitor_us = util_count_of(812);
}

static void
fill_running_ext(EmitCase *self)
{
    fill_running(self);
    self->input.with_ext = true;
}

static void
fill_migration(EmitCase *self)
{
    fill_running(self);
    self->input.with_ext = true;
    self->facts.migration = (QemuFactsMigration){.status = "active",
                                                 .tells_memory = true,
                                                 .total_time_ms = util_count_of(505),
                                                 .setup_time_ms = util_count_of(4),
                                                 .expected_downtime_ms = util_count_of(300),
                                                 .remaining_bytes = util_count_of(9000),
                                                 .ram_total = util_count_of(1 << 24),
                                                 .ram_transferred = util_count_of(1245),
                                                 .ram_remaining = util_count_of(8192),
                                                 .ram_iterations = util_count_of(2),
                                                 .ram_dirty_pages_rate = util_count_of(7),
                                                 .ram_page_size = util_count_of(4096),
                                                 .ram_postcopy_requests = util_count_of(0),
                                                 .ram_bytes_per_s = util_count_of(1062500),
                                                 .throttle_percent = util_count_of(20)};
}

static void
fill_migration_without_ext(EmitCase *self)
{
    fill_migration(self);
    self->input.with_ext = false;
}

static void
fill_ended(EmitCase *self, const char *run_state, const char *status, bool tells_memory)
{
    self->facts.status = run_state;
    self->input.with_ext = true;
    self->facts.migration.status = status;
    self->facts.migration.tells_memory = tells_memory;
}

static void
fill_migrated_away(EmitCase *self)
{
    fill_ended(self, "postmigrate", "completed", true);
    self->facts.migration.downtime_ms = util_count_of(12);
}

static void
fill_migrated_here(EmitCase *self)
{
    fill_ended(self, "paused", "completed", false);
}

static void
fill_migration_failed(EmitCase *self)
{
    fill_ended(self, "paused", "failed", false);
    self->facts.migration.error = "no such file";
}

static void
fill_incoming_failed(EmitCase *self)
{
    fill_ended(self, "inmigrate", "failed", false);
}

static void
fill_cancelled_unknown(EmitCase *self)
{
    fill_ended(self, NULL, "cancelled", false);
}

static void
fill_no_migration(EmitCase *self)
{
    fill_ended(self, "paused", "none", false);
}

static void
fill_events(EmitCase *self)
{
    static const QemuFactsEvents events = {.since_s = 1700000000,
                                           .counts = {1, 2, 3, 4, 5, 6, 7, 8, 9}};

    fill_ended(self, "paused", NULL, false);
    self->facts.events = &events;
}

static void
fill_told_by_libvirt(EmitCase *self)
{
    fill_running(self);
    self->facts.libvirt_state = VIR_DOMAIN_RUNNING;
    self->facts.libvirt_reason = VIR_DOMAIN_RUNNING_MIGRATED;
}

static void
fill_silent_ext(EmitCase *self)
{
    self->input.with_ext = true;
}

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

static void
fill_sizes(EmitCase *self)
{
    fill_process(self);
    self->facts.memory.base_bytes = util_count_of((uint64_t)1 << 30);
    self->facts.memory.plugged_bytes = util_count_of((uint64_t)1 << 29);
}

static void
fill_sizes_of_a_hidden_process(EmitCase *self)
{
    fill_sizes(self);
    self->facts.host.has_process = false;
}

static void
fill_balloon(EmitCase *self)
{
    QemuFactsMemory *memory = &self->facts.memory;

    fill_sizes(self);
    memory->actual_bytes = util_count_of((uint64_t)1 << 20);
    memory->swap_in = util_count_of(1023);
    memory->swap_out = util_count_of(2048);
    memory->major_faults = util_count_of(3);
    memory->minor_faults = util_count_of(4);
    memory->free_memory = util_count_of(5 * 1024);
    memory->total_memory = util_count_of(6 * 1024 + 1);
    memory->available_memory = util_count_of(7 * 1024);
    memory->last_update_s = util_count_of(1000);
    memory->disk_caches = util_count_of(8 * 1024);
    memory->htlb_pgalloc = util_count_of(9);
    memory->htlb_pgfail = util_count_of(10);
}

static void
fill_group(EmitCase *self)
{
    static const HostGroupNode nodes[] = {{0, {4096, true}, {0, true}},
                                          {7, {0}, {UINT64_MAX, true}}};
    HostGroupValues *group = &self->facts.host.group;

    self->facts.memory.actual_bytes = util_count_of(2048);
    self->facts.memory.base_bytes = util_count_of(4096);
    self->facts.memory.plugged_bytes = util_count_of(0);
    group->memory.full_us = util_count_of(1);
    group->n_high = util_count_of(2);
    group->n_oom_kill = util_count_of(0);
    group->swap_bytes = util_count_of(2048);
    group->nodes = EMIT_CASE_ARRAY(nodes);
    self->facts.host.ksm = (HostKsm){.merging_pages = util_count_of(3),
                                     .zero_pages = util_count_of(0),
                                     .has_profit = true,
                                     .profit_bytes = -64};
    self->input.with_ext = true;
}

static void
fill_balloon_ext(EmitCase *self)
{
    fill_process(self);
    self->input.with_ext = true;
    self->input.with_pss = true;
    self->input.wall_s = 1060;
    self->facts.memory.actual_bytes = util_count_of(2048);
    self->facts.memory.base_bytes = util_count_of(4096);
    self->facts.memory.plugged_bytes = util_count_of(0);
    self->facts.memory.last_update_s = util_count_of(1000);
    self->facts.memory.polling_interval_s = util_count_of(5);
    self->facts.host.memory.pss_kib = util_count_of(11);
    self->facts.host.memory.hugetlb_kib = util_count_of(0);
}

static void
fill_balloon_told_in_the_future(EmitCase *self)
{
    fill_balloon_ext(self);
    self->facts.memory.last_update_s = util_count_of(1061);
    self->facts.memory.polling_interval_s = util_count_of(0);
    self->facts.host.memory = (HostProcessMemory){{0}, {0}, {0}};
}

/* 1 GiB of memory, of which the balloon leaves 1 MiB; a module of 2 MiB; a virtio-mem with 4 of its
 * 8 MiB plugged. */
static void
fill_virtio_mem(EmitCase *self)
{
    fill_sizes(self);
    self->facts.memory.actual_bytes = util_count_of((uint64_t)1 << 20);
    self->facts.memory.devices_bytes = util_count_of((uint64_t)6 << 20);
    self->facts.memory.devices_full_bytes = util_count_of((uint64_t)10 << 20);
    self->facts.memory.virtio_mem_bytes = util_count_of((uint64_t)4 << 20);
}

static void
fill_virtio_mem_without_balloon(EmitCase *self)
{
    fill_virtio_mem(self);
    self->facts.memory.actual_bytes = (UtilCount){0};
}

static void
fill_balloon_of_libvirt(EmitCase *self)
{
    fill_sizes(self);
    emit_case_tell_by_libvirt(self);
    self->definition->memory_kib = util_count_of(999);
    self->definition->memory_current_kib = util_count_of(888);
}

static void
fill_balloon_of_libvirt_off(EmitCase *self)
{
    fill_balloon_of_libvirt(self);
    fill_inactive(self);
}

static void
fill_balloon_of_command_line(EmitCase *self)
{
    fill_sizes(self);
    self->has_definition = true;
    self->definition->memory_kib = util_count_of(999);
}

static void
fill_balloon_of_command_line_only(EmitCase *self)
{
    self->has_definition = true;
    self->definition->memory_kib = util_count_of(999);
}

static void
fill_size_past_all_measure(EmitCase *self)
{
    self->facts.memory.base_bytes = util_count_of(UINT64_MAX);
    self->facts.memory.plugged_bytes = util_count_of(1);
}

static void
fill_nics(EmitCase *self)
{
    static const HostNetdevCounters counters = {.rx_bytes = 1,
                                                .rx_packets = 2,
                                                .rx_errors = 3,
                                                .rx_drops = 4,
                                                .tx_bytes = 5,
                                                .tx_packets = 6,
                                                .tx_errors = 7,
                                                .tx_drops = 8};
    const QemuFactsNic nics[] = {
        {.ifname = "vnet0", .counters = &counters},
        {.ifname = NULL},
        {.ifname = "gone0"},
        {.ifname = "macvtap0", .is_host_view = true, .counters = &counters},
    };

    self->facts.nics = EMIT_CASE_ARRAY(nics);
    self->facts.n_nics = util_count_of(4);
}

static void
fill_queues(EmitCase *self)
{
    static const HostQdisc both = {{true, 1, 2, 3, 4}, {true, 5, 6, 0, 0}};
    static const HostQdisc one = {.sent = {true, 7, 0, 0, 0}};
    const QemuFactsNic nics[] = {
        {.ifname = "vnet0", .qdisc = &both},
        {.ifname = "vnet1"},
        {.ifname = "macvtap0", .is_host_view = true, .qdisc = &both},
        {.ifname = "vnet3", .qdisc = &one},
    };

    self->facts.nics = EMIT_CASE_ARRAY(nics);
    self->facts.n_nics = util_count_of(4);
    self->input.with_ext = true;
}

static void
fill_hostdevs(EmitCase *self)
{
    static const HostPassed whole = {.address = "0000:02:00.0"};
    static const HostPassed function = {.address = "0000:65:01.2",
                                        .pf_address = "0000:65:00.0",
                                        .pf_ifname = "eth1",
                                        .vf = {0, true},
                                        .representor = "eth1_0"};
    static const HostVfCounters vf = {1, 2, 3, 4, 5, 6};
    static const HostNetdevCounters representor = {.rx_bytes = 7, .tx_bytes = 8, .tx_drops = 9};
    const QemuFactsHostdev hostdevs[] = {{&whole, NULL, NULL}, {&function, &vf, &representor}};

    self->facts.hostdevs = EMIT_CASE_ARRAY(hostdevs);
    self->input.with_ext = true;
}

static void
fill_uncounted_nics(EmitCase *self)
{
    const QemuFactsNic nics[] = {{.ifname = NULL}, {.ifname = "vnet0"}};

    self->facts.nics = EMIT_CASE_ARRAY(nics);
}

static void
fill_no_nics(EmitCase *self)
{
    self->facts.n_nics = util_count_of(0);
    self->facts.nics = g_array_new(FALSE, TRUE, sizeof(QemuFactsNic));
}

static void
fill_perf(EmitCase *self)
{
    const QemuFactsPerf events[] = {
        {"task_clock", 1}, {"no_such_event", 2}, {"cpu_cycles", UINT64_MAX}, {"cpu_cycles", 3}};

    self->facts.perf = EMIT_CASE_ARRAY(events);
}

static void
fill_perf_denied(EmitCase *self)
{
    self->facts.perf = g_array_new(FALSE, FALSE, sizeof(QemuFactsPerf));
    self->facts.lacks_perf = true;
}

#define STATE(number, why) "state.state int " #number "\nstate.reason int " #why "\n"
#define PROCESS                                                                                    \
    "cpu.time ullong 1680000000\ncpu.user ullong 1230000000\ncpu.system ullong 450000000\n"
#define SIZES(current, maximum)                                                                    \
    "balloon.current ullong " #current "\nballoon.maximum ullong " #maximum "\n"
#define NIC(n, name, rb, rp, re, rd, tb, tp, te, td)                                               \
    "net." #n ".name string " #name "\nnet." #n ".rx.bytes ullong " #rb "\nnet." #n                \
    ".rx.pkts ullong " #rp "\nnet." #n ".rx.errs ullong " #re "\nnet." #n ".rx.drop ullong " #rd   \
    "\nnet." #n ".tx.bytes ullong " #tb "\nnet." #n ".tx.pkts ullong " #tp "\nnet." #n             \
    ".tx.errs ullong " #te "\nnet." #n ".tx.drop ullong " #td "\n"

#define MIGRATION(rest) "ext.state.migration." rest "\n"
#define EVENTS(rest)    "ext.state.events." rest "\n"

/* Expected texts, as lines and as macros of several lines. */
/* clang-format off */
static const EmitRow rows[] = {
    {"a running domain is running since boot", qemu_emit_state, fill_running, true, STATE(1, 1)},
    {"the monitor's time comes when asked for", qemu_emit_state, fill_running_ext, true,
     STATE(1, 1) "ext.monitor.time ullong 812\n"},
    {"a migration under way", qemu_emit_state, fill_migration, true,
     STATE(1, 1) "ext.monitor.time ullong 812\n" MIGRATION("status string active")
     MIGRATION("direction string outgoing") MIGRATION("time_elapsed ullong 505")
     MIGRATION("setup_time ullong 4") MIGRATION("downtime_expected ullong 300")
     MIGRATION("data_remaining ullong 9000") MIGRATION("memory_total ullong 16777216")
     MIGRATION("memory_processed ullong 1245") MIGRATION("memory_remaining ullong 8192")
     MIGRATION("memory_bps ullong 1062500") MIGRATION("memory_iteration ullong 2")
     MIGRATION("memory_dirty_rate ullong 7") MIGRATION("memory_page_size ullong 4096")
     MIGRATION("memory_postcopy_requests ullong 0") MIGRATION("auto_converge_throttle ullong 20")},
    {"which is told only when asked for", qemu_emit_state, fill_migration_without_ext, true,
     STATE(1, 1)},
    {"one that left", qemu_emit_state, fill_migrated_away, true,
     STATE(3, 2) MIGRATION("status string completed") MIGRATION("direction string outgoing")
     MIGRATION("downtime ullong 12")},
    {"one that came", qemu_emit_state, fill_migrated_here, true,
     STATE(3, 1) MIGRATION("status string completed") MIGRATION("direction string incoming")},
    {"one that failed to leave", qemu_emit_state, fill_migration_failed, true,
     STATE(3, 1) MIGRATION("status string failed") MIGRATION("direction string outgoing")
     MIGRATION("errmsg string no such file")},
    {"one that failed to come", qemu_emit_state, fill_incoming_failed, true,
     STATE(3, 2) MIGRATION("status string failed") MIGRATION("direction string incoming")},
    {"a side that nothing tells is absent", qemu_emit_state, fill_cancelled_unknown, false,
     MIGRATION("status string cancelled")},
    {"none is no migration", qemu_emit_state, fill_no_migration, true, STATE(3, 1)},
    {"events are counted since a time", qemu_emit_state, fill_events, true,
     STATE(3, 1) EVENTS("since ullong 1700000000") EVENTS("block_io_error ullong 1")
     EVENTS("guest_panicked ullong 2") EVENTS("guest_crashloaded ullong 3")
     EVENTS("watchdog ullong 4") EVENTS("reset ullong 5") EVENTS("balloon_change ullong 6")
     EVENTS("memory_failure ullong 7") EVENTS("shutdown ullong 8") EVENTS("powerdown ullong 9")},
    {"what libvirt told comes before QEMU's word", qemu_emit_state, fill_told_by_libvirt, true,
     STATE(1, 2)},
    {"nobody told the state", qemu_emit_state, fill_silent_ext, false, ""},
    {"a domain that is off is off", qemu_emit_state, fill_off_with_facts, true, STATE(5, 0)},
    {"libvirt knows why it is off", qemu_emit_state, fill_off_destroyed, true, STATE(5, 2)},

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
    {"a process nobody can read", qemu_emit_cpu, fill_nothing, false, ""},
    {"off, there is no CPU time", qemu_emit_cpu, fill_off_with_facts, true, ""},

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
    {"no monitor of bandwidth, not even a count", qemu_emit_memory, fill_nothing, true, ""},

    {"the balloon and all its guest tells", qemu_emit_balloon, fill_balloon, true,
     SIZES(1024, 1572864) "balloon.swap_in ullong 0\nballoon.swap_out ullong 2\n"
     "balloon.major_fault ullong 3\nballoon.minor_fault ullong 4\nballoon.unused ullong 5\n"
     "balloon.available ullong 6\nballoon.usable ullong 7\nballoon.last-update ullong 1000\n"
     "balloon.disk_caches ullong 8\nballoon.hugetlb_pgalloc ullong 9\n"
     "balloon.hugetlb_pgfail ullong 10\nballoon.rss ullong 4004\n"},
    {"without a balloon all memory is there", qemu_emit_balloon, fill_sizes, true,
     SIZES(1572864, 1572864) "balloon.rss ullong 4004\n"},
    {"a process that cannot be seen leaves it in part",
     qemu_emit_balloon, fill_sizes_of_a_hidden_process, false, SIZES(1572864, 1572864)},
    {"what virtio-mem has plugged in is beside the balloon; it can grow", qemu_emit_balloon,
     fill_virtio_mem, true, SIZES(5120, 1058816) "balloon.rss ullong 4004\n"},
    {"without a balloon what there is, and what there can be", qemu_emit_balloon,
     fill_virtio_mem_without_balloon, true, SIZES(1054720, 1058816) "balloon.rss ullong 4004\n"},
    {"libvirt's sizes where it told them", qemu_emit_balloon, fill_balloon_of_libvirt, true,
     SIZES(888, 999) "balloon.rss ullong 4004\n"},
    {"of a domain that is off only the sizes", qemu_emit_balloon, fill_balloon_of_libvirt_off, true,
     SIZES(888, 999)},
    {"QEMU knows of memory that the command line does not",
     qemu_emit_balloon, fill_balloon_of_command_line, true,
     SIZES(1572864, 1572864) "balloon.rss ullong 4004\n"},
    {"the command line alone tells how much there may be, not how much there is",
     qemu_emit_balloon, fill_balloon_of_command_line_only, false,
     "balloon.maximum ullong 999\n"},
    {"our own numbers come last", qemu_emit_balloon, fill_balloon_ext, true,
     SIZES(2, 4) "balloon.last-update ullong 1000\nballoon.rss ullong 4004\n"
     "ext.balloon.pss ullong 11\n"
     "ext.balloon.hugetlb ullong 0\next.balloon.polling-interval ullong 5\n"
     "ext.balloon.has-polling boolean 1\next.balloon.age ullong 60\n"},
    {"the control group, and merged pages, also of a QEMU that is not seen", qemu_emit_balloon,
     fill_group, false,
     SIZES(2, 4) "ext.balloon.pressure.full ullong 1\next.balloon.events.high ullong 2\n"
     "ext.balloon.events.oom_kill ullong 0\next.balloon.cgroup.swap ullong 2\n"
     "ext.balloon.numa.count uint 2\next.balloon.numa.0.anon ullong 4\n"
     "ext.balloon.numa.0.file ullong 0\next.balloon.numa.7.file ullong 18014398509481983\n"
     "ext.balloon.ksm.merging_pages ullong 3\next.balloon.ksm.zero_pages ullong 0\n"
     "ext.balloon.ksm.profit llong -64\n"},
    {"numbers of the future have no age", qemu_emit_balloon, fill_balloon_told_in_the_future, true,
     SIZES(2, 4) "balloon.last-update ullong 1061\nballoon.rss ullong 4004\n"
     "ext.balloon.polling-interval ullong 0\n"
     "ext.balloon.has-polling boolean 0\n"},
    {"a size past all measure is none", qemu_emit_balloon, fill_size_past_all_measure, false, ""},
    {"nobody told a size", qemu_emit_balloon, fill_nothing, false, ""},

    {"taps are turned round, macvtap is not, holes stay", qemu_emit_interface, fill_nics, true,
     "net.count uint 4\n" NIC(0, vnet0, 5, 6, 7, 8, 1, 2, 3, 4) "net.2.name string gone0\n"
     NIC(3, macvtap0, 1, 2, 3, 4, 5, 6, 7, 8)},
    {"the host's queues, in the guest's view", qemu_emit_interface, fill_queues, true,
     "net.count uint 4\nnet.0.name string vnet0\nnet.1.name string vnet1\nnet.2.name string macvtap0\n"
     "net.3.name string vnet3\n"
     "ext.net.0.rx.qdisc.drop ullong 1\next.net.0.rx.qdisc.overlimits ullong 2\n"
     "ext.net.0.tx.qdisc.drop ullong 5\next.net.0.tx.qdisc.overlimits ullong 6\n"
     "ext.net.0.qdisc.pkts ullong 3\next.net.0.qdisc.bytes ullong 4\n"
     "ext.net.2.rx.qdisc.drop ullong 5\next.net.2.rx.qdisc.overlimits ullong 6\n"
     "ext.net.2.tx.qdisc.drop ullong 1\next.net.2.tx.qdisc.overlimits ullong 2\n"
     "ext.net.2.qdisc.pkts ullong 3\next.net.2.qdisc.bytes ullong 4\n"
     "ext.net.3.rx.qdisc.drop ullong 7\next.net.3.rx.qdisc.overlimits ullong 0\n"
     "ext.net.3.qdisc.pkts ullong 0\next.net.3.qdisc.bytes ullong 0\n"},
    {"devices of the host that the guest was given", qemu_emit_interface, fill_hostdevs, false,
     "ext.net.hostdev.count uint 2\next.net.hostdev.0.address string 0000:02:00.0\n"
     "ext.net.hostdev.1.address string 0000:65:01.2\next.net.hostdev.1.pf.address string 0000:65:00.0\n"
     "ext.net.hostdev.1.pf.name string eth1\next.net.hostdev.1.vf uint 0\n"
     "ext.net.hostdev.1.rx.bytes ullong 1\next.net.hostdev.1.rx.pkts ullong 2\n"
     "ext.net.hostdev.1.rx.drop ullong 3\next.net.hostdev.1.tx.bytes ullong 4\n"
     "ext.net.hostdev.1.tx.pkts ullong 5\next.net.hostdev.1.tx.drop ullong 6\n"
     "ext.net.hostdev.1.representor.name string eth1_0\n"
     "ext.net.hostdev.1.representor.rx.bytes ullong 8\next.net.hostdev.1.representor.rx.pkts ullong 0\n"
     "ext.net.hostdev.1.representor.rx.drop ullong 9\next.net.hostdev.1.representor.tx.bytes ullong 7\n"
     "ext.net.hostdev.1.representor.tx.pkts ullong 0\next.net.hostdev.1.representor.tx.drop ullong 0\n"},
    {"no interface is a count of 0", qemu_emit_interface, fill_no_nics, true, "net.count uint 0\n"},
    {"not counted: what is known of them, and not whole", qemu_emit_interface, fill_uncounted_nics,
     false, "net.1.name string vnet0\n"},
    {"nobody told of interfaces", qemu_emit_interface, fill_nothing, false, ""},
    {"off, not even a count", qemu_emit_interface, fill_off_with_facts, true, ""},

    {"events stand in libvirt's order, once, unknown ones not", qemu_emit_perf, fill_perf, true,
     "perf.cpu_cycles ullong 18446744073709551615\nperf.task_clock ullong 1\n"},
    {"events that cannot be read are missing", qemu_emit_perf, fill_perf_denied, false, ""},
    {"no event was asked for", qemu_emit_perf, fill_nothing, true, ""},
};
/* clang-format on */

typedef struct {
    const char *sentence;
    const char *status;
    bool is_running;
    int state, reason;
} StateRow;

static const StateRow state_rows[] = {
    {"running", "running", true, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED},
    {"paused", "paused", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"prelaunch", "prelaunch", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER},
    {"inmigrate", "inmigrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"postmigrate", "postmigrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"finish-migrate", "finish-migrate", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION},
    {"io-error", "io-error", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR},
    {"watchdog", "watchdog", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG},
    {"save-vm", "save-vm", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE},
    {"shutdown", "shutdown", false, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_UNKNOWN},
    {"suspended", "suspended", false, VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_UNKNOWN},
    {"guest-panicked", "guest-panicked", false, VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED},
    {"internal-error", "internal-error", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
    {"restore-vm", "restore-vm", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
    {"a word of a later QEMU", "dreaming", false, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_UNKNOWN},
};

static void
check_state(const void *data)
{
    const StateRow *row = data;
    const QemuFacts facts = {
        .status = row->status, .is_running = row->is_running, .libvirt_state = -1};
    const QemuEmitInput input = {.facts = &facts, .is_active = true};
    int reason = -1;

    assert_int_equal(qemu_emit_state_of(&input, &reason), row->state);
    assert_int_equal(reason, row->reason);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("emit", rows, emit_case_check);

    return n_failed + TESTING_RUN_TABLE("run states", state_rows, check_state);
}
