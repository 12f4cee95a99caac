/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_manager: whose monitor it is, by its chardev, its name and its path; and that
 * docs/neighbours.md has the table of managers.
 */
#include "testing.h"

#include "qemu/facts/qemu_manager.h"

typedef struct {
    const char *name;
    QemuManagerSigns signs;
    const char *manager; /* NULL: not known */
    QemuManagerMay may;
} Row;

/* clang-format off */
static const Row rows[] = {
    {"nothing is told", {0}, NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD},
    {"a path of no manager", {.path = "/srv/vm/one.qmp"}, NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD},
    {"libvirt's chardev", {.chardev_id = "charmonitor"}, "libvirt", QEMU_MANAGER_MAY_NOTHING},
    {"libvirt's chardev, whatever the path", {.chardev_id = "charmonitor", .path = "/x/domstats.sock"},
     "libvirt", QEMU_MANAGER_MAY_NOTHING},
    {"another chardev whose name begins so", {.chardev_id = "charmonitor2"}, NULL,
     QEMU_MANAGER_MAY_HOLD_IF_TOLD},
    {"system libvirt's path", {.path = "/var/lib/libvirt/qemu/domain-3-web/monitor.sock"},
     "libvirt", QEMU_MANAGER_MAY_NOTHING},
    {"session libvirt's path", {.path = "/home/u/.config/libvirt/qemu/lib/domain-1-a/monitor.sock"},
     "libvirt", QEMU_MANAGER_MAY_NOTHING},
    {"the socket of libvirt's probe", {.path = "/var/lib/libvirt/qemu/qmp-A1B2C3/qmp.monitor"},
     "libvirt", QEMU_MANAGER_MAY_NOTHING},
    {"a second monitor in libvirt's folder", {.path = "/var/lib/libvirt/qemu/domain-3-web/stats.sock"},
     NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD},
    {"Incus", {.path = "/run/incus/vm1/qemu.monitor"}, "Incus", QEMU_MANAGER_MAY_NOTHING},
    {"LXD in its snap", {.path = "/var/snap/lxd/common/lxd/logs/vm1/qemu.monitor"}, "LXD",
     QEMU_MANAGER_MAY_NOTHING},
    {"Kata", {.path = "/run/vc/vm/0abc/qmp.sock"}, "Kata Containers", QEMU_MANAGER_MAY_NOTHING},
    {"Proxmox", {.path = "/var/run/qemu-server/100.qmp"}, "Proxmox VE", QEMU_MANAGER_MAY_VISIT},
    {"Proxmox's daemon for events", {.path = "/var/run/qmeventd.sock"}, "Proxmox VE",
     QEMU_MANAGER_MAY_NOTHING},
    {"Ganeti", {.path = "/var/run/ganeti/kvm-hypervisor/ctrl/web.qmp"}, "Ganeti",
     QEMU_MANAGER_MAY_VISIT},
    {"a chardev of ours", {.chardev_id = "domstats0"}, "domstats", QEMU_MANAGER_MAY_HOLD},
    {"a monitor of ours", {.chardev_id = "m", .monitor_id = "domstats"}, "domstats",
     QEMU_MANAGER_MAY_HOLD},
    {"a socket of ours", {.path = "/run/vm/domstats.sock"}, "domstats", QEMU_MANAGER_MAY_HOLD},
    {"an abstract socket of ours", {.path = "@domstats-7"}, "domstats", QEMU_MANAGER_MAY_HOLD},
    {"a folder of ours is no sign", {.path = "/run/domstats/vm.sock"}, NULL,
     QEMU_MANAGER_MAY_HOLD_IF_TOLD},
};
/* clang-format on */

static void
tells_whose_it_is(const void *data)
{
    const Row *row = data;
    const QemuManager *manager = qemu_manager_find(&row->signs);

    if (row->manager == NULL)
        assert_null(manager->name);
    else
        assert_string_equal(manager->name, row->manager);
    assert_int_equal(manager->may, row->may);
}

static char *
make_table(void)
{
    static const char *const may[] = {
        [QEMU_MANAGER_MAY_NOTHING] = "is never dialled",
        [QEMU_MANAGER_MAY_VISIT] = "is dialled for one call, also with `--hold`",
        [QEMU_MANAGER_MAY_HOLD_IF_TOLD] = "is held with `--hold`",
        [QEMU_MANAGER_MAY_HOLD] = "is held",
    };
    GString *text = g_string_new("| manager | sign of its monitor | the monitor |\n"
                                 "| --- | --- | --- |\n");
    size_t n_rows = 0;
    const QemuManagerRow *row = qemu_manager_rows(&n_rows);

    for (size_t i = 0; i < n_rows; i++, row++) {
        g_string_append_printf(text, "| %s |", row->manager.name);
        if (row->chardev_id != NULL)
            g_string_append_printf(text, " character device `%s`", row->chardev_id);
        if (row->path != NULL)
            g_string_append_printf(text, " socket `%s`", row->path);
        g_string_append_printf(text, " | %s |\n", may[row->manager.may]);
    }
    return g_string_free(text, FALSE);
}

typedef struct {
    const char *sentence;
} DocumentRow;

static const DocumentRow document_rows[] = {
    {"docs/neighbours.md shows the managers as the table has them"},
};

static void
is_documented(const void *data)
{
    g_autofree char *table = make_table();

    (void)data;
    testing_assert_document("neighbours.md", "managers", table);
}

int
main(void)
{
    return TESTING_RUN_TABLE("manager", rows, tells_whose_it_is) +
           TESTING_RUN_TABLE("manager documented", document_rows, is_documented);
}
