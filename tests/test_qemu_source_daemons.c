/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_source_daemons: trees of /proc made for it in, libvirt daemons out, scan by scan.
 */
#include <string.h>

#include "qemu/managed/qemu_source_daemons.h"
#include "source_case.h"
#include "testing.h"

enum { N_PROCESSES = 3, N_ENTRIES = 8, N_SCANS = 2 };

typedef struct {
    int pid;           /* 0: none */
    const char *exe;   /* NULL: it cannot be seen */
    const char *words; /* '|' ends each */
    const char *comm;
    int user;
    unsigned int start_ticks;
    int parent;
} Process;

typedef struct {
    const char *path;
    const char *target;
} Entry;

typedef struct {
    const char *sentence;
    Process processes[N_SCANS][N_PROCESSES];
    Entry links[N_ENTRIES];
    Entry files[N_ENTRIES];
    const char *found[N_SCANS]; /* NULL: no such scan */
    Entry later;                /* a link that is there from the second scan on */
} DaemonRow;

#define LIBVIRTD  "/usr/sbin/libvirtd"
#define VIRTQEMUD "/usr/sbin/virtqemud"
#define SYSTEM                                                                                     \
    {                                                                                              \
        10, LIBVIRTD, "libvirtd|", "libvirtd", 0, 100                                              \
    }
#define HEAD "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define AT   "0000000000000000: 00000002 00000000 00010000 0001 01    "
#define RUN  "/run/libvirt/"
#define TABLE                                                                                      \
    HEAD AT "71 " RUN "libvirt-sock\n" AT "72 " RUN "libvirt-sock-ro\n" AT "73 " RUN               \
            "libvirt-admin-sock\n"
#define A_LONG_FOLDER                                                                              \
    "/run/a-folder-whose-name-is-long/that-is-long-enough-for-this/and-nearly-too-long/"

static const DaemonRow daemon_rows[] = {
    {"no daemon",
     {{{10, "/sbin/init", "init|", "systemd", 0, 1},
       {11, "/usr/bin/libvirtd-exporter", "x|", "x"}}},
     .found = {""}},
    {"by the socket for reading",
     {{SYSTEM}, {SYSTEM}},
     {{"proc/10/fd/5", "socket:[71]"},
      {"proc/10/fd/6", "socket:[72]"},
      {"proc/10/fd/7", "socket:[73]"}},
     {{"proc/10/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n",
      "10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"}},
    {"by the other one, if there is none",
     {{SYSTEM}},
     {{"proc/10/fd/5", "socket:[71]"}},
     {{"proc/10/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock\n"}},
    {"by the socket for reading, as soon as one that begins has it",
     {{SYSTEM}, {SYSTEM}},
     {{"proc/10/fd/5", "socket:[71]"}},
     {{"proc/10/net/unix", TABLE}},
     .later = {"proc/10/fd/6", "socket:[72]"},
     .found = {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock\n",
               "10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"}},
    {"virtqemud, of which the file was replaced",
     {{{10, VIRTQEMUD " (deleted)", "virtqemud|--timeout|120|", "virtqemud", 0, 100}}},
     {{"proc/10/fd/5", "socket:[72]"}},
     {{"proc/10/net/unix", HEAD AT "72 /run/libvirt/virtqemud-sock-ro\n"}},
     {"10 qemu+unix:///system?socket=/run/libvirt/virtqemud-sock-ro idle-timeout\n"}},
    {"the other daemons of libvirt have no QEMUs",
     {{{10, "/usr/sbin/virtproxyd", "virtproxyd|", "virtproxyd", 0, 100},
       {11, "/usr/sbin/virtnetworkd", "virtnetworkd|", "virtnetworkd", 0, 100}}},
     {{"proc/10/fd/5", "socket:[71]"}},
     {{"proc/10/net/unix", TABLE}},
     {""}},
    {"one that does not listen, or not yet",
     {{SYSTEM}},
     .found = {"10 libvirt of process 10 does not listen\n"}},
    {"a user's own",
     {{{20, LIBVIRTD, "libvirtd|--timeout=30|", "libvirtd", 1000, 200}, SYSTEM}},
     {{"proc/10/fd/5", "socket:[72]"}, {"proc/20/fd/5", "socket:[81]"}},
     {{"proc/10/net/unix", TABLE},
      {"proc/20/net/unix", HEAD AT "81 /run/user/1000/libvirt/libvirt-sock\n"}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"
      "20 qemu+unix:///session?socket=/run/user/1000/libvirt/libvirt-sock session idle-timeout "
      "foreign\n"}},
    {"a daemon's child before it executes another program",
     {{SYSTEM, {9, LIBVIRTD, "libvirtd|", "libvirtd", 0, 101}}},
     {{"proc/10/fd/5", "socket:[72]"}, {"proc/9/fd/5", "socket:[72]"}},
     {{"proc/10/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"}},
    {"a daemon's child in a mount namespace of its own",
     {{SYSTEM, {11, LIBVIRTD, "libvirtd|", "libvirtd", 0, 101}}},
     {{"proc/10/fd/5", "socket:[72]"},
      {"proc/11/fd/5", "socket:[72]"},
      {"proc/11/ns/mnt", "mnt:[2]"},
      {"proc/10/ns/mnt", "mnt:[1]"},
      {"proc/self/ns/mnt", "mnt:[1]"}},
     {{"proc/10/net/unix", TABLE}, {"proc/11/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"}},
    {"a daemon's child that has closed its sockets",
     {{SYSTEM, {11, LIBVIRTD, "libvirtd|", "libvirtd", 0, 101, 10}}},
     {{"proc/10/fd/5", "socket:[72]"}},
     {{"proc/10/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/run/libvirt/libvirt-sock-ro\n"}},
    {"one of a container",
     {{SYSTEM}},
     {{"proc/10/fd/5", "socket:[72]"},
      {"proc/10/ns/mnt", "mnt:[2]"},
      {"proc/self/ns/mnt", "mnt:[1]"}},
     {{"proc/10/net/unix", TABLE}},
     {"10 qemu+unix:///system?socket=/proc/10/root/run/libvirt/libvirt-sock-ro foreign\n"}},
    {"a path with what a URI would misread",
     {{SYSTEM}},
     {{"proc/10/fd/5", "socket:[72]"}},
     {{"proc/10/net/unix", HEAD AT "72 /run/a&b?c=d #e/libvirt-sock-ro\n"}},
     {"10 qemu+unix:///system?socket=/run/a%26b%3Fc%3Dd%20%23e/libvirt-sock-ro\n"}},
    {"a path that no address can hold",
     {{SYSTEM}},
     {{"proc/10/fd/5", "socket:[72]"},
      {"proc/10/ns/mnt", "mnt:[2]"},
      {"proc/self/ns/mnt", "mnt:[1]"}},
     {{"proc/10/net/unix", HEAD AT "72 " A_LONG_FOLDER "libvirt-sock-ro\n"}},
     {"10 libvirt of process 10 cannot be asked: the path of its socket is too long foreign\n"}},
    {"one that ends, and another with its pid",
     {{SYSTEM}, {{10, VIRTQEMUD, "virtqemud|", "virtqemud", 0, 300}}},
     {{"proc/10/fd/5", "socket:[72]"}},
     {{"proc/10/net/unix", HEAD AT "72 /run/libvirt/virtqemud-sock-ro\n"}},
     {"10 qemu+unix:///system?socket=/run/libvirt/virtqemud-sock-ro\n",
      "10 qemu+unix:///system?socket=/run/libvirt/virtqemud-sock-ro\n"}},
    {"one of which only the name can be seen, and it is not root's",
     {{{10, NULL, "libvirtd|", "libvirtd", 1007, 100}}},
     .found = {""}},
    {"one in a pid namespace of its own",
     {{{10, NULL, "libvirtd|", "libvirtd", 0, 100}}},
     .files = {{"proc/10/status", "Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t10\t1\n"}},
     .found = {""}},
};

static void
make_process(const char *folder, const Process *process)
{
    g_autofree char *exe = g_strdup_printf("proc/%d/exe", process->pid);
    g_autofree char *status = g_strdup_printf("proc/%d/status", process->pid);
    g_autofree char *users =
        g_strdup_printf("Name:\tx\nUid:\t%d\t0\t0\t0\nNSpid:\t%d\n", process->user, process->pid);
    g_autofree char *stat = g_strdup_printf(
        "%d (%s) S %d 1 1 0 -1 4194560 0 0 0 0 5 6 0 0 20 0 1 0 %u 0 7 0 0 0 0 0 0 0 0 0 0 0 0 0 "
        "17 0 0 0 0 0 0 0 0 0 1 2 0 0 0\n",
        process->pid, process->comm, process->parent, process->start_ticks);

    source_case_write_words(folder, process->pid, "stat", stat, '\0');
    source_case_write_words(folder, process->pid, "cmdline", process->words, '|');
    testing_write_file(folder, status, users);
    if (process->exe != NULL)
        source_case_make_link(folder, exe, process->exe);
}

static void
make_tree(const char *folder, const DaemonRow *row, size_t scan)
{
    testing_remove_folder(g_build_filename(folder, "proc", NULL));
    for (size_t i = 0; i < N_PROCESSES && row->processes[scan][i].pid > 0; i++)
        make_process(folder, &row->processes[scan][i]);
    for (size_t i = 0; i < N_ENTRIES && row->links[i].path != NULL; i++)
        source_case_make_link(folder, row->links[i].path, row->links[i].target);
    if (scan > 0 && row->later.path != NULL)
        source_case_make_link(folder, row->later.path, row->later.target);
    for (size_t i = 0; i < N_ENTRIES && row->files[i].path != NULL; i++)
        testing_write_file(folder, row->files[i].path, row->files[i].target);
}

static char *
make_text(const GPtrArray *daemons)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < daemons->len; i++) {
        const QemuSourceDaemon *daemon = g_ptr_array_index(daemons, i);

        assert_true((daemon->uri == NULL) != (daemon->trouble == NULL));
        g_string_append_printf(
            text, "%d %s%s%s%s\n", (int)daemon->pid, daemon->uri ? daemon->uri : daemon->trouble,
            daemon->is_session ? " session" : "", daemon->has_idle_timeout ? " idle-timeout" : "",
            daemon->is_foreign ? " foreign" : "");
    }
    return g_string_free(text, FALSE);
}

static char *
run_scan(QemuSourceDaemons *daemons, HostRoot *root, const Process *processes)
{
    g_auto(QemuSourceView) view = {0};

    qemu_source_view_init(&view, root, util_deadline_in_ms(10000));
    for (size_t i = 0; i < N_PROCESSES && processes[i].pid > 0; i++)
        qemu_source_daemons_look(daemons, &view, processes[i].pid, processes[i].exe);
    return make_text(qemu_source_daemons_end_scan(daemons));
}

static void
finds_daemons(const void *data)
{
    const DaemonRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(QemuSourceDaemons) daemons = qemu_source_daemons_new();

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_non_null(root);
    for (size_t scan = 0; scan < N_SCANS && row->found[scan] != NULL; scan++) {
        g_autofree char *text = NULL;

        make_tree(folder, row, scan);
        text = run_scan(daemons, root, row->processes[scan]);
        testing_assert_same_text(text, row->found[scan]);
    }
    testing_remove_folder(folder);
}

int
main(void)
{
    return TESTING_RUN_TABLE("daemons", daemon_rows, finds_daemons);
}
