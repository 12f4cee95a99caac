/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_passed: devices that were passed through, and counters of virtual functions, in made
 * trees as Linux writes them. No hardware of that kind is needed, nor was any at hand.
 */
#include "host/process/host_passed.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "host/host_vf.h"
#include "testing.h"

enum { PID = 42, MAX_FILES = 10, MAX_LINKS = 10 };

#define D "sys/bus/pci/devices/"

typedef struct {
    const char *sentence;
    const char *links[MAX_LINKS][2];
    const char *files[MAX_FILES][2];
    const char *expected; /* address, PF, its interface, VF, representor; of each device */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"nothing", {{"proc/42/fd/0", "/dev/null"}}, {{0}}, ""},
    {"a virtual function by its IOMMU group, with a representor",
     {{"proc/42/fd/9", "/dev/vfio/12"}, {"proc/42/fd/10", "anon_inode:[vfio-device]"},
      {D "0000:65:01.2/driver", "../../../bus/pci/drivers/mlx5_vfio_pci"}, {D "0000:65:01.2/physfn", "../0000:65:00.0"},
      {D "0000:65:00.0/virtfn0", "../0000:65:01.1"}, {D "0000:65:00.0/virtfn1", "../0000:65:01.2"}},
     {{"sys/kernel/iommu_groups/12/devices/0000:65:01.2", ""}, {D "0000:65:01.2/class", "0x020000\n"},
      {D "0000:65:00.0/sriov_numvfs", "2\n"}, {D "0000:65:00.0/net/enp101s0f0/phys_port_name", "p0\n"},
      {D "0000:65:00.0/net/enp101s0f0_0/phys_port_name", "pf0vf0\n"}, {D "0000:65:00.0/net/enp101s0f0_1/phys_port_name", "c1pf0vf1\n"},
      {D "0000:65:00.0/net/enp101s0f0_2/phys_port_name", "pf0sf1\n"}, {D "0000:65:00.0/net/enp101s0f0_3/phys_port_name", "pf0hpf\n"}},
     "0000:65:01.2 0000:65:00.0 enp101s0f0 1 enp101s0f0_1;"},
    {"a virtual function by its own node, of a driver without names for ports",
     {{"proc/42/fd/9", "/dev/vfio/devices/vfio3"},
      {"sys/class/vfio-dev/vfio3", "../../devices/pci0000:00/0000:00:02.0/0000:01:10.1/vfio-dev/vfio3"},
      {D "0000:01:10.1/physfn", "../0000:01:00.1"}, {D "0000:01:00.1/virtfn0", "../0000:01:10.1"}},
     {{D "0000:01:10.1/class", "0x020000\n"}, {D "0000:01:00.1/sriov_numvfs", "7\n"},
      {D "0000:01:00.1/net/eth1/ifindex", "3\n"}},
     "0000:01:10.1 0000:01:00.1 eth1 0 -;"},
    {"where the kernel tells the device, others of its group are not QEMU's",
     {{"proc/42/fd/9", "/dev/vfio/12"}, {"proc/42/fd/10", "anon_inode:[vfio-device]"},
      {D "0000:02:00.0/driver", "../vfio-pci"}, {D "0000:02:00.1/driver", "../vfio-pci"}},
     {{"proc/42/fdinfo/10", "pos:\t0\nvfio-device-syspath: /sys/devices/pci0000:00/0000:00:1c.0/0000:02:00.1\n"},
      {"sys/kernel/iommu_groups/12/devices/0000:02:00.0", ""}, {"sys/kernel/iommu_groups/12/devices/0000:02:00.1", ""},
      {D "0000:02:00.0/class", "0x020000\n"}, {D "0000:02:00.1/class", "0x020000\n"}},
     "0000:02:00.1 - - - -;"},
    {"a whole card, beside a bridge, a device that is not passed on, and one for graphics",
     {{"proc/42/fd/9", "/dev/vfio/7"}, {D "10000:02:00.0/driver", "../vfio-pci"}, {D "0000:02:00.1/driver", "../igb"},
      {D "0000:00:1c.0/driver", "../pcieport"}, {D "0000:02:00.2/driver", "../vfio-pci"}},
     {{"sys/kernel/iommu_groups/7/devices/10000:02:00.0", ""}, {"sys/kernel/iommu_groups/7/devices/0000:02:00.1", ""},
      {"sys/kernel/iommu_groups/7/devices/0000:00:1c.0", ""}, {"sys/kernel/iommu_groups/7/devices/0000:02:00.2", ""},
      {"sys/kernel/iommu_groups/7/devices/x", ""}, {D "10000:02:00.0/class", "0x028000\n"},
      {D "0000:02:00.1/class", "0x020000\n"}, {D "0000:00:1c.0/class", "0x060400\n"}, {D "0000:02:00.2/class", "0x030000\n"}},
     "10000:02:00.0 - - - -;"},
    {"links that make no sense",
     {{"proc/42/fd/9", "/dev/vfio/7/../x"}, {"proc/42/fd/10", "/dev/vfio/vfio"}, {"proc/42/fd/11", "/dev/vfio/devices/vfio1"},
      {"sys/class/vfio-dev/vfio1", "vfio1"}, {"proc/42/fd/12", "anon_inode:[vfio-device]"}},
     {{"proc/42/fdinfo/12", "vfio-device-syspath: /\n"}}, ""},
};
/* clang-format on */

static void
make_link(const char *folder, const char *path, const char *target)
{
    g_autofree char *whole = g_build_filename(folder, path, NULL);
    g_autofree char *above = g_path_get_dirname(whole);

    assert_int_equal(g_mkdir_with_parents(above, 0755), 0);
    assert_int_equal(symlink(target, whole), 0);
}

static const char *
or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static void
finds_devices(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(GArray) devices = NULL;
    g_autoptr(GString) got = g_string_new(NULL);

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (size_t i = 0; i < MAX_LINKS && row->links[i][0] != NULL; i++)
        make_link(folder, row->links[i][0], row->links[i][1]);
    for (size_t i = 0; i < MAX_FILES && row->files[i][0] != NULL; i++)
        testing_write_file(folder, row->files[i][0], row->files[i][1]);
    root = host_root_new_recorded(folder, NULL);
    devices = host_passed_list(root, PID);
    testing_remove_folder(folder);
    assert_non_null(devices);
    for (guint i = 0; i < devices->len; i++) {
        const HostPassed *device = &g_array_index(devices, HostPassed, i);
        g_autofree char *vf =
            device->vf.is_present ? g_strdup_printf("%d", (int)device->vf.value) : g_strdup("-");

        g_string_append_printf(got, "%s %s %s %s %s;", device->address, or_dash(device->pf_address),
                               or_dash(device->pf_ifname), vf, or_dash(device->representor));
    }
    testing_assert_same_text(got->str, row->expected);
}

static void
tells_whether_there_may_be_any(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;

    (void)state;
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_false(host_passed_is_possible(root));
    make_link(folder, "sys/class/vfio-dev/vfio0", "../../devices/x");
    assert_true(host_passed_is_possible(root));
    testing_remove_folder(folder);
}

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* of function 1; NULL: not known */
} VfRow;

static const VfRow vf_rows[] = {
    {"its counters", "0 9 9 9 9 9 9\n1 1 2 3 4 5 18446744073709551615\n",
     "1 2 3 4 5 18446744073709551615"},
    {"zeros: the driver does not count", "0 9 9 9 9 9 9\n1 0 0 0 0 0 0\n", NULL},
    {"a line that is cut", "1 1 2 3 4 5\n", NULL},
    {"numbers that are none", "1 1 2 3 4 5 x\n-1 1 2 3 4 5 6\n", NULL},
    {"a number that no function has", "4294967297 1 2 3 4 5 6\n", NULL},
    {"nothing", "", NULL},
};

static void
parses_vfs(const void *data)
{
    const VfRow *row = data;
    g_autoptr(HostVfs) vfs = host_vf_parse(row->text);
    const HostVfCounters *vf = host_vf_lookup(vfs, 1);
    g_autofree char *got = NULL;

    assert_int_equal(vf != NULL, row->expected != NULL);
    if (vf == NULL)
        return;
    got = g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                          " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                          vf->rx_bytes, vf->rx_packets, vf->rx_drops, vf->tx_bytes, vf->tx_packets,
                          vf->tx_drops);
    assert_string_equal(got, row->expected);
}

static void
an_interface_without_functions_has_none(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostVfs) vfs = host_vf_read(root, "lo", "0000:00:00.0");

    (void)state;
    assert_non_null(vfs);
    assert_null(host_vf_lookup(vfs, 0));
    assert_null(host_vf_read(root, "none-such", "0000:00:00.0"));
    assert_null(host_vf_read(root, "a-name-longer-than-any", "0000:00:00.0"));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_whether_there_may_be_any),
        cmocka_unit_test(an_interface_without_functions_has_none),
    };

    return TESTING_RUN_TABLE("host_passed: devices", rows, finds_devices) +
           TESTING_RUN_TABLE("host_passed: functions", vf_rows, parses_vfs) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
