/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_libvirt_node: what /proc and /sys say of the host, as libvirt counts it.
 */
#include "testing.h"

#include <string.h>

#include "daemon/daemon_libvirt_node.h"

typedef struct {
    const char *name;
    const char *online;
    const char *topology; /* "SOCKET.CORE" of each CPU that is online, with blanks between */
    unsigned int n_nodes;
    const char *expected; /* cpus nodes sockets cores threads */
} Row;

static const Row rows[] = {
    {"one CPU", "0", "0.0", 1, "1 1 1 1 1"},
    {"two cores", "0-1", "0.0 0.1", 1, "2 1 1 2 1"},
    {"two threads of each core", "0-3", "0.0 0.1 0.0 0.1", 1, "4 1 1 2 2"},
    {"two sockets, of which each is a node", "0-3", "0.0 0.1 1.0 1.1", 2, "4 2 1 2 1"},
    {"two sockets of one node", "0-3", "0.0 0.1 1.0 1.1", 1, "4 1 2 2 1"},
    {"a thread is off", "0-2", "0.0 0.1 0.0", 1, "3 1 1 3 1"},
    {"nothing can be read", "", "", 0, "1 1 1 1 1"},
};

static void
write_topology(const char *root, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (unsigned int cpu = 0; words[cpu] != NULL; cpu++) {
        g_auto(GStrv) ids = g_strsplit(words[cpu], ".", 2);
        g_autofree char *socket =
            g_strdup_printf("sys/devices/system/cpu/cpu%u/topology/physical_package_id", cpu);
        g_autofree char *core =
            g_strdup_printf("sys/devices/system/cpu/cpu%u/topology/core_id", cpu);

        if (ids[0] == NULL)
            continue;
        testing_write_file(root, socket, ids[0]);
        testing_write_file(root, core, ids[1]);
    }
}

static void
counts_as_libvirt(const void *data)
{
    const Row *row = data;
    char *root = testing_make_folder();
    g_autofree char *counts = NULL;
    DaemonLibvirtNode node;

    testing_write_file(root, "sys/devices/system/cpu/online", row->online);
    write_topology(root, row->topology);
    for (unsigned int i = 0; i < row->n_nodes; i++) {
        g_autofree char *path = g_strdup_printf("sys/devices/system/node/node%u/meminfo", i);

        testing_write_file(root, path, "Node 0 MemTotal:  1000 kB\nNode 0 MemFree:  10 kB\n");
    }
    testing_write_file(root, "proc/meminfo", "MemTotal:  5000 kB\nMemFree: 7 kB\n");
    node = daemon_libvirt_node_read(root);
    counts = g_strdup_printf("%u %u %u %u %u", node.cpus, node.nodes, node.sockets, node.cores,
                             node.threads);
    assert_string_equal(counts, row->expected);
    assert_int_equal(node.memory_kib, row->n_nodes > 0 ? row->n_nodes * 1000 : 5000);
    testing_remove_folder(root);
}

static void
reads_times_and_maps(void **state)
{
    char *root = testing_make_folder();
    DaemonLibvirtNodeTimes times = {0};
    unsigned int n_cpus = 0;
    unsigned int n_online = 0;
    g_autoptr(GByteArray) map = NULL;
    g_autoptr(GByteArray) allowed = NULL;
    uint64_t ticks = 0;

    (void)state;
    testing_write_file(root, "proc/stat", "cpu  1 2 3 4 5 6 7 8\ncpu1 10 0 0 0 0 0 0 0\n");
    testing_write_file(root, "proc/7/status", "Name:\tx\nCpus_allowed_list:\t1,8-9\nx:\n");
    testing_write_file(root, "sys/devices/system/cpu/present", "0-9\n");
    testing_write_file(root, "sys/devices/system/cpu/online", "0,2-3\n");
    assert_true(daemon_libvirt_node_read_times(root, -1, &times));
    ticks = times.idle / 4;
    assert_int_equal(times.user, 3 * ticks);
    assert_int_equal(times.kernel, 16 * ticks);
    assert_int_equal(times.iowait, 5 * ticks);
    assert_true(daemon_libvirt_node_read_times(root, 1, &times));
    assert_int_equal(times.user, 10 * ticks);
    assert_false(daemon_libvirt_node_read_times(root, 2, &times));
    map = daemon_libvirt_node_read_map(root, &n_cpus, &n_online);
    assert_int_equal(n_cpus, 10);
    assert_int_equal(n_online, 3);
    assert_int_equal(map->len, 2);
    assert_int_equal(map->data[0], 0x0d);
    allowed = daemon_libvirt_node_read_allowed(root, 7);
    assert_int_equal(allowed->len, 2);
    assert_int_equal(allowed->data[0], 0x02);
    assert_int_equal(allowed->data[1], 0x03);
    testing_remove_folder(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"times and sets of CPUs", reads_times_and_maps, NULL, NULL, NULL},
    };
    int failed = cmocka_run_group_tests_name("daemon_libvirt_node: files", tests, NULL, NULL);

    return failed + TESTING_RUN_TABLE("daemon_libvirt_node", rows, counts_as_libvirt);
}
