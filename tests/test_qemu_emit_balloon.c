/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_emit_balloon: the parameters of balloon.
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
    emit_case_fill_inactive(self);
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

#define SIZES(current, maximum)                                                                    \
    "balloon.current ullong " #current "\nballoon.maximum ullong " #maximum "\n"

/* clang-format off */
static const EmitRow rows[] = {
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
    {"nobody told a size", qemu_emit_balloon, emit_case_fill_nothing, false, ""},
};
/* clang-format on */

int
main(void)
{
    return TESTING_RUN_TABLE("emit balloon", rows, emit_case_check);
}
