/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_group: which control group is a machine's, and what the kernel tells of it, in made
 * trees and of a group of this host.
 */
#include "host/process/host_group.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process/host_group_path.h"
#include "testing.h"

enum { PID = 42, MAX_FILES = 16, MAX_PROCESSES = 6 };

#define V2    "sys/fs/cgroup/"
#define SCOPE "machine.slice/machine-qemu\\x2d1\\x2dvm.scope"
#define PRESSURE(some, full)                                                                       \
    "some avg10=0.00 avg60=1.20 avg300=0.00 total=" #some                                          \
    "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=" #full "\n"

typedef struct {
    const char *path;
    const char *groups;
} PathRow;

static const PathRow path_rows[] = {
    {"/machine.slice/a.scope/libvirt/emulator", "/machine.slice/a.scope"},
    {"/machine.slice/a.scope/libvirt/vcpu12", "/machine.slice/a.scope"},
    {"/qemu.slice/100.scope", "/qemu.slice/100.scope"},
    {"/machine/qemu-3-web.libvirt-qemu/emulator", "/machine/qemu-3-web.libvirt-qemu"},
    {"/machine.slice/libpod-1.scope/container", "/machine.slice/libpod-1.scope "
                                                "/machine.slice/libpod-1.scope/container"},
    {"/user.slice/user-0.slice/user@0.service/app.slice/vm.scope",
     "/user.slice/user-0.slice/user@0.service/app.slice/vm.scope"},
    {"/system.slice/a.service/kubepods:b", "/system.slice/a.service "
                                           "/system.slice/a.service/kubepods:b"},
    {"/docker/abc", "/docker/abc"},
    {"/../../machine.slice/x.scope", "/../../machine.slice/x.scope"},
    {"/", ""},
    {"/libvirt/emulator", ""},
    {"/..", ""},
    {"/a/./b", ""},
    {"/a//b", ""},
    {"relative", ""},
    {"", ""},
};

static void
lists_candidates(const void *data)
{
    const PathRow *row = data;
    g_auto(GStrv) groups = host_group_path_candidates(row->path);
    g_autofree char *got = g_strjoinv(" ", groups);

    assert_string_equal(got, row->groups);
}

typedef struct {
    int pid;
    int parent;
    const char *name;
    bool is_kernels;
} Process;

typedef struct {
    const char *sentence;
    const char *groups; /* /proc/42/cgroup */
    Process processes[MAX_PROCESSES];
    struct {
        const char *path;
        const char *text;
    } files[MAX_FILES];
    const char *expected; /* values that are present; " vhost" and pids */
} Row;

#define QEMU                                                                                       \
    {                                                                                              \
        42, 1, "qemu-system-x86", false                                                            \
    }
#define OF(group, pids, pressure)                                                                  \
    {V2 group "/cgroup.events", "populated 1\n"}, {V2 group "/cgroup.procs", pids},                \
    {                                                                                              \
        V2 group "/cpu.pressure", pressure                                                         \
    }

/* clang-format off */
static const Row rows[] = {
    {"a scope with one QEMU", "0::/qemu.slice/100.scope\n", {QEMU},
     {OF("qemu.slice/100.scope", "42\n", PRESSURE(5, 3)),
      {V2 "qemu.slice/100.scope/memory.pressure", PRESSURE(7, 6)}, {V2 "qemu.slice/100.scope/io.pressure", PRESSURE(9, 8)},
      {V2 "qemu.slice/100.scope/cpu.stat", "usage_usec 1\nnr_periods 4\nnr_throttled 2\nthrottled_usec 11\n"},
      {V2 "qemu.slice/100.scope/memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n"},
      {V2 "qemu.slice/100.scope/memory.swap.current", "8192\n"},
      {V2 "qemu.slice/100.scope/memory.numa_stat", "anon N0=4096 N2=1\nfile N0=2 N2=3\nkernel_stack N0=1\n"}},
     "cpu 5 3 memory 7 6 io 9 8 periods 4 2 11000 events 2 3 4 5 swap 8192 node 0 4096 2 node 2 1 3"},
    {"what the kernel does not tell is absent", "0::/vm\n", {QEMU},
     {OF("vm", "42\n", "some avg10=0.00 avg60=1.20 avg300=0.00 total=5\n"), {V2 "vm/cpu.stat", "usage_usec 1\n"}},
     "cpu 5 -"},
    {"numbers that are none", "0::/vm\n", {QEMU},
     {OF("vm", "42\n", "some total=x\nfull avg10=1 total=18446744073709551616\n"),
      {V2 "vm/memory.events", "oom_kill -1\nmax\n"}, {V2 "vm/memory.numa_stat", "anon N0=x Nx=1 N=2 1=2\nfile N0=1"},
      {V2 "vm/cpu.stat", "throttled_usec 18446744073709551615\n"}},
     " node 0 - -"},
    {"libvirt's, with limits inside", "0::/" SCOPE "/libvirt/emulator\n", {QEMU},
     {OF(SCOPE, "", PRESSURE(1, 0)), {V2 SCOPE "/libvirt/cgroup.procs", "42\n"},
      {V2 SCOPE "/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\n"},
      {V2 SCOPE "/libvirt/vcpu0/cgroup.procs", ""},
      {V2 SCOPE "/libvirt/vcpu0/cpu.stat", "nr_periods 5\nnr_throttled 1\nthrottled_usec 2\n"},
      {V2 SCOPE "/libvirt/vcpu1/cgroup.procs", ""},
      {V2 SCOPE "/libvirt/vcpu1/cpu.stat", "nr_periods 6\nnr_throttled 2\nthrottled_usec 3\n"}},
     "cpu 1 0 periods 11 3 5000"},
    {"with its helpers and the kernel's workers", "0::/vm.scope\n",
     {QEMU, {50, 1, "swtpm", false}, {51, 1, "virtiofsd", false}, {52, 51, "passt.avx2", false},
      {53, 2, "vhost-42", true}, {54, 42, "helper", false}},
     {OF("vm.scope", "42\n50\n51\n52\n53\n54\n", PRESSURE(1, 0))}, "cpu 1 0 vhost 53"},
    {"the child of a child", "0::/vm.scope\n", {QEMU, {50, 42, "sh", false}, {51, 50, "x", false}},
     {OF("vm.scope", "42\n51\n50\n", PRESSURE(1, 0))}, "cpu 1 0"},
    {"with a shell it is another's", "0::/session-1.scope\n", {QEMU, {41, 1, "bash", false}, {53, 2, "vhost-42", true}},
     {OF("session-1.scope", "41\n42\n53\n", PRESSURE(1, 0))}, " vhost 53"},
    {"with a second QEMU too", "0::/vm.service\n", {QEMU, {43, 1, "qemu-system-x86", false}},
     {OF("vm.service", "42\n43\n", PRESSURE(1, 0))}, ""},
    {"and with the workers of one", "0::/vm.service\n", {QEMU, {53, 2, "vhost-43", true}},
     {OF("vm.service", "42\n53\n", PRESSURE(1, 0))}, ""},
    {"a process that is called as a worker is", "0::/vm.service\n", {QEMU, {53, 2, "vhost-42", false}},
     {OF("vm.service", "42\n53\n", PRESSURE(1, 0))}, ""},
    {"one that ended meanwhile does not count", "0::/vm.service\n", {QEMU},
     {OF("vm.service", "42\n43\n", PRESSURE(1, 0))}, "cpu 1 0"},
    {"one of a pid namespace that we do not see", "0::/vm.service\n", {QEMU},
     {OF("vm.service", "0\n42\n", PRESSURE(1, 0))}, ""},
    {"QEMU is not there itself", "0::/vm.service\n", {QEMU, {50, 1, "swtpm", false}},
     {OF("vm.service", "50\n", PRESSURE(1, 0))}, ""},
    {"another process in a group inside", "0::/vm.service\n", {QEMU, {50, 1, "sleep", false}},
     {OF("vm.service", "42\n", PRESSURE(1, 0)), {V2 "vm.service/inside/cgroup.procs", "50\n"}}, ""},
    {"the libvirt of this host is none of its", "0::/libvirtd.service\n", {QEMU, {50, 1, "libvirtd", false}},
     {OF("libvirtd.service", "42\n50\n", PRESSURE(1, 0))}, ""},
    {"a pod that has its own", "0::/pod.slice/cri-containerd-1.scope\n",
     {QEMU, {50, 1, "virt-launcher-m", false}, {51, 1, "virt-launcher", false}, {52, 1, "virtqemud", false}},
     {OF("pod.slice/cri-containerd-1.scope", "42\n50\n51\n52\n", PRESSURE(1, 0)),
      {"proc/42/status", "Name:\tqemu\nNSpid:\t42\t7\n"}}, "cpu 1 0"},
    {"a unit of others, with a group for the machine", "0::/a.service/vm\n", {QEMU, {50, 1, "a", false}},
     {OF("a.service", "50\n", PRESSURE(1, 0)), OF("a.service/vm", "42\n", PRESSURE(2, 1))}, "cpu 2 1"},
    {"the top group", "0::/\n", {QEMU}, {OF(".", "42\n", PRESSURE(1, 0))}, ""},
    {"a group that cannot be seen", "0::/../vm\n", {QEMU}, {OF("vm", "42\n", PRESSURE(1, 0))}, ""},
    {"seen from a container, by the host's mount", "0::/../../vm.scope\n", {QEMU},
     {{"host/cg/vm.scope/cgroup.events", ""}, {"host/cg/vm.scope/cgroup.procs", "42\n"},
      {"host/cg/vm.scope/cpu.pressure", PRESSURE(1, 0)},
      {"proc/self/mountinfo", "41 31 0:38 /../.. /host/cg ro - cgroup2 cgroup rw\n"}}, "cpu 1 0"},
    {"v1 beside v2", "9:name=systemd:/x\n4:memory:/vm\n1:cpu,cpuacct:/vm/emulator\n0::/vm\n", {QEMU},
     {OF("unified/vm", "42\n", PRESSURE(1, 0)),
      {V2 "cpu,cpuacct/vm/cgroup.procs", ""}, {V2 "cpu,cpuacct/vm/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n"},
      {V2 "cpu,cpuacct/vm/emulator/cgroup.procs", "42\n"},
      {V2 "cpu,cpuacct/vm/emulator/cpu.stat", "nr_periods 3\nnr_throttled 2\nthrottled_time 1\n"},
      {V2 "memory/vm/cgroup.procs", "42\n"}, {V2 "memory/vm/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"},
      {V2 "memory/vm/memory.stat", "swap 1\ntotal_swap 4096\n"},
      {V2 "memory/vm/memory.numa_stat", "anon=9 N0=9\nhierarchical_file=3 N0=1 N1=2\nhierarchical_anon=4 N0=4 N1=0\n"}},
     "cpu 1 0 periods 3 2 1 events - - - 7 swap 4096 node 0 16384 4096 node 1 0 8192"},
    {"no control groups", "", {QEMU}, {{0}}, ""},
};
/* clang-format on */

static void
add_word(GString *text, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(text, " %" G_GUINT64_FORMAT, count.value);
    else
        g_string_append(text, " -");
}

static void
add_counts(GString *text, const char *name, const UtilCount *counts, size_t n)
{
    bool is_present = false;

    for (size_t i = 0; i < n; i++)
        is_present = is_present || counts[i].is_present;
    if (!is_present)
        return;
    g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", name);
    for (size_t i = 0; i < n; i++)
        add_word(text, counts[i]);
}

static void
add_values(GString *text, const HostGroupValues *values)
{
    const struct {
        const char *name;
        UtilCount counts[4];
        size_t n;
    } lines[] = {
        {"cpu", {values->cpu.some_us, values->cpu.full_us}, 2},
        {"memory", {values->memory.some_us, values->memory.full_us}, 2},
        {"io", {values->io.some_us, values->io.full_us}, 2},
        {"periods", {values->n_periods, values->n_throttled, values->throttled_ns}, 3},
        {"events", {values->n_high, values->n_max, values->n_oom, values->n_oom_kill}, 4},
        {"swap", {values->swap_bytes}, 1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        add_counts(text, lines[i].name, lines[i].counts, lines[i].n);
    for (guint i = 0; values->nodes != NULL && i < values->nodes->len; i++) {
        const HostGroupNode *node = &g_array_index(values->nodes, HostGroupNode, i);

        g_string_append_printf(text, " node %u", node->id);
        add_word(text, node->anon_bytes);
        add_word(text, node->file_bytes);
    }
}

static HostMembers *
list_members(gpointer root, const char *folder, HostMembers *before)
{
    return host_members_read(root, folder, before);
}

/* The caller frees. */
static char *
describe(HostRoot *root, HostGroup *group)
{
    g_autoptr(HostKept) files = host_kept_new(root);
    GString *text = g_string_new(NULL);
    HostGroupValues values = {0};
    g_autoptr(GArray) vhost = NULL;

    host_kept_begin(files);
    host_group_look(group, files, (HostGroupLister){list_members, root});
    host_group_read(group, HOST_GROUP_CPU | HOST_GROUP_MEMORY | HOST_GROUP_IO, &values);
    add_values(text, &values);
    host_group_values_clear(&values);
    vhost = host_group_list_vhost(group);
    for (guint i = 0; i < vhost->len; i++)
        g_string_append_printf(text, " vhost %d", g_array_index(vhost, pid_t, i));
    return g_string_free(text, FALSE);
}

static void
write_process(const char *folder, const Process *process)
{
    g_autofree char *path = g_strdup_printf("proc/%d/stat", process->pid);
    g_autofree char *text = g_strdup_printf(
        "%d (%s) S %d 1 1 0 -1 %u 0 0 0 0 1 1 0 0 20 0 1 0 77 4096 1 0 0\n", process->pid,
        process->name, process->parent, process->is_kernels ? 0x00208040U : 0x00400100U);

    testing_write_file(folder, path, text);
}

static void
tells_group(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostGroup) group = NULL;
    g_autofree char *got = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/42/cgroup", row->groups);
    for (size_t i = 0; i < MAX_PROCESSES && row->processes[i].pid != 0; i++)
        write_process(folder, &row->processes[i]);
    for (size_t i = 0; i < MAX_FILES && row->files[i].path != NULL; i++)
        testing_write_file(folder, row->files[i].path, row->files[i].text);
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    group = host_group_new(root, PID);
    got = describe(root, group);
    testing_remove_folder(folder);
    testing_assert_same_text(got, row->expected);
}

static void
keeps_its_choice(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostGroup) group = NULL;
    static const Process qemu = QEMU;
    static const Process other = {50, 1, "a", false};

    (void)state;
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/42/cgroup", "0::/a.service/vm\n");
    testing_write_file(folder, V2 "a.service/cgroup.events", "");
    testing_write_file(folder, V2 "a.service/cgroup.procs", "");
    testing_write_file(folder, V2 "a.service/cpu.pressure", PRESSURE(2, 2));
    testing_write_file(folder, V2 "a.service/vm/cgroup.events", "");
    testing_write_file(folder, V2 "a.service/vm/cgroup.procs", "42\n");
    testing_write_file(folder, V2 "a.service/vm/cpu.pressure", PRESSURE(1, 1));
    write_process(folder, &qemu);
    write_process(folder, &other);
    root = host_root_new_recorded(folder, NULL);
    group = host_group_new(root, PID);
    for (int i = 0; i < 3; i++) {
        static const char *const expected[] = {"cpu 2 2", "", "cpu 2 2"};
        g_autofree char *got = NULL;

        testing_write_file(folder, V2 "a.service/cgroup.procs", i == 1 ? "50\n" : "");
        got = describe(root, group);
        assert_string_equal(got, expected[i]);
    }
    testing_remove_folder(folder);
}

/* A group of this host for the live test, and a process in it that does nothing; NULL: none can be
 * made. */
static char *
make_live_group(pid_t *ret_pid)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
                                         "/sys/fs/cgroup/cpu"};

    for (size_t i = 0; i < G_N_ELEMENTS(mounts); i++) {
        g_autofree char *list = g_build_filename(mounts[i], "cgroup.procs", NULL);
        char *folder = g_strdup_printf("%s/domstats-group-%d", mounts[i], getpid());

        if (access(list, F_OK) == 0 && mkdir(folder, 0755) == 0) {
            *ret_pid = fork();
            if (*ret_pid == 0) {
                pause();
                _exit(0);
            }
            return folder;
        }
        g_free(folder);
    }
    return NULL;
}

static bool
move_to(const char *folder, pid_t pid)
{
    g_autofree char *path = g_build_filename(folder, "cgroup.procs", NULL);
    FILE *file = g_fopen(path, "we");
    bool is_written = file != NULL && fprintf(file, "%d\n", pid) > 0;

    return file != NULL && fclose(file) == 0 && is_written;
}

static void
end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
remove_group(const char *folder)
{
    for (int i = 0; i < 1000000 && rmdir(folder) < 0; i++)
        sched_yield(); /* an ended process is in it for a moment */
    assert_int_equal(access(folder, F_OK), -1);
}

/* skip() leaves a test without freeing what it owns. */
static void
skip_without_groups(HostRoot **root)
{
    g_clear_pointer(root, host_root_free);
    print_message("no control group can be made here\n");
    skip();
}

static void
reads_a_live_group(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostGroup) group = NULL;
    pid_t pid = 0;
    pid_t other = 0;
    g_autofree char *folder = make_live_group(&pid);
    g_autofree char *pressure = folder ? g_build_filename(folder, "cpu.pressure", NULL) : NULL;
    bool has_pressure = pressure != NULL && access(pressure, R_OK) == 0;
    const char *results[5] = {NULL};

    (void)state;
    if (folder == NULL)
        skip_without_groups(&root);
    other = fork();
    if (other == 0) {
        pause();
        _exit(0);
    }
    group = host_group_new(root, pid);
    for (int i = 0; i < 5; i++) {
        if (i == 1 || i == 2)
            has_pressure = move_to(folder, i == 1 ? pid : other) && has_pressure;
        else if (i == 3)
            end_child(other);
        results[i] = describe(root, group);
    }
    end_child(pid);
    g_clear_pointer(&group, host_group_free);
    remove_group(folder);
    /* Outside of the group; alone in it, with another, alone again, likewise. */
    assert_null(strstr(results[0], "cpu"));
    assert_int_equal(strstr(results[1], "cpu ") != NULL, has_pressure);
    assert_string_equal(results[2], "");
    assert_int_equal(strstr(results[3], "cpu ") != NULL, has_pressure);
    assert_int_equal(strstr(results[4], "cpu ") != NULL, has_pressure);
    for (int i = 0; i < 5; i++)
        g_free((char *)results[i]);
}

/* Its files are new ones: those that were open cannot be read any more. */
static void
reads_a_group_that_came_back(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostGroup) group = NULL;
    pid_t pid = 0;
    g_autofree char *folder = make_live_group(&pid);
    g_autofree char *above = folder ? g_path_get_dirname(folder) : NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    bool is_back = false;

    (void)state;
    if (folder == NULL)
        skip_without_groups(&root);
    group = host_group_new(root, pid);
    is_back = move_to(folder, pid);
    before = describe(root, group);
    is_back = move_to(above, pid) && is_back;
    remove_group(folder);
    is_back = mkdir(folder, 0755) == 0 && move_to(folder, pid) && is_back;
    after = describe(root, group);
    end_child(pid);
    g_clear_pointer(&group, host_group_free);
    remove_group(folder);
    assert_true(is_back);
    assert_int_equal(after[0] == '\0', before[0] == '\0');
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_choice),
        cmocka_unit_test(reads_a_live_group),
        cmocka_unit_test(reads_a_group_that_came_back),
    };
    int n_failed = TESTING_RUN_TABLE("host_group: candidates", path_rows, lists_candidates);

    n_failed += TESTING_RUN_TABLE("host_group: values", rows, tells_group);
    return n_failed + cmocka_run_group_tests(tests, NULL, NULL);
}
