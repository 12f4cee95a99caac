/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_process: stat lines, scheduler files, memory and libvirt's cgroups in made trees, and
 * this process, live.
 */
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_process.h"
#include "host/process/host_process_owner.h"
#include "testing.h"

#define TAIL " 1 1 0 -1 4194560 4 0 0 0 11 22 0 0 20 0 5 0 12345 99000 678 18446744073709551615 1\n"

typedef struct {
    const char *name;
    const char *text;
    const char *expected; /* "state name user system start rss"; NULL: refused */
} StatRow;

static const StatRow stat_rows[] = {
    {"a line of stat", "42 (qemu-kvm) S 1" TAIL, "S qemu-kvm 11 22 12345 678"},
    {"a name with blanks and parentheses", "42 (a) R (b c)) T 1" TAIL,
     "T a) R (b c) 11 22 12345 678"},
    {"an empty name", "42 () Z 1" TAIL, "Z  11 22 12345 678"},
    {"no line at all", "", NULL},
    {"no name", "42 S 1" TAIL, NULL},
    {"parentheses the wrong way round", "42 )( S 1" TAIL, NULL},
    {"a line cut before the numbers", "42 (x) S", NULL},
    {"a line cut at the start time", "42 (x) S 1 1 1 0 -1 4 4 0 0 0 11 22 0 0 20 0 5 0 ", NULL},
    {"ticks that are no number", "42 (x) S 1 1 1 0 -1 4 4 0 0 0 eleven 22 0 0 20 0 5 0 1 2 3 4",
     NULL},
    {"negative ticks", "42 (x) S 1 1 1 0 -1 4 4 0 0 0 -11 22 0 0 20 0 5 0 1 2 3 4", NULL},
    {"ticks past 64 bits",
     "42 (x) S 1 1 1 0 -1 4 4 0 0 0 18446744073709551616 22 0 0 20 0 5 0 1 2 3 4", NULL},
    {"a name longer than any",
     "42 (0123456789012345678901234567890123456789012345678901234567890123) S 1" TAIL, NULL},
};

static void
parses_stat(const void *data)
{
    const StatRow *row = data;
    HostProcessStat stat = {0};
    g_autofree char *got = NULL;

    if (!host_process_parse_stat(row->text, &stat)) {
        assert_null(row->expected);
        return;
    }
    got = g_strdup_printf("%c %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                          " %" G_GUINT64_FORMAT,
                          stat.state, stat.name, stat.user_ticks, stat.system_ticks,
                          stat.start_ticks, stat.rss_pages);
    assert_non_null(row->expected);
    assert_string_equal(got, row->expected);
}

typedef struct {
    const char *name;
    const char *text;
    UtilCount expected;
} WaitRow;

static const WaitRow wait_rows[] = {
    {"milliseconds with six decimals are nanoseconds",
     "x (1, #threads: 1)\n----\nwait_sum                :        123.456789\n",
     {123456789, true}},
    {"as kernels before 5.16 spell it", "se.statistics.wait_sum :  0.000001\n", {1, true}},
    {"as still older ones spell it", "se.wait_sum : 7.5\n", {7500000, true}},
    {"no decimals", "wait_sum : 3\n", {3000000, true}},
    {"more decimals than nanoseconds are cut", "wait_sum : 1.0000019\n", {1000001, true}},
    {"a number of which a float would lose the end",
     "wait_sum : 9007199254.740993\n",
     {9007199254740993, true}},
    {"no such line", "se.exec_start : 2148443.712033\n", {0, false}},
    {"another line that begins alike", "wait_sum_total : 3.000000\n", {0, false}},
    {"a line that holds the name further on", "x wait_sum : 3.000000\n", {0, false}},
    {"a negative number", "wait_sum : -3.000000\n", {0, false}},
    {"two points", "wait_sum : 3.00.00\n", {0, false}},
    {"a number past 64 bits", "wait_sum : 18446744073709.551616\n", {0, false}},
    {"the largest", "wait_sum : 18446744073709.551615\n", {UINT64_MAX, true}},
};

static void
assert_count(UtilCount got, UtilCount expected)
{
    assert_int_equal(got.is_present, expected.is_present);
    if (expected.is_present)
        assert_int_equal(got.value, expected.value);
}

static void
parses_wait_sum(const void *data)
{
    const WaitRow *row = data;

    assert_count(host_process_parse_wait_sum_ns(row->text), row->expected);
}

typedef struct {
    const char *name;
    const char *cgroup; /* of the process */
    const char *files[3][2];
    bool is_libvirts;
    UtilCount time_ns, user_ns, system_ns;
} CgroupRow;

#define SCOPE   "machine.slice/machine-qemu\\x2d3\\x2dweb\\x2dserver.scope"
#define V2_STAT "usage_usec 5000\nuser_usec 3000\nsystem_usec 1900\nnr_periods 0\n"
#define V2_COUNTS                                                                                  \
    {5000000, true}, {3000000, true},                                                              \
    {                                                                                              \
        1900000, true                                                                              \
    }

static const CgroupRow cgroup_rows[] = {
    {"the second version's scope itself",
     "0::/" SCOPE "\n",
     {{"sys/fs/cgroup/" SCOPE "/cpu.stat", V2_STAT}},
     true,
     V2_COUNTS},
    {"groups inside the scope are left off",
     "0::/" SCOPE "/libvirt/emulator\n",
     {{"sys/fs/cgroup/" SCOPE "/cpu.stat", V2_STAT}},
     true,
     V2_COUNTS},
    {"also those of a vCPU",
     "0::/" SCOPE "/libvirt/vcpu12\n",
     {{"sys/fs/cgroup/" SCOPE "/cpu.stat", V2_STAT}},
     true,
     V2_COUNTS},
    {"a host with both versions, accounting in the second",
     "4:memory:/a\n0::/" SCOPE "\n",
     {{"sys/fs/cgroup/unified/" SCOPE "/cpu.stat", V2_STAT}},
     true,
     V2_COUNTS},
    {"a machine that systemd does not know",
     "0::/machine/qemu-3-web.libvirt-qemu/emulator\n",
     {{"sys/fs/cgroup/machine/qemu-3-web.libvirt-qemu/cpu.stat", V2_STAT}},
     true,
     V2_COUNTS},
    {"the first version: nanoseconds, and ticks in floating point",
     "5:cpu,cpuacct:/" SCOPE "/emulator\n0::/elsewhere\n",
     {{"sys/fs/cgroup/cpuacct/" SCOPE "/cpuacct.usage", "123456789\n"},
      {"sys/fs/cgroup/cpuacct/" SCOPE "/cpuacct.stat", "user 7\nsystem 5\n"}},
     true,
     {123456789, true},
     {70000000, true},
     {50000000, true}},
    {"the first version, mounted with the other controller's name",
     "5:cpu,cpuacct:/" SCOPE "\n",
     {{"sys/fs/cgroup/cpu,cpuacct/" SCOPE "/cpuacct.usage", "1\n"}},
     true,
     {1, true}},
    {"an unreadable cgroup of libvirt's is absent, and still libvirt's",
     "0::/" SCOPE "\n",
     {{NULL}},
     true},
    {"microseconds that do not fit are absent",
     "0::/" SCOPE "\n",
     {{"sys/fs/cgroup/" SCOPE "/cpu.stat", "usage_usec 18446744073709551615\nuser_usec x\n"}},
     true},
    {"the root", "0::/\n", {{"sys/fs/cgroup/cpu.stat", V2_STAT}}, false},
    {"somebody's session",
     "0::/user.slice/user-0.slice\n",
     {{"sys/fs/cgroup/user.slice/user-0.slice/cpu.stat", V2_STAT}},
     false},
    {"another kind of machine",
     "0::/machine.slice/machine-lxc\\x2d3\\x2dx.scope\n",
     {{NULL}},
     false},
    {"a name without a number", "0::/machine.slice/machine-qemu\\x2dx.scope\n", {{NULL}}, false},
    {"a group inside that libvirt does not make",
     "0::/" SCOPE "/mine\n",
     {{"sys/fs/cgroup/" SCOPE "/cpu.stat", V2_STAT}},
     false},
    {"a path that leaves the namespace", "0::/../" SCOPE "\n", {{NULL}}, false},
    {"lines that are none", "0:\n\n::\nx", {{NULL}}, false},
};

static HostRoot *
make_root(const char *folder)
{
    HostRoot *root = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    return root;
}

static void
reads_cgroup(const void *data)
{
    const CgroupRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder);
    HostProcessCgroup cpu = {0};

    testing_write_file(folder, "proc/42/cgroup", row->cgroup);
    for (size_t i = 0; i < G_N_ELEMENTS(row->files) && row->files[i][0]; i++)
        testing_write_file(folder, row->files[i][0], row->files[i][1]);
    host_process_read_cgroup_cpu(root, 42, &cpu);
    testing_remove_folder(folder);
    assert_int_equal(cpu.is_libvirts, row->is_libvirts);
    assert_count(cpu.time_ns, row->time_ns);
    assert_count(cpu.user_ns, row->user_ns);
    assert_count(cpu.system_ns, row->system_ns);
}

static void
read_memory(HostRoot *root, pid_t pid, HostProcessMemory *ret_memory)
{
    g_autoptr(HostReader) reader = host_reader_new(root);

    g_autoptr(HostKept) kept = host_kept_new(root);

    *ret_memory = (HostProcessMemory){0};
    host_process_read_pss(reader, pid, util_deadline_in_ms(60000), ret_memory);
    host_kept_begin(kept);
    host_process_reread_hugetlb(kept, pid, ret_memory);
}

static void
check_calls(const char *folder, HostRoot *root)
{
    static const struct {
        const char *text;
        HostProcessCall call;
    } rows[] = {
        {G_STRINGIFY(SYS_ppoll) " 0x1 0xb 0x0 0x0 0x8 0x0 0x7f 0x7f\n", HOST_PROCESS_CALL_PPOLL},
        {G_STRINGIFY(SYS_ppoll) " 0x1 0xb 0x0 0x0 0x0 0x0 0x7f 0x7f\n", HOST_PROCESS_CALL_POLL},
        {G_STRINGIFY(SYS_restart_syscall) " 0x1 0xb 0x0 0x0 0x8 0x0 0x7f 0x7f\n",
         HOST_PROCESS_CALL_POLL},
#ifdef SYS_poll
        {G_STRINGIFY(SYS_poll) " 0x1 0xb 0xffffffff 0x0 0x8 0x0 0x7f 0x7f\n",
         HOST_PROCESS_CALL_POLL},
#endif
        {G_STRINGIFY(SYS_read) " 0x1 0xb 0x0 0x0 0x0 0x0 0x7f 0x7f\n", HOST_PROCESS_CALL_OTHER},
        {G_STRINGIFY(SYS_ppoll) "\n", HOST_PROCESS_CALL_OTHER},
        {G_STRINGIFY(SYS_ppoll) " 0x1 0xb 0x0\n", HOST_PROCESS_CALL_OTHER},
        {G_STRINGIFY(SYS_ppoll) " 0x1 b 0x0 0x0 0x8 0x0 0x7f 0x7f\n", HOST_PROCESS_CALL_OTHER},
        {"-1 0x1 0xb\n", HOST_PROCESS_CALL_OTHER},
        {"running\n", HOST_PROCESS_CALL_OTHER},
    };
    uint64_t n_fds = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        testing_write_file(folder, "proc/42/task/101/syscall", rows[i].text);
        n_fds = 7;
        assert_int_equal(host_process_read_call(root, 42, 101, &n_fds), rows[i].call);
        assert_int_equal(n_fds, rows[i].call == HOST_PROCESS_CALL_OTHER ? 7 : 11);
    }
    assert_int_equal(host_process_read_call(root, 42, 9, &n_fds), HOST_PROCESS_CALL_UNKNOWN);
}

static void
check_process(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);
    g_autofree pid_t *tids = NULL;
    g_autofree char *channel = NULL;
    g_autofree char *no_channel = NULL;
    HostProcessStat stat = {0};
    HostProcessMemory memory = {0};
    size_t n = 0;

    testing_write_file(folder, "proc/42/stat", "42 (q) D 1" TAIL);
    testing_write_file(folder, "proc/42/task/101/stat", "101 (CPU 0/KVM) R 1" TAIL);
    testing_write_file(folder, "proc/42/task/101/schedstat", "900 77 3\n");
    testing_write_file(folder, "proc/42/task/101/wchan", "nfs_wait_bit_killable");
    testing_write_file(folder, "proc/42/task/42/wchan", "0");
    testing_write_file(folder, "proc/42/task/9/x", "");
    testing_write_file(folder, "proc/42/task/odd/x", "");
    testing_write_file(folder, "proc/42/smaps_rollup",
                       "55-77 ---p [rollup]\nPss:   12 kB\nPss_Dirty: 4 kB\nSwap:  5 kB\n");
    testing_write_file(folder, "proc/42/status",
                       "Name:\tq\nVmSwap:\t 9 kB\nHugetlbPages:\t2048 kB\n");
    assert_true(host_process_read_stat(root, 42, 0, &stat));
    assert_int_equal(stat.state, 'D');
    assert_true(host_process_read_stat(root, 42, 101, &stat));
    assert_string_equal(stat.name, "CPU 0/KVM");
    assert_false(host_process_read_stat(root, 42, 9, &stat));
    assert_count(host_process_read_run_delay_ns(root, 42, 101), util_count_of(77));
    assert_count(host_process_read_run_delay_ns(root, 42, 9), (UtilCount){0});
    channel = host_process_read_wait_channel(root, 42, 101);
    assert_string_equal(channel, "nfs_wait_bit_killable");
    no_channel = host_process_read_wait_channel(root, 42, 42);
    assert_string_equal(no_channel, "");
    check_calls(folder, root);
    tids = host_process_list_threads(root, 42, &n);
    assert_int_equal(n, 3);
    assert_true(tids[0] == 9 && tids[1] == 42 && tids[2] == 101 && tids[3] == 0);
    read_memory(root, 42, &memory);
    assert_count(memory.pss_kib, util_count_of(12));
    assert_count(memory.swap_kib, util_count_of(5));
    assert_count(memory.hugetlb_kib, util_count_of(2048));
}

static void
check_gone(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);
    g_autofree char *channel = NULL;
    HostProcessStat stat = {.state = '?'};
    HostProcessMemory memory = {.pss_kib = {1, true}};
    HostProcessCgroup cpu = {.is_libvirts = true};

    assert_false(host_process_read_stat(root, 43, 0, &stat));
    assert_int_equal(stat.state, '?');
    assert_null(host_process_list_threads(root, 43, NULL));
    read_memory(root, 43, &memory);
    assert_false(memory.pss_kib.is_present);
    host_process_read_cgroup_cpu(root, 43, &cpu);
    assert_false(cpu.is_libvirts);
    channel = host_process_read_wait_channel(root, 43, 43);
    assert_string_equal(channel, "");
}

static void
check_wait_sum_switch(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);

    assert_false(host_process_has_wait_sum(root));
    testing_write_file(folder, "proc/self/sched", "wait_sum : 1.000000\n");
    assert_true(host_process_has_wait_sum(root));
    testing_write_file(folder, "proc/sys/kernel/sched_schedstats", "0\n");
    assert_false(host_process_has_wait_sum(root));
    testing_write_file(folder, "proc/sys/kernel/sched_schedstats", "1\n");
    assert_true(host_process_has_wait_sum(root));
}

static void
check_own_process(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autofree pid_t *tids = NULL;
    HostProcessStat stat = {0};
    HostProcessMemory memory = {0};
    char comm[64] = "";
    size_t n = 0;

    (void)folder;
    assert_true(host_process_read_stat(root, getpid(), 0, &stat));
    assert_int_equal(stat.state, 'R');
    assert_int_equal(host_root_read(root, "proc/self/comm", comm, sizeof(comm)) - 1,
                     strlen(stat.name));
    assert_memory_equal(stat.name, comm, strlen(stat.name));
    assert_true(stat.rss_pages > 0);
    tids = host_process_list_threads(root, getpid(), &n);
    assert_true(n >= 1 && tids[0] == getpid());
    read_memory(root, getpid(), &memory);
    assert_true(memory.pss_kib.is_present && memory.pss_kib.value > 0);
}

static void
check_look(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    HostProcessStat stat = {0};
    int to_child[2];
    char byte = 0;
    pid_t child = 0;

    (void)folder;
    assert_int_equal(pipe2(to_child, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        close(to_child[1]);
        _exit((int)read(to_child[0], &byte, 1));
    }
    assert_int_equal(host_process_look(root, child, 0, &stat), HOST_PROCESS_LIVES);
    assert_int_equal(host_process_look(root, child, stat.start_ticks, &stat), HOST_PROCESS_LIVES);
    assert_int_equal(host_process_look(root, child, stat.start_ticks + 1, &stat),
                     HOST_PROCESS_ENDED);
    close(to_child[1]);
    assert_int_equal(waitid(P_PID, (id_t)child, NULL, WEXITED | WNOWAIT), 0);
    assert_int_equal(host_process_look(root, child, 0, &stat), HOST_PROCESS_ENDED); /* a zombie */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(host_process_look(root, child, 0, &stat), HOST_PROCESS_ENDED);
    close(to_child[0]);
}

/* As the user nobody, with a /proc that hides the processes of other users: what it sees of process
 * 1. */
static int
look_where_hidden(void)
{
    HostRoot *root = NULL;
    HostProcessStat stat = {0};

    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("proc", "/proc", "proc", 0, "hidepid=2") < 0 || setgid(65534) < 0 ||
        setuid(65534) < 0)
        return UINT8_MAX;
    root = host_root_new_live();
    return (int)host_process_look(root, 1, 0, &stat);
}

static void
check_hidden(const char *folder)
{
    int status = 0;
    pid_t child = fork();

    (void)folder;
    if (child == 0)
        _exit(look_where_hidden());
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == UINT8_MAX)
        print_message("not tried: no mount namespace to be had\n");
    else
        assert_int_equal(WEXITSTATUS(status), HOST_PROCESS_HIDDEN);
}

static void
check_look_unreadable(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);
    HostProcessStat stat = {0};

    testing_write_file(folder, "proc/42/stat/inside", "");
    assert_int_equal(host_process_look(root, 42, 0, &stat), HOST_PROCESS_HIDDEN);
    assert_int_equal(host_process_look(root, 43, 0, &stat), HOST_PROCESS_ENDED);
}

static void
check_owners(const char *folder)
{
    g_autoptr(HostRoot) recorded = make_root(folder);
    g_autoptr(HostRoot) live = host_root_new_live();
    g_autoptr(HostReader) recorded_reader = host_reader_new(recorded);
    g_autoptr(HostReader) live_reader = host_reader_new(live);
    UtilDeadline until = util_deadline_in_ms(10000);
    struct stat self = {0};
    uid_t owner = 1;

    assert_int_equal(stat("/proc/self/exe", &self), 0);
    assert_true(host_process_owner_of_program(live_reader, getpid(), until, &owner));
    assert_int_equal(owner, self.st_uid);
    assert_true(host_process_owner_of_process(live, getpid(), &owner));
    assert_int_equal(owner, getuid());
    testing_write_file(folder, "proc/42/exe-owner", "1000\n");
    testing_write_file(folder, "proc/43/exe-owner", "99999999999\n");
    testing_write_file(folder, "proc/42/status", "Name:\tx\nUid:\t1001\t0\t0\t0\n");
    assert_true(host_process_owner_of_program(recorded_reader, 42, until, &owner));
    assert_int_equal(owner, 1000);
    assert_true(host_process_owner_of_process(recorded, 42, &owner));
    assert_int_equal(owner, 1001);
    assert_false(host_process_owner_of_program(recorded_reader, 43, until, &owner));
    assert_false(host_process_owner_of_program(recorded_reader, 44, until, &owner));
    assert_false(host_process_owner_of_process(recorded, 44, &owner));
}

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"a process and its threads in a recorded tree", check_process},
    {"a process that is gone has nothing", check_gone},
    {"whether a kernel gives wait_sum", check_wait_sum_switch},
    {"our own process", check_own_process},
    {"a process that lives, is another, is a zombie, has ended", check_look},
    {"one that /proc hides has not ended", check_hidden},
    {"one that cannot be read has not ended", check_look_unreadable},
    {"who owns a process and its program", check_owners},
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
    int n_failed = TESTING_RUN_TABLE("host_process: stat", stat_rows, parses_stat);

    n_failed += TESTING_RUN_TABLE("host_process: wait_sum", wait_rows, parses_wait_sum);
    n_failed += TESTING_RUN_TABLE("host_process: cgroup", cgroup_rows, reads_cgroup);
    return n_failed + TESTING_RUN_TABLE("host_process", scenarios, runs_scenario);
}
