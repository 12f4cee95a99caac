/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_manager: see qemu_manager.h. Owns the table of managers, the only one.
 */
#include "qemu_manager.h"

#include <fnmatch.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define OUR_PREFIX "domstats"

static const QemuManagerRow rows[] = {
    {{"libvirt", QEMU_MANAGER_MAY_NOTHING}, .chardev_id = "charmonitor"},
    {{"libvirt", QEMU_MANAGER_MAY_NOTHING}, .path = "*/libvirt/qemu/*/monitor.sock"},
    {{"libvirt", QEMU_MANAGER_MAY_NOTHING}, .path = "*/libvirt/qemu/*.monitor"},
    {{"libvirt", QEMU_MANAGER_MAY_NOTHING}, .path = "*/libvirt/qemu/*/capabilities.monitor.sock"},
    {{"libvirt", QEMU_MANAGER_MAY_NOTHING}, .path = "*/libvirt/qemu/*/qmp.monitor"},
    {{"Incus", QEMU_MANAGER_MAY_NOTHING}, .path = "*/incus/*/qemu.monitor"},
    {{"LXD", QEMU_MANAGER_MAY_NOTHING}, .path = "*/lxd/*/qemu.monitor"},
    {{"Kata Containers", QEMU_MANAGER_MAY_NOTHING}, .path = "/run/vc/vm/*/qmp.sock"},
    {{"Kata Containers", QEMU_MANAGER_MAY_NOTHING}, .path = "/run/kata/*/qmp.sock"},
    {{"Proxmox VE", QEMU_MANAGER_MAY_VISIT}, .path = "*/qemu-server/*.qmp"},
    {{"Proxmox VE", QEMU_MANAGER_MAY_NOTHING}, .path = "*/qmeventd.sock"},
    {{"Ganeti", QEMU_MANAGER_MAY_VISIT}, .path = "*/ganeti/kvm-hypervisor/ctrl/*.qmp"},
};

static const QemuManager ours = {"domstats", QEMU_MANAGER_MAY_HOLD};
static const QemuManager unknown = {NULL, QEMU_MANAGER_MAY_HOLD_IF_TOLD};

static bool
is_ours(const char *name)
{
    return name != NULL && g_str_has_prefix(name, OUR_PREFIX);
}

/* The last part of the path of a socket, without the "@" of an abstract one; NULL for NULL. */
static const char *
file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (slash != NULL)
        return slash + 1;
    return path != NULL && path[0] == '@' ? path + 1 : path;
}

static bool
matches(const QemuManagerRow *row, const QemuManagerSigns *signs)
{
    if (row->chardev_id != NULL && g_strcmp0(row->chardev_id, signs->chardev_id) != 0)
        return false;
    return row->path == NULL || (signs->path != NULL && fnmatch(row->path, signs->path, 0) == 0);
}

const QemuManager *
qemu_manager_find(const QemuManagerSigns *signs)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (matches(&rows[i], signs))
            return &rows[i].manager;
    if (is_ours(signs->chardev_id) || is_ours(signs->monitor_id) || is_ours(file_name(signs->path)))
        return &ours;
    return &unknown;
}

const QemuManagerRow *
qemu_manager_rows(size_t *ret_n_rows)
{
    *ret_n_rows = G_N_ELEMENTS(rows);
    return rows;
}
