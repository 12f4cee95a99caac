/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_tap: the network devices that a process holds open, in made trees and of this process.
 */
#include "host/host_tap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "testing.h"
#include "util/util_fd.h"

typedef struct {
    const char *fd;
    const char *target;
    const char *info;          /* NULL: no such file */
    const char *net_namespace; /* as a recording tells it; NULL: not told */
} Descriptor;

typedef struct {
    const char *name;
    Descriptor descriptors[4];
    const char *expected; /* "fd[+fd] ifname namespace", "~" before a macvtap */
} TapRow;

#define INFO(name) "pos:\t0\nflags:\t0104002\nmnt_id:\t24\niff:\t" name "\n"

static const TapRow tap_rows[] = {
    {"no tap", {{"0", "/dev/null", "pos:\t0\n"}, {"7", "socket:[12]", ""}}, ""},
    {"one tap",
     {{"0", "/dev/null", ""}, {"19", "/dev/net/tun", INFO("vnet0")}},
     "19 vnet0 net:[1],"},
    {"ordered by number",
     {{"100", "/dev/net/tun", INFO("vnet1")}, {"9", "/dev/net/tun", INFO("vnet0")}},
     "9 vnet0 net:[1],100 vnet1 net:[1],"},
    {"several queues are one device",
     {{"9", "/dev/net/tun", INFO("vnet0")},
      {"10", "/dev/net/tun", INFO("vnet0")},
      {"11", "/dev/net/tun", INFO("vnet1")}},
     "9+10 vnet0 net:[1],11 vnet1 net:[1],"},
    {"a tun descriptor without a device", {{"9", "/dev/net/tun", "pos:\t0\n"}}, ""},
    {"a tun descriptor with an empty device", {{"9", "/dev/net/tun", INFO("")}}, ""},
    {"a name longer than any", {{"9", "/dev/net/tun", INFO("abcdefghijklmnop")}}, ""},
    {"information that cannot be read", {{"9", "/dev/net/tun", NULL}}, ""},
    {"queues that do not ascend in the words do here",
     {{"35", "/dev/net/tun", INFO("vnet0")}, {"34", "/dev/net/tun", INFO("vnet0")}},
     "34+35 vnet0 net:[1],"},
    {"equal names in two namespaces are two devices",
     {{"9", "/dev/net/tun", INFO("vnet0")}, {"10", "/dev/net/tun", INFO("vnet0"), "net:[2]"}},
     "9 vnet0 net:[1],10 vnet0 net:[2],"},
    {"a macvtap by its node", {{"30", "/dev/tap6", "pos:\t0\n"}}, "30 ~macvtap0 1/10,"},
    {"an index that an interface of another kind has", {{"30", "/dev/tap1", "pos:\t0\n"}}, ""},
    {"a macvtap whose index no device has", {{"30", "/dev/tap7", "pos:\t0\n"}}, ""},
    {"a link that leads elsewhere", {{"30", "/dev/tap8", "pos:\t0\n"}}, ""},
    {"a macvtap without an index", {{"30", "/dev/tap", ""}, {"31", "/dev/tap6x", ""}}, ""},
    {"a name that is no number", {{"x", "/dev/net/tun", INFO("vnet0")}}, ""},
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
make_descriptor(const char *folder, const Descriptor *descriptor)
{
    g_autofree char *link = g_build_filename(folder, "proc/42/fd", descriptor->fd, NULL);
    g_autofree char *note = g_build_filename("proc/42/fdnet", descriptor->fd, NULL);
    g_autofree char *info = g_build_filename("proc/42/fdinfo", descriptor->fd, NULL);

    assert_int_equal(symlink(descriptor->target, link), 0);
    if (descriptor->info)
        testing_write_file(folder, info, descriptor->info);
    if (descriptor->net_namespace)
        testing_write_file(folder, note, descriptor->net_namespace);
}

static void
make_link(const char *folder, const char *path, const char *target)
{
    g_autofree char *link = g_build_filename(folder, path, NULL);
    g_autofree char *above = g_path_get_dirname(link);

    assert_int_equal(g_mkdir_with_parents(above, 0700), 0);
    assert_int_equal(symlink(target, link), 0);
}

/* What /sys shows of a macvtap with index 6, of the loopback with index 1, and of a link that is
 * malformed. */
static void
make_links(const char *folder)
{
    static const char *const statistics[] = {"rx_bytes",         "rx_packets", "rx_errors",
                                             "rx_missed_errors", "rx_dropped", "tx_bytes",
                                             "tx_packets",       "tx_errors",  "tx_dropped"};

    make_link(folder, "proc/42/ns/net", "net:[1]");
    make_link(folder, "sys/class/macvtap/tap6", "../../devices/virtual/net/macvtap0/macvtap/tap6");
    make_link(folder, "sys/class/macvtap/tap8", "../../devices/virtual/tty/tap8");
    testing_write_file(folder, "sys/class/net/lo/ifindex", "1\n");
    testing_write_file(folder, "sys/class/net/macvtap0/macvtap/tap6/dev", "240:1\n");
    for (size_t i = 0; i < G_N_ELEMENTS(statistics); i++) {
        g_autofree char *path =
            g_build_filename("sys/class/net/macvtap0/statistics", statistics[i], NULL);

        testing_write_file(folder, path, i == 0 ? "1\n" : "10\n");
    }
}

static void
lists_taps(const void *data)
{
    const TapRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = make_root(folder);
    g_autoptr(GArray) taps = NULL;
    GString *text = g_string_new(NULL);

    testing_write_file(folder, "proc/42/fd/.keep", "");
    make_links(folder);
    for (size_t i = 0; i < G_N_ELEMENTS(row->descriptors) && row->descriptors[i].fd; i++)
        make_descriptor(folder, &row->descriptors[i]);
    taps = host_tap_list(root, 42);
    testing_remove_folder(folder);
    assert_non_null(taps);
    for (guint i = 0; i < taps->len; i++) {
        const HostTap *tap = &g_array_index(taps, HostTap, i);

        for (guint k = 0; k < tap->fds->len; k++)
            g_string_append_printf(text, "%s%d", k > 0 ? "+" : "", g_array_index(tap->fds, int, k));
        g_string_append_printf(text, " %s%s ", tap->is_macvtap ? "~" : "", tap->ifname);
        if (tap->has_counters)
            g_string_append_printf(text, "%u/%u,", (unsigned int)tap->counters.rx_bytes,
                                   (unsigned int)tap->counters.tx_drops);
        else
            g_string_append_printf(text, "%s,", tap->net_namespace);
    }
    assert_string_equal(text->str, row->expected);
    g_string_free(text, TRUE);
}

static void
check_others(const char *folder)
{
    g_autoptr(HostRoot) root = make_root(folder);

    assert_null(host_tap_list(root, 43));
    assert_null(host_tap_read_table(root, 42, 9));
}

static void
check_live(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(GArray) taps = host_tap_list(root, getpid());
    g_autoptr(HostNetdevTable) table = NULL;

    (void)folder;
    assert_int_equal(taps->len, 0);
    assert_true(host_tap_may_be("/dev/net/tun"));
    assert_true(host_tap_may_be("/dev/tap6"));
    assert_false(host_tap_may_be("/dev/null"));
    /* This descriptor is no tun, so no ioctl of a tun is tried on it. */
    table = host_tap_read_table(root, getpid(), STDERR_FILENO);
    assert_null(table);
}

/* Of the descriptors where a tap was, the one that is a tap still tells what a whole list tells. */
static void
check_some(HostRoot *root, const GArray *taps, int fd)
{
    const int fds[] = {STDERR_FILENO, fd, 1000};
    g_autoptr(GArray) where = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) some = NULL;

    g_array_append_vals(where, fds, G_N_ELEMENTS(fds));
    some = host_tap_list_some(root, getpid(), where);
    assert_int_equal(some->len, 1);
    assert_int_equal(taps->len, 1);
    assert_string_equal(g_array_index(some, HostTap, 0).ifname,
                        g_array_index(taps, HostTap, 0).ifname);
    assert_true(host_tap_has_fd(&g_array_index(some, HostTap, 0), fd));
}

/* A tap that the test makes, where it may. */
static void
check_own_tap(const char *folder)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_auto(UtilFd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    g_autofree char *here = host_root_readlink(root, "proc/self/ns/net");
    g_autoptr(GArray) taps = NULL;
    const HostTap *tap = NULL;

    (void)folder;
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0)
        skip();
    taps = host_tap_list(root, getpid());
    check_some(root, taps, fd);
    assert_int_equal(taps->len, 1);
    tap = &g_array_index(taps, HostTap, 0);
    assert_true(host_tap_has_fd(tap, fd));
    assert_string_equal(tap->ifname, request.ifr_name);
    if (tap->net_namespace != NULL)
        assert_string_equal(tap->net_namespace, here);
}

typedef struct {
    const char *name;
    void (*check)(const char *folder);
} Scenario;

static const Scenario scenarios[] = {
    {"a process that is not there", check_others},
    {"our own process", check_live},
    {"a tap of our own", check_own_tap},
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
    int n_failed = TESTING_RUN_TABLE("host_tap: made trees", tap_rows, lists_taps);

    return n_failed + TESTING_RUN_TABLE("host_tap", scenarios, runs_scenario);
}
