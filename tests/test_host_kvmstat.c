/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_kvmstat: statistics blocks made by hand, well-formed and hostile; debugfs in a made
 * tree; and vCPUs of this process, where the host has KVM.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_kvmstat.h"
#include "testing.h"
#include "util/util_error.h"
#include "util/util_fd.h"

#define NAME_BYTES  16
#define N_STATS     3
#define DESC_BYTES  (sizeof(struct kvm_stats_desc) + NAME_BYTES)
#define DESC_OFFSET (sizeof(struct kvm_stats_header) + NAME_BYTES)
#define DATA_OFFSET (DESC_OFFSET + N_STATS * DESC_BYTES)
#define N_VALUES    8
#define BLOCK_BYTES (DATA_OFFSET + N_VALUES * sizeof(uint64_t))

/* A block in the kernel's layout, which each row then changes: "exits" cumulative, "mode" an
 * instant boolean, "hist" a histogram of 4; the values are 100, 101, ... */
typedef struct {
    struct kvm_stats_header header;
    struct kvm_stats_desc descs[N_STATS];
    char names[N_STATS][NAME_BYTES];
    size_t size; /* how much of it is given */
} Block;

static Block
make_block(void)
{
    Block block = {
        .header = {.name_size = NAME_BYTES,
                   .num_desc = N_STATS,
                   .id_offset = sizeof(struct kvm_stats_header),
                   .desc_offset = DESC_OFFSET,
                   .data_offset = DATA_OFFSET},
        .names = {"exits", "mode", "hist"},
        .size = BLOCK_BYTES,
    };

    block.descs[0].flags = KVM_STATS_TYPE_CUMULATIVE;
    block.descs[1].flags = KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_BOOLEAN;
    block.descs[2].flags = KVM_STATS_TYPE_LOG_HIST;
    for (size_t i = 0; i < N_STATS; i++) {
        block.descs[i].size = 1;
        block.descs[i].offset = (uint32_t)(i * sizeof(uint64_t));
    }
    block.descs[2].size = 4;
    return block;
}

/* A copy of @block of exactly its size, so that ASan reports a read past it. */
static uint8_t *
make_bytes(const Block *block)
{
    uint8_t whole[BLOCK_BYTES] = {0};

    memcpy(whole, &block->header, sizeof(block->header));
    for (size_t i = 0; i < N_STATS; i++) {
        uint8_t *at = whole + DESC_OFFSET + i * DESC_BYTES;

        memcpy(at, &block->descs[i], sizeof(block->descs[i]));
        memcpy(at + sizeof(block->descs[i]), block->names[i], NAME_BYTES);
    }
    for (uint64_t i = 0; i < N_VALUES; i++) {
        uint64_t value = 100 + i;

        memcpy(whole + DATA_OFFSET + i * sizeof(value), &value, sizeof(value));
    }
    return g_memdup2(whole, block->size);
}

static void
spoil_nothing(Block *block)
{
    (void)block;
}

static void
spoil_order(Block *block)
{
    block->descs[0].offset = 7 * sizeof(uint64_t);
    block->descs[0].flags = KVM_STATS_TYPE_PEAK | KVM_STATS_UNIT_BYTES;
}

static void
spoil_alignment(Block *block)
{
    block->header.data_offset = DATA_OFFSET - 8;
    block->descs[0].offset = 12;
}

static void
spoil_type(Block *block)
{
    block->descs[1].flags = 9;
}

static void
spoil_several(Block *block)
{
    block->descs[0].size = 2;
}

static void
spoil_count_none(Block *block)
{
    block->header.num_desc = 0;
}

static void
spoil_no_header(Block *block)
{
    block->size = sizeof(struct kvm_stats_header) - 1;
}

static void
spoil_nothing_given(Block *block)
{
    block->size = 0;
}

static void
spoil_cut_desc(Block *block)
{
    block->size = DATA_OFFSET - 1;
}

static void
spoil_cut_data(Block *block)
{
    block->size = DATA_OFFSET + 4 * sizeof(uint64_t);
}

static void
spoil_count(Block *block)
{
    block->header.num_desc = UINT32_MAX;
}

static void
spoil_count_by_one(Block *block)
{
    block->header.num_desc = N_STATS + 2;
}

static void
spoil_name_size(Block *block)
{
    block->header.name_size = UINT32_MAX;
}

static void
spoil_name_size_none(Block *block)
{
    block->header.name_size = 0;
}

static void
spoil_desc_offset(Block *block)
{
    block->header.desc_offset = UINT32_MAX - 8;
}

static void
spoil_desc_in_header(Block *block)
{
    block->header.desc_offset = 4;
}

static void
spoil_data_offset(Block *block)
{
    block->header.data_offset = UINT32_MAX;
}

static void
spoil_value_offset(Block *block)
{
    block->descs[0].offset = UINT32_MAX - 3;
}

static void
spoil_value_end(Block *block)
{
    block->descs[0].offset = N_VALUES * sizeof(uint64_t) - 7;
}

static void
spoil_value_size(Block *block)
{
    block->descs[2].size = UINT16_MAX;
}

static void
spoil_name_end(Block *block)
{
    memset(block->names[N_STATS - 1], 'n', NAME_BYTES);
}

static void
spoil_name_empty(Block *block)
{
    block->names[0][0] = '\0';
}

static void
spoil_name_letters(Block *block)
{
    block->names[0][1] = '\x1b';
}

typedef struct {
    const char *name;
    void (*spoil)(Block *block);
    const char *expected; /* "name kind is_boolean value," in order; NULL: refused */
} BlockRow;

static const BlockRow block_rows[] = {
    {"a block as the kernel gives it", spoil_nothing, "exits 0 0 100,mode 1 1 101,hist 3 0 -,"},
    {"values in another order", spoil_order, "exits 2 0 107,mode 1 1 101,hist 3 0 -,"},
    {"values at odd places", spoil_alignment, "exits 0 0 433791696896,mode 1 1 100,hist 3 0 -,"},
    {"a kind that we do not know is left out", spoil_type, "exits 0 0 100,hist 3 0 -,"},
    {"several values that are no histogram are left out", spoil_several,
     "mode 1 1 101,hist 3 0 -,"},
    {"no statistics at all", spoil_count_none, ""},
    {"nothing", spoil_nothing_given, NULL},
    {"half a header", spoil_no_header, NULL},
    {"a block cut in its descriptors", spoil_cut_desc, NULL},
    {"a block cut in its data", spoil_cut_data, NULL},
    {"as many statistics as can be said", spoil_count, NULL},
    {"descriptors that end past the block", spoil_count_by_one, NULL},
    {"names as long as can be said", spoil_name_size, NULL},
    {"names of no length", spoil_name_size_none, NULL},
    {"descriptors far past the end", spoil_desc_offset, NULL},
    {"descriptors inside the header", spoil_desc_in_header, NULL},
    {"data far past the end", spoil_data_offset, NULL},
    {"a value far past the end", spoil_value_offset, NULL},
    {"a value that begins in the block and ends past it", spoil_value_end, NULL},
    {"a histogram longer than the block", spoil_value_size, NULL},
    {"a name without an end", spoil_name_end, NULL},
    {"an empty name", spoil_name_empty, NULL},
    {"a name with an escape", spoil_name_letters, NULL},
};

static char *
decode_as_text(const HostKvmstatLayout *layout, const uint8_t *bytes)
{
    GString *text = g_string_new(NULL);
    size_t n = host_kvmstat_layout_n_stats(layout);
    g_autofree HostKvmStat *stats = g_new0(HostKvmStat, n);
    size_t size = 0;
    size_t offset = host_kvmstat_layout_data(layout, &size);
    g_autofree uint8_t *data = g_memdup2(bytes + offset, size);

    host_kvmstat_layout_decode(layout, data, stats);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s %d %d ", stats[i].name, (int)stats[i].kind,
                               stats[i].is_boolean);
        if (stats[i].kind == HOST_KVMSTAT_HISTOGRAM)
            g_string_append(text, "-,");
        else
            g_string_append_printf(text, "%" G_GUINT64_FORMAT ",", stats[i].value);
    }
    return g_string_free(text, FALSE);
}

static void
parses_block(const void *data)
{
    const BlockRow *row = data;
    Block block = make_block();
    g_autofree uint8_t *bytes = NULL;
    g_autoptr(HostKvmstatLayout) layout = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;

    row->spoil(&block);
    bytes = make_bytes(&block);
    layout = host_kvmstat_parse(bytes, block.size, &error);
    if (!row->expected) {
        assert_null(layout);
        assert_true(g_error_matches(error, UTIL_ERROR, UTIL_ERROR_BROKEN));
        return;
    }
    assert_non_null(layout);
    got = decode_as_text(layout, bytes);
    assert_string_equal(got, row->expected);
}

/* Two vCPUs of this process; the descriptors of their statistics stay open, as in QEMU. */
typedef struct {
    UtilFd kvm, vm, vcpus[2], stats[2];
} Machine;

/* False if the host has no KVM, or no statistics of it. */
static bool
make_machine(Machine *machine)
{
    *machine = (Machine){-1, -1, {-1, -1}, {-1, -1}};
    machine->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (machine->kvm < 0)
        return false;
    machine->vm = ioctl(machine->kvm, KVM_CREATE_VM, 0UL);
    /* In descending order, so that sorting shows. */
    for (unsigned long i = 2; i-- > 0;) {
        machine->vcpus[i] = ioctl(machine->vm, KVM_CREATE_VCPU, i);
        machine->stats[i] = ioctl(machine->vcpus[i], KVM_GET_STATS_FD, NULL);
    }
    return machine->stats[0] >= 0 && machine->stats[1] >= 0;
}

static void
clear_machine(Machine *machine)
{
    for (size_t i = 0; i < G_N_ELEMENTS(machine->vcpus); i++) {
        util_fd_clear(&machine->stats[i]);
        util_fd_clear(&machine->vcpus[i]);
    }
    util_fd_clear(&machine->vm);
    util_fd_clear(&machine->kvm);
}

static bool
has_stat(const HostKvmstatVcpu *vcpu, const char *name, HostKvmstatKind kind)
{
    for (size_t i = 0; i < vcpu->n_stats; i++) {
        if (g_str_equal(vcpu->stats[i].name, name))
            return vcpu->stats[i].kind == kind;
    }
    return false;
}

static void
check_own_machine(const char *folder)
{
    Machine machine = {0};
    g_autoptr(HostKvmStats) stats = NULL;
    HostKvmstatVcpu vcpu = {0};
    bool has_machine = false;

    (void)folder;
    has_machine = make_machine(&machine);
    if (has_machine)
        stats = host_kvmstat_open(getpid(), NULL);
    clear_machine(&machine);
    if (!stats) {
        /* Older kernels do not have the number of the vCPU in the name of its descriptor. */
        print_message("not tried: no KVM here, or none that names its descriptors\n");
        return;
    }
    assert_int_equal(host_kvmstat_n_vcpus(stats), 2);
    for (unsigned int i = 0; i < 2; i++) {
        assert_true(host_kvmstat_read(stats, i, &vcpu));
        assert_int_equal(vcpu.number, i);
        assert_true(has_stat(&vcpu, "halt_poll_success_ns", HOST_KVMSTAT_CUMULATIVE));
        assert_true(has_stat(&vcpu, "halt_wait_hist", HOST_KVMSTAT_HISTOGRAM));
    }
    assert_false(host_kvmstat_read(stats, 2, &vcpu));
}

/* A process with two vCPUs; for each byte that it is sent it takes the next step and sends one
 * back. */
static int
be_machine(int from, int to)
{
    Machine machine = {0};
    g_auto(UtilFd) vcpu = -1;
    g_auto(UtilFd) plugged = -1;
    char byte = make_machine(&machine) ? 'm' : '-';

    for (int step = 0; write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1; step++) {
        if (step == 0) {
            vcpu = ioctl(machine.vm, KVM_CREATE_VCPU, 5UL);
            plugged = ioctl(vcpu, KVM_GET_STATS_FD, NULL);
        } else {
            util_fd_clear(&machine.stats[1]);
        }
    }
    clear_machine(&machine);
    return 0;
}

static bool
take_step(const int *to, const int *from)
{
    char byte = 'x';

    return write(*to, &byte, 1) == 1 && read(*from, &byte, 1) == 1;
}

/* In the end there are as many vCPUs as before, but other ones. */
static void
check_plugging(const char *folder)
{
    int to_child[2];
    int from_child[2];
    char byte = 0;
    pid_t child = 0;
    g_autoptr(HostKvmStats) stats = NULL;
    bool is_current[3] = {0};

    (void)folder;
    assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from_child, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        close(to_child[1]);
        _exit(be_machine(to_child[0], from_child[1]));
    }
    assert_int_equal(read(from_child[0], &byte, 1), 1);
    stats = byte == 'm' ? host_kvmstat_open(child, NULL) : NULL;
    for (size_t i = 0; stats != NULL && i < G_N_ELEMENTS(is_current); i++) {
        is_current[i] = host_kvmstat_is_current(stats, child);
        assert_true(take_step(&to_child[1], &from_child[0]));
    }
    close(to_child[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(to_child[0]);
    close(from_child[0]);
    close(from_child[1]);
    if (stats == NULL) {
        print_message("not tried: no KVM here, or none that may be copied\n");
        return;
    }
    assert_true(is_current[0]);
    assert_false(is_current[1]); /* one more */
    assert_false(is_current[2]); /* as many, but others */
    assert_false(host_kvmstat_is_current(stats, child));
}

static void
check_no_machine(const char *folder)
{
    g_autoptr(GError) error = NULL;

    (void)folder;
    assert_null(host_kvmstat_open(getpid(), &error));
    assert_non_null(error);
    assert_null(host_kvmstat_open(G_MAXINT32, NULL));
}

static HostRoot *
make_debugfs(const char *folder)
{
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "sys/kernel/debug/kvm/420-9/exits", "1\n");
    testing_write_file(folder, "sys/kernel/debug/kvm/42-9/halt_poll_success_ns", "700\n");
    testing_write_file(folder, "sys/kernel/debug/kvm/42-9/exits", "18446744073709551615\n");
    testing_write_file(folder, "sys/kernel/debug/kvm/42-9/halt_wait_hist", "3\n");
    testing_write_file(folder, "sys/kernel/debug/kvm/42-9/mmu_rmaps_stat", "Rmap_Count: 0\n");
    testing_write_file(folder, "sys/kernel/debug/kvm/42-9/vcpu0/pid", "43\n");
    return host_root_new_recorded(folder, NULL);
}

static void
check_debugfs(const char *folder)
{
    g_autoptr(HostRoot) root = make_debugfs(folder);
    bool is_sure = false;
    g_autofree char *path = host_kvmstat_find_debugfs(root, 42, &is_sure);
    g_autoptr(GArray) stats = path ? host_kvmstat_read_debugfs(root, path) : NULL;
    const HostKvmstatDebug *got = NULL;

    assert_true(is_sure);
    assert_non_null(stats);
    assert_int_equal(stats->len, 2);
    got = &g_array_index(stats, HostKvmstatDebug, 0);
    assert_string_equal(got[0].name, "exits");
    assert_int_equal(got[0].value, UINT64_MAX);
    assert_string_equal(got[1].name, "halt_poll_success_ns");
    assert_int_equal(got[1].value, 700);
    is_sure = false;
    assert_null(host_kvmstat_find_debugfs(root, 4, &is_sure));
    assert_true(is_sure);
}

static void
check_no_debugfs(const char *folder)
{
    g_autoptr(HostRoot) root = NULL;
    bool is_sure = true;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_null(host_kvmstat_find_debugfs(root, 42, &is_sure));
    assert_false(is_sure);
    assert_null(host_kvmstat_read_debugfs(root, "sys/kernel/debug/kvm/42-9"));
}

static void
check_debugfs_some(const char *folder)
{
    static const char *const names[] = {"halt_poll_success_ns", "halt_poll_fail_ns", NULL};
    g_autoptr(HostRoot) root = make_debugfs(folder);
    UtilCount counts[2] = {{0}, {1, true}};

    host_kvmstat_read_debugfs_some(root, "sys/kernel/debug/kvm/42-9", names, counts);
    assert_true(counts[0].is_present && counts[0].value == 700);
    assert_false(counts[1].is_present);
    host_kvmstat_read_debugfs_some(root, "sys/kernel/debug/kvm/43-9", names, counts);
    assert_false(counts[0].is_present);
}

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"vCPUs of our own", check_own_machine},
    {"a process without vCPUs, and none at all", check_no_machine},
    {"a machine's folder in debugfs, and no other's", check_debugfs},
    {"debugfs that cannot be read decides nothing", check_no_debugfs},
    {"some statistics by name", check_debugfs_some},
    {"vCPUs that are plugged and unplugged", check_plugging},
};

static void
runs_scenario(const void *data)
{
    const Scenario *scenario = data;
    char *folder = testing_make_folder();

    scenario->check(folder);
    testing_remove_folder(folder);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("host_kvmstat: block", block_rows, parses_block);

    return n_failed + TESTING_RUN_TABLE("host_kvmstat", scenarios, runs_scenario);
}
