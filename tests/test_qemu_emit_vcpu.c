/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the emitters of vcpu, iothread, dirtyrate and vm: which parameters they write, of which
 * type, in which order.
 */
#include "emit_case.h"

static void
fill_vcpus(EmitCase *self)
{
    const QemuFactsVcpu vcpus[] = {
        {.index = 0,
         .thread_id = 100,
         .has_host = true,
         .run_state = 'R',
         .time_ns = util_count_of(10),
         .wait_ns = util_count_of(20),
         .delay_ns = util_count_of(30)},
        {.index = 2,
         .thread_id = 102,
         .has_host = true,
         .run_state = 'S',
         .has_halted = true,
         .is_halted = true,
         .time_ns = util_count_of(11)},
        {.index = 3, .thread_id = 0, .has_host = false},
    };

    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
    self->facts.n_vcpus_max = util_count_of(8);
    self->has_definition = true;
    self->definition->is_kvm = true;
}

static void
fill_vcpus_of_tcg(EmitCase *self)
{
    fill_vcpus(self);
    self->definition->is_kvm = false;
}

static void
fill_vcpus_of_words(EmitCase *self)
{
    self->has_definition = true;
    self->definition->vcpus_current = util_count_of(2);
    self->definition->vcpus_max = util_count_of(4);
}

static void
fill_vcpus_of_full_words(EmitCase *self)
{
    fill_vcpus_of_words(self);
    self->definition->vcpus_max = util_count_of(2);
}

static void
fill_vcpus_of_names(EmitCase *self)
{
    fill_vcpus_of_words(self);
    self->facts.host.n_vcpus = util_count_of(3);
}

static void
fill_vcpus_ext(EmitCase *self)
{
    fill_vcpus(self);
    self->input.with_ext = true;
}

static void
fill_vcpu_stats(EmitCase *self)
{
    static char long_name[80];
    const QemuFactsStat stats[] = {
        {"exits", QEMU_FACTS_STAT_CUMULATIVE, false, UINT64_MAX},
        {"blocking", QEMU_FACTS_STAT_INSTANT, true, 1},
        {"max_something", QEMU_FACTS_STAT_PEAK, false, 0},
        {"halt_poll_success_hist", QEMU_FACTS_STAT_HISTOGRAM, false, 1},
        {"with space", QEMU_FACTS_STAT_CUMULATIVE, false, 1},
        {"", QEMU_FACTS_STAT_CUMULATIVE, false, 1},
        {long_name, QEMU_FACTS_STAT_CUMULATIVE, false, 1},
    };
    const QemuFactsVcpu vcpus[] = {{.index = 4, .thread_id = 100, .has_host = true}};

    for (size_t i = 0; i < sizeof(long_name) - 1; i++)
        long_name[i] = 'x';
    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
    g_array_index(self->facts.vcpus, QemuFactsVcpu, 0).stats = EMIT_CASE_ARRAY(stats);
    self->facts.n_vcpus_max = util_count_of(self->facts.vcpus->len);
}

static void
fill_vcpus_in_one_thread(EmitCase *self)
{
    const QemuFactsVcpu vcpus[] = {
        {.index = 0, .thread_id = 100, .has_host = true},
        {.index = 1, .thread_id = 100, .has_host = true},
        {.index = 2, .thread_id = 100, .has_host = true},
    };

    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
    self->facts.n_vcpus_max = util_count_of(self->facts.vcpus->len);
}

static void
fill_no_vcpus(EmitCase *self)
{
    self->facts.vcpus = qemu_facts_new_vcpus(0);
    self->facts.n_vcpus_max = util_count_of(self->facts.vcpus->len);
}

static void
fill_vcpus_without_host(EmitCase *self)
{
    const QemuFactsVcpu vcpus[] = {{.index = 0, .thread_id = 100}};

    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
    self->input.with_ext = true;
    self->facts.n_vcpus_max = util_count_of(self->facts.vcpus->len);
}

/* A hostile QEMU: no name may come twice, or have a negative number. */
static void
fill_hostile_vcpus(EmitCase *self)
{
    const QemuFactsVcpu vcpus[] = {
        {.index = -1, .thread_id = 99, .has_host = true},
        {.index = 1, .thread_id = 100, .has_host = true},
        {.index = 1, .thread_id = 101, .has_host = true},
    };

    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
    self->facts.n_vcpus_max = util_count_of(self->facts.vcpus->len);
}

static void
fill_vcpus_of_unknown_slots(EmitCase *self)
{
    const QemuFactsVcpu vcpus[] = {{.index = 0}};

    self->facts.vcpus = EMIT_CASE_ARRAY(vcpus);
}

static void
fill_vcpus_told(EmitCase *self)
{
    self->definition->origin = QEMU_DEFINITION_OF_LIBVIRT;
    self->has_definition = true;
    self->definition->vcpus_current = util_count_of(2);
    self->definition->vcpus_max = util_count_of(4);
}

static void
fill_vcpus_told_off(EmitCase *self)
{
    fill_vcpus_told(self);
    fill_vcpus(self);
    emit_case_fill_inactive(self);
}

static void
fill_iothreads(EmitCase *self)
{
    const QemuFactsIothread iothreads[] = {
        {.id = "iothread7",
         .poll_max_ns = util_count_of(32768),
         .poll_grow = util_count_of(0),
         .poll_shrink = util_count_of(UINT64_MAX)},
        {.id = "iothread2", .poll_max_ns = util_count_of(1), .poll_grow = util_count_of(2)},
    };

    self->facts.iothreads = EMIT_CASE_ARRAY(iothreads);
}

#define POLLING .poll_max_ns = {1, true}, .poll_grow = {2, true}, .poll_shrink = {3, true}

/* As QEMU 11.1 tells it; a weight past the type; one without the rest. */
static void
fill_iothreads_with_weights(EmitCase *self)
{
    const QemuFactsIothread iothreads[] = {
        {.id = "iothread1", POLLING, .poll_weight = {4, true}},
        {.id = "iothread2", POLLING, .poll_weight = {(uint64_t)UINT32_MAX + 1, true}},
        {.id = "iothread3", .poll_weight = {4, true}},
    };

    self->facts.iothreads = EMIT_CASE_ARRAY(iothreads);
}

/* Places 0 and 1 are free, 2 is taken by a name; one name comes twice. */
static void
fill_iothreads_by_other_names(EmitCase *self)
{
    const QemuFactsIothread iothreads[] = {
        {.id = "io-a", .thread_id = 41, POLLING},
        {.id = "iothread02", .thread_id = 42, POLLING},
        {.id = "iothread", POLLING},
        {.id = "iothread2", .thread_id = 43, POLLING},
        {.id = "iothread2", .thread_id = 44, POLLING},
        {.id = "io-b", .thread_id = 2, POLLING},
    };

    self->facts.iothreads = EMIT_CASE_ARRAY(iothreads);
    self->input.with_ext = true;
}

static void
fill_iothreads_when_one_has_gone(EmitCase *self)
{
    const QemuFactsIothread iothreads[] = {
        {.id = "w6", .thread_id = 46, POLLING},
        {.id = "w2", .thread_id = 42, POLLING},
    };

    self->facts.iothreads = EMIT_CASE_ARRAY(iothreads);
}

static void
fill_no_iothreads(EmitCase *self)
{
    self->facts.iothreads = g_array_new(FALSE, TRUE, sizeof(QemuFactsIothread));
}

static void
fill_dirty_rate_unstarted(EmitCase *self)
{
    self->facts.dirty_rate = (QemuFactsDirtyRate){.status = "unstarted",
                                                  .has_start_time = true,
                                                  .has_calc_time = true,
                                                  .has_rate = true,
                                                  .rate_mib_s = 3};
}

static void
fill_dirty_rate_measured(EmitCase *self)
{
    const QemuFactsVcpuDirtyRate vcpus[] = {{1, 5}, {0, 6}, {-1, 7}, {1, 8}};

    self->facts.dirty_rate = (QemuFactsDirtyRate){.status = "measured",
                                                  .mode = "dirty-ring",
                                                  .has_start_time = true,
                                                  .start_time_s = 4886,
                                                  .has_calc_time = true,
                                                  .calc_time_s = 1,
                                                  .has_rate = true,
                                                  .rate_mib_s = -1,
                                                  .vcpus = EMIT_CASE_ARRAY(vcpus)};
}

static void
fill_dirty_rate_by_pages(EmitCase *self)
{
    fill_dirty_rate_measured(self);
    self->facts.dirty_rate.mode = "page-sampling";
    self->facts.dirty_rate.calc_time_s = (int64_t)1 << 40;
}

static void
fill_dirty_rate_by_unknown_word(EmitCase *self)
{
    fill_dirty_rate_measured(self);
    self->facts.dirty_rate.mode = "by-magic";
}

static void
fill_dirty_rate_off(EmitCase *self)
{
    fill_dirty_rate_measured(self);
    emit_case_fill_inactive(self);
}

static void
fill_vm(EmitCase *self)
{
    const QemuFactsStat stats[] = {
        {"remote_tlb_flush", QEMU_FACTS_STAT_CUMULATIVE, false, 3},
        {"pages_4k", QEMU_FACTS_STAT_INSTANT, false, 0},
        {"max_mmu_rmap_size", QEMU_FACTS_STAT_PEAK, false, 2},
    };

    self->facts.vm_stats = EMIT_CASE_ARRAY(stats);
}

static void
fill_vm_off(EmitCase *self)
{
    fill_vm(self);
    emit_case_fill_inactive(self);
}

#define VCPUS(current, maximum) "vcpu.current uint " #current "\nvcpu.maximum uint " #maximum "\n"
#define VCPU(n, time, wait, delay)                                                                 \
    "vcpu." #n ".state int 1\nvcpu." #n ".time ullong " #time "\nvcpu." #n ".wait ullong " #wait   \
    "\nvcpu." #n ".delay ullong " #delay "\n"
#define IOTHREAD(n, max, grow, shrink)                                                             \
    "iothread." #n ".poll-max-ns ullong " #max "\niothread." #n ".poll-grow " #grow                \
    "\niothread." #n ".poll-shrink " #shrink "\n"
#define RATE(status, start, mode)                                                                  \
    "dirtyrate.calc_status int " #status "\ndirtyrate.calc_start_time llong " #start "\n" mode

/* Expected texts, as lines and as macros of several lines. */
/* clang-format off */
static const EmitRow rows[] = {
    {"vCPUs with holes; no account of waiting is 0", qemu_emit_vcpu, fill_vcpus, true,
     VCPUS(3, 8) VCPU(0, 10, 20, 30) VCPU(2, 11, 0, 0) "vcpu.2.halted boolean 1\n"},
    {"TCG does not tell which is halted, whatever QEMU says", qemu_emit_vcpu, fill_vcpus_of_tcg,
     true, VCPUS(3, 8) VCPU(0, 10, 20, 30) VCPU(2, 11, 0, 0)},
    {"of a silent QEMU its words tell what cannot have changed", qemu_emit_vcpu,
     fill_vcpus_of_words, false, "vcpu.maximum uint 4\n"},
    {"where nothing can be plugged that is all", qemu_emit_vcpu, fill_vcpus_of_full_words, false,
     VCPUS(2, 2)},
    {"the names of its threads tell how many there are", qemu_emit_vcpu, fill_vcpus_of_names,
     false, VCPUS(3, 4)},
    {"their threads come when asked for", qemu_emit_vcpu, fill_vcpus_ext, true,
     VCPUS(3, 8) VCPU(0, 10, 20, 30) VCPU(2, 11, 0, 0) "vcpu.2.halted boolean 1\n"
     "ext.vcpu.0.state string R\next.vcpu.0.steal ullong 30\next.vcpu.2.state string S\n"},
    {"statistics of KVM by kind, odd names left out", qemu_emit_vcpu, fill_vcpu_stats, true,
     VCPUS(1, 1) "vcpu.4.state int 1\nvcpu.4.wait ullong 0\nvcpu.4.delay ullong 0\n"
     "vcpu.4.exits.sum ullong 18446744073709551615\nvcpu.4.blocking.cur boolean 1\n"
     "vcpu.4.max_something.max ullong 0\n"},
    {"a QEMU without vCPUs has none", qemu_emit_vcpu, fill_no_vcpus, true,
     "vcpu.current uint 0\nvcpu.maximum uint 0\n"},
    {"vCPUs that share a thread have no numbers", qemu_emit_vcpu, fill_vcpus_in_one_thread, true,
     VCPUS(3, 3)},
    {"threads nobody can read leave the group in part",
     qemu_emit_vcpu, fill_vcpus_without_host, false,
     VCPUS(1, 1) "vcpu.0.state int 1\n"},
    {"a running machine whose slots nobody told may have more",
     qemu_emit_vcpu, fill_vcpus_of_unknown_slots, false, "vcpu.current uint 1\n"},
    {"no name comes twice", qemu_emit_vcpu, fill_hostile_vcpus, true,
     VCPUS(3, 3) "vcpu.1.state int 1\nvcpu.1.wait ullong 0\nvcpu.1.delay ullong 0\n"},
    {"off, libvirt's counts", qemu_emit_vcpu, fill_vcpus_told_off, true, VCPUS(2, 4)},
    {"of a silent QEMU libvirt's counts", qemu_emit_vcpu, fill_vcpus_told, false, VCPUS(2, 4)},
    {"nobody told of vCPUs", qemu_emit_vcpu, emit_case_fill_nothing, false, ""},

    {"IOThreads by the number of their name, polling whole or not at all",
     qemu_emit_iothread, fill_iothreads, true,
     "iothread.count uint 2\n" IOTHREAD(7, 32768, uint 0, ullong 18446744073709551615)},
    {"the weight of an interval comes last, where its type can hold it",
     qemu_emit_iothread, fill_iothreads_with_weights, true,
     "iothread.count uint 3\n" IOTHREAD(1, 1, uint 2, uint 3) "iothread.1.poll-weight uint 4\n"
     IOTHREAD(2, 1, uint 2, uint 3)},
    {"others have that of their thread, or one that none has",
     qemu_emit_iothread, fill_iothreads_by_other_names, true,
     "iothread.count uint 6\n" IOTHREAD(41, 1, uint 2, uint 3) IOTHREAD(42, 1, uint 2, uint 3)
     IOTHREAD(0, 1, uint 2, uint 3) IOTHREAD(2, 1, uint 2, uint 3) IOTHREAD(3, 1, uint 2, uint 3)
     "ext.iothread.41.name string io-a\next.iothread.42.name string iothread02\n"
     "ext.iothread.0.name string iothread\next.iothread.2.name string iothread2\n"
     "ext.iothread.3.name string io-b\n"},
    {"their numbers stay when another has gone, in whatever order they are told",
     qemu_emit_iothread, fill_iothreads_when_one_has_gone, true,
     "iothread.count uint 2\n" IOTHREAD(46, 1, uint 2, uint 3) IOTHREAD(42, 1, uint 2, uint 3)},
    {"no IOThread, not even a count", qemu_emit_iothread, fill_no_iothreads, true, ""},
    {"nobody told of IOThreads", qemu_emit_iothread, emit_case_fill_nothing, false, ""},
    {"off, no IOThread", qemu_emit_iothread, emit_case_fill_inactive, true, ""},

    {"a rate that was never calculated is none",
     qemu_emit_dirtyrate, fill_dirty_rate_unstarted, true,
     RATE(0, 0, "dirtyrate.calc_period int 0\ndirtyrate.calc_mode string page-sampling\n")},
    {"a calculation by the ring tells of each vCPU, once",
     qemu_emit_dirtyrate, fill_dirty_rate_measured, true,
     RATE(2, 4886, "dirtyrate.calc_period int 1\ndirtyrate.calc_mode string dirty-ring\n")
     "dirtyrate.megabytes_per_second llong -1\ndirtyrate.vcpu.1.megabytes_per_second ullong 5\n"
     "dirtyrate.vcpu.0.megabytes_per_second ullong 6\n"},
    {"one by pages does not, and a period that fits no int is left out",
     qemu_emit_dirtyrate, fill_dirty_rate_by_pages, true,
     RATE(2, 4886, "dirtyrate.calc_mode string page-sampling\n")
     "dirtyrate.megabytes_per_second llong -1\n"},
    {"a mode nobody knows is no answer",
     qemu_emit_dirtyrate, fill_dirty_rate_by_unknown_word, false,
     ""},
    {"QEMU told no rate", qemu_emit_dirtyrate, emit_case_fill_nothing, false, ""},
    {"off, there is no rate", qemu_emit_dirtyrate, fill_dirty_rate_off, false, ""},

    {"statistics of the VM by kind", qemu_emit_vm, fill_vm, true,
     "vm.remote_tlb_flush.sum ullong 3\nvm.pages_4k.cur ullong 0\n"
     "vm.max_mmu_rmap_size.max ullong 2\n"},
    {"QEMU told no statistics", qemu_emit_vm, emit_case_fill_nothing, false, ""},
    {"off, there are none", qemu_emit_vm, fill_vm_off, false, ""},
};
/* clang-format on */

int
main(void)
{
    return TESTING_RUN_TABLE("emit", rows, emit_case_check);
}
