/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_model: see qemu_nic_model.h. The table has the models of QEMU 4.2 to 11.1 that a user
 * can add to a machine. Models that only a board can have are left out: qemu_cmdline_nic does not
 * count the interfaces of such boards.
 */
#include "qemu_nic_model.h"

#include <glib.h>
#include <string.h>

static const char *const models[] = {
    "e1000",
    "e1000-82540em",
    "e1000-82544gc",
    "e1000-82545em",
    "e1000e",
    "i82550",
    "i82551",
    "i82557a",
    "i82557b",
    "i82557c",
    "i82558a",
    "i82558b",
    "i82559a",
    "i82559b",
    "i82559c",
    "i82559er",
    "i82562",
    "i82801",
    "igb",
    "ne2k_isa",
    "ne2k_pci",
    "pcnet",
    "rtl8139",
    "spapr-vlan",
    "sungem",
    "sunhme",
    "tulip",
    "usb-net",
    "virtio-net",
    "virtio-net-ccw",
    "virtio-net-device",
    "virtio-net-pci",
    "virtio-net-pci-non-transitional",
    "virtio-net-pci-transitional",
    "vmxnet3",
};

bool
qemu_nic_model_is_one(const char *name, size_t size)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++)
        if (strlen(models[i]) == size && memcmp(models[i], name, size) == 0)
            return true;
    return false;
}

const char *
qemu_nic_model_word(const char *driver)
{
    if (!g_str_has_prefix(driver, "virtio-net"))
        return driver;
    if (g_str_has_suffix(driver, "-non-transitional"))
        return "virtio-non-transitional";
    return g_str_has_suffix(driver, "-transitional") ? "virtio-transitional" : "virtio";
}
