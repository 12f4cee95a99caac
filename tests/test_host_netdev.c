/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_netdev: the interface table, from a text and of a namespace.
 */
#include <string.h>

#include "host/host_netdev.h"
#include "testing.h"

#define HEAD                                                                                       \
    "Inter-|   Receive                                                |  Transmit\n"               \
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "     \
    "drop fifo colls carrier compressed\n"

typedef struct {
    const char *name;
    const char *text;
    const char *ifname;
    const char *expected; /* rx bytes packets errors drops, tx likewise; NULL: no such device */
} ParseRow;

static const ParseRow parse_rows[] = {
    {"a line as kernels print it", HEAD "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "eth0",
     "1 2 3 4 9 10 11 12"},
    {"the second of two",
     HEAD " lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\nvnet7: 1 2 3 4 5 6 7 8 9 10 11 "
          "12 13 14 15 16\n",
     "vnet7", "1 2 3 4 9 10 11 12"},
    {"a number right behind the colon", HEAD "vnet7:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
     "vnet7", "1 2 3 4 9 10 11 12"},
    {"the largest numbers",
     HEAD "a: 18446744073709551615 2 3 4 5 6 7 8 18446744073709551615 10 11 12 13 14 15 16", "a",
     "18446744073709551615 2 3 4 18446744073709551615 10 11 12"},
    {"a name with a colon", HEAD "eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "eth0:1",
     "1 2 3 4 9 10 11 12"},
    {"a number past 64 bits makes no device",
     HEAD "a: 18446744073709551616 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "a", NULL},
    {"too few numbers make no device", HEAD "a: 1 2 3 4 5 6 7 8 9 10 11\nb: 1\n", "a", NULL},
    {"numbers are not taken from the next line", HEAD "a: 1 2\n3 4 5 6 7 8 9 10 11 12 13 14\n", "a",
     NULL},
    {"words are no numbers", HEAD "a: one 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "a", NULL},
    {"a name longer than any makes no device",
     HEAD "abcdefghijklmnop: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "abcdefghijklmnop", NULL},
    {"no name makes no device", HEAD ": 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", "", NULL},
    {"an empty text has no device", "", "lo", NULL},
    {"the head has none", HEAD, " face", NULL},
};

static void
parses_table(const void *data)
{
    const ParseRow *row = data;
    g_autoptr(HostNetdevTable) table = host_netdev_parse(row->text);
    const HostNetdevCounters *got = host_netdev_lookup(table, row->ifname);
    GString *text = g_string_new(NULL);
    const uint64_t *numbers = (const uint64_t *)(const void *)got;

    assert_int_equal(got != NULL, row->expected != NULL);
    for (size_t i = 0; got && i < sizeof(*got) / sizeof(*numbers); i++)
        g_string_append_printf(text, "%s%" G_GUINT64_FORMAT, i > 0 ? " " : "", numbers[i]);
    if (got)
        assert_string_equal(text->str, row->expected);
    g_string_free(text, TRUE);
}

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
check_namespaces(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);
    g_autoptr(HostNetdevTable) ours = NULL;
    g_autoptr(HostNetdevTable) theirs = NULL;

    testing_write_file(folder, "proc/net/dev", HEAD "a: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n");
    testing_write_file(folder, "proc/42/net/dev", HEAD "b: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n");
    ours = host_netdev_read(root, 0);
    theirs = host_netdev_read(root, 42);
    assert_non_null(host_netdev_lookup(ours, "a"));
    assert_null(host_netdev_lookup(ours, "b"));
    assert_non_null(host_netdev_lookup(theirs, "b"));
    assert_null(host_netdev_read(root, 43));
}

static void
check_live(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostNetdevTable) table = host_netdev_read(root, 0);

    (void)folder;
    assert_non_null(host_netdev_lookup(table, "lo"));
}

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"a process in a network namespace of its own", check_namespaces},
    {"this host and our own process", check_live},
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
    int n_failed = TESTING_RUN_TABLE("host_netdev: table", parse_rows, parses_table);

    return n_failed + TESTING_RUN_TABLE("host_netdev", scenarios, runs_scenario);
}
