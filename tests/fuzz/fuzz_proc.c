/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any files of /proc, /sys and the kernel's other tables become facts of a process,
 * or none; what was believed keeps what its headers promise.
 *
 * An input is the content of the files below, in their order, parted by lines of "---"; those
 * past the last part are not there. The whole of it is also taken as a block of KVM's binary
 * statistics.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_netdev.h"
#include "host/host_resctrl.h"
#include "host/host_tap.h"
#include "host/process/host_kvmstat.h"
#include "host/process/host_process.h"
#include "host/sockets/host_sockets.h"
#include "qemu/finding/qemu_process.h"
#include "testing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PID = 7, TID = 8, FD = 5, SOCKET_INODE = 123 };

static const char *const file_names[] = {
    "proc/7/stat",
    "proc/net/dev",
    "proc/7/fdinfo/5",
    "proc/7/schedstat",
    "proc/7/task/8/sched",
    "proc/7/task/8/wchan",
    "proc/7/status",
    "proc/7/smaps_rollup",
    "proc/7/cgroup",
    "proc/7/net/unix",
    "proc/7/cmdline",
    "sys/fs/resctrl/mon_data/mon_L3_00/llc_occupancy",
    "sys/fs/resctrl/mon_data/mon_L3_00/mbm_local_bytes",
    "sys/kernel/debug/kvm/7-3/exits",
    "proc/7/net/tcp",
    "proc/7/net/tcp6",
};

/* One for all inputs; taken away when the program ends. */
static char *folder;

/* A claim that also holds in builds without g_assert(). */
static void
claim(bool is_true)
{
    if (!is_true)
        abort();
}

static void
remove_folder(void)
{
    testing_remove_folder(folder);
}

static void
make_folder(void)
{
    g_autofree char *link = NULL;

    if (folder != NULL)
        return;
    folder = testing_make_folder();
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    testing_write_file(folder, "proc/7/fd/4", "");
    testing_write_file(folder, "sys/fs/resctrl/info/L3_MON/mon_features",
                       "llc_occupancy\nmbm_local_bytes\n");
    for (size_t i = 0; i < G_N_ELEMENTS(file_names); i++)
        testing_write_file(folder, file_names[i], "");
    link = g_build_filename(folder, "proc/7/fd/5", NULL);
    claim(symlink("/dev/net/tun", link) == 0);
    atexit(remove_folder);
}

static void
write_files(const char *bytes, size_t size)
{
    static const char separator[] = "\n---\n";
    const char *end = bytes + size;

    for (size_t i = 0; i < G_N_ELEMENTS(file_names); i++) {
        g_autofree char *path = g_build_filename(folder, file_names[i], NULL);
        const char *next =
            bytes ? memmem(bytes, (size_t)(end - bytes), separator, strlen(separator)) : NULL;

        unlink(path);
        if (bytes != NULL)
            claim(g_file_set_contents_full(path, bytes, (next ? next : end) - bytes,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        bytes = next ? next + strlen(separator) : NULL;
    }
}

static void
claim_process(HostRoot *root)
{
    HostProcessStat stat = {0};
    QemuProcessStat qemu = {0};
    HostProcessMemory memory = {0};
    g_autoptr(HostReader) reader = host_reader_new(root);
    HostProcessCgroup cpu = {0};
    g_autoptr(HostKept) kept = host_kept_new(root);
    g_autofree char *channel = host_process_read_wait_channel(root, PID, TID);
    size_t n_threads = 0;
    g_autofree pid_t *threads = host_process_list_threads(root, PID, &n_threads);

    if (host_process_read_stat(root, PID, 0, &stat)) {
        claim(strnlen(stat.name, sizeof(stat.name)) < sizeof(stat.name));
        claim(g_ascii_isalpha(stat.state));
    }
    if (qemu_process_read_stat(root, PID, &qemu))
        claim(qemu.parent >= 0 && qemu.session >= 0);
    for (const char *at = channel; *at != '\0'; at++)
        claim(g_ascii_isgraph(*at));
    for (size_t i = 1; i < n_threads; i++)
        claim(threads[i] > threads[i - 1]);
    host_process_read_run_delay_ns(root, PID, 0);
    host_process_read_wait_sum_ns(root, PID, TID);
    host_process_read_pss(reader, PID, util_deadline_in_ms(60000), &memory);
    host_kept_begin(kept);
    host_process_reread_hugetlb(kept, PID, &memory);
    host_process_read_cgroup_cpu(root, PID, &cpu);
    claim(cpu.is_libvirts || !cpu.time_ns.is_present);
}

static void
claim_devices(HostRoot *root)
{
    g_autoptr(HostNetdevTable) table = host_netdev_read(root, 0);
    g_autoptr(GArray) taps = host_tap_list(root, PID);
    static const int families[] = {AF_UNIX, AF_INET};
    g_autoptr(HostSockets) sockets = host_sockets_new(root);
    HostListener listener = {0};

    if (table != NULL)
        host_netdev_lookup(table, "lo");
    for (guint i = 0; taps != NULL && i < taps->len; i++) {
        const HostTap *tap = &g_array_index(taps, HostTap, i);

        claim(host_tap_has_fd(tap, FD) && tap->ifname[0] != '\0');
    }
    host_sockets_add_namespace(sockets, PID, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        g_autoptr(GArray) clients = NULL;

        if (!host_sockets_find(sockets, families[i], SOCKET_INODE, &listener))
            continue;
        claim(listener.inode == SOCKET_INODE);
        claim((listener.family == AF_UNIX) == (listener.path[0] != '\0'));
        clients = host_sockets_list_clients(sockets, &listener);
        claim(clients != NULL && clients->len <= HOST_LIMIT_CLIENTS);
    }
}

static void
claim_counters(HostRoot *root)
{
    static const char *const names[] = {"exits", NULL};
    UtilCount counts[1] = {0};
    bool is_sure = false;
    g_autofree char *machine = host_kvmstat_find_debugfs(root, PID, &is_sure);
    g_autoptr(GArray) banks =
        host_resctrl_read(root, HOST_RESCTRL_FOLDER, "", HOST_RESCTRL_CACHE, NULL);

    for (guint i = 1; banks != NULL && i < banks->len; i++)
        claim(g_array_index(banks, HostResctrlBank, i).id >
              g_array_index(banks, HostResctrlBank, i - 1).id);
    if (machine != NULL)
        host_kvmstat_read_debugfs_some(root, machine, names, counts);
}

static void
claim_kvm_block(const uint8_t *data, size_t size)
{
    g_autoptr(HostKvmstatLayout) layout = host_kvmstat_parse(data, size, NULL);
    g_autofree HostKvmStat *stats = NULL;
    size_t n_bytes = 0;
    size_t offset = 0;

    if (layout == NULL)
        return;
    claim(host_kvmstat_layout_n_stats(layout) <= HOST_LIMIT_KVM_STATS);
    offset = host_kvmstat_layout_data(layout, &n_bytes);
    claim(offset <= size && n_bytes <= size - offset);
    stats = g_new0(HostKvmStat, host_kvmstat_layout_n_stats(layout));
    host_kvmstat_layout_decode(layout, data + offset, stats);
    for (size_t i = 0; i < host_kvmstat_layout_n_stats(layout); i++)
        claim(stats[i].name[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(HostRoot) root = NULL;

    make_folder();
    claim_kvm_block(data, size);
    write_files((const char *)data, size);
    root = host_root_new_recorded(folder, NULL);
    claim(root != NULL);
    claim_process(root);
    claim_devices(root);
    claim_counters(root);
    return 0;
}
