/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_emit_about: the about. fields: what a domain, its disks and its interfaces are made of.
 *
 * libvirt's definition goes first, since it is what libvirt shows to its own clients. What it does
 * not tell, or all of it where there is none, comes from the command line of QEMU, its replies of
 * this call, and the host.
 */
#include "qemu_emit.h"

#include <string.h>

static const QemuFieldId text_fields[QEMU_ABOUT_N_TEXTS] = {
    [QEMU_ABOUT_TYPE] = QEMU_FIELD_ABOUT_TYPE,
    [QEMU_ABOUT_OS] = QEMU_FIELD_ABOUT_OS,
    [QEMU_ABOUT_ARCH] = QEMU_FIELD_ABOUT_ARCH,
    [QEMU_ABOUT_MACHINE] = QEMU_FIELD_ABOUT_MACHINE,
    [QEMU_ABOUT_EMULATOR] = QEMU_FIELD_ABOUT_EMULATOR,
    [QEMU_ABOUT_TITLE] = QEMU_FIELD_ABOUT_TITLE,
    [QEMU_ABOUT_NOVA_NAME] = QEMU_FIELD_ABOUT_NOVA_NAME,
    [QEMU_ABOUT_NOVA_FLAVOR] = QEMU_FIELD_ABOUT_NOVA_FLAVOR,
    [QEMU_ABOUT_NOVA_USER_NAME] = QEMU_FIELD_ABOUT_NOVA_USER_NAME,
    [QEMU_ABOUT_NOVA_USER_ID] = QEMU_FIELD_ABOUT_NOVA_USER_ID,
    [QEMU_ABOUT_NOVA_PROJECT_NAME] = QEMU_FIELD_ABOUT_NOVA_PROJECT_NAME,
    [QEMU_ABOUT_NOVA_PROJECT_ID] = QEMU_FIELD_ABOUT_NOVA_PROJECT_ID,
    [QEMU_ABOUT_NOVA_ROOT_TYPE] = QEMU_FIELD_ABOUT_NOVA_ROOT_TYPE,
    [QEMU_ABOUT_NOVA_ROOT_ID] = QEMU_FIELD_ABOUT_NOVA_ROOT_ID,
};

static const QemuFieldId disk_fields[QEMU_ABOUT_DISK_N_TEXTS] = {
    [QEMU_ABOUT_DISK_DEVICE] = QEMU_FIELD_ABOUT_BLOCK_DEVICE,
    [QEMU_ABOUT_DISK_BUS] = QEMU_FIELD_ABOUT_BLOCK_BUS,
    [QEMU_ABOUT_DISK_TYPE] = QEMU_FIELD_ABOUT_BLOCK_TYPE,
    [QEMU_ABOUT_DISK_FORMAT] = QEMU_FIELD_ABOUT_BLOCK_FORMAT,
    [QEMU_ABOUT_DISK_PROTOCOL] = QEMU_FIELD_ABOUT_BLOCK_PROTOCOL,
    [QEMU_ABOUT_DISK_SOURCE] = QEMU_FIELD_ABOUT_BLOCK_SOURCE,
    [QEMU_ABOUT_DISK_CACHE] = QEMU_FIELD_ABOUT_BLOCK_CACHE,
    [QEMU_ABOUT_DISK_DISCARD] = QEMU_FIELD_ABOUT_BLOCK_DISCARD,
    [QEMU_ABOUT_DISK_SERIAL] = QEMU_FIELD_ABOUT_BLOCK_SERIAL,
};

static const QemuFieldId nic_fields[QEMU_ABOUT_NIC_N_TEXTS] = {
    [QEMU_ABOUT_NIC_TYPE] = QEMU_FIELD_ABOUT_NET_TYPE,
    [QEMU_ABOUT_NIC_BRIDGE] = QEMU_FIELD_ABOUT_NET_BRIDGE,
    [QEMU_ABOUT_NIC_NETWORK] = QEMU_FIELD_ABOUT_NET_NETWORK,
    [QEMU_ABOUT_NIC_SOURCE] = QEMU_FIELD_ABOUT_NET_SOURCE,
    [QEMU_ABOUT_NIC_MAC] = QEMU_FIELD_ABOUT_NET_MAC,
    [QEMU_ABOUT_NIC_MODEL] = QEMU_FIELD_ABOUT_NET_MODEL,
    [QEMU_ABOUT_NIC_INTERFACE_ID] = QEMU_FIELD_ABOUT_NET_INTERFACE_ID,
};

void
qemu_emit_about_state(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    if (input->is_persistence_known)
        qemu_field_put_boolean(writer, QEMU_FIELD_ABOUT_PERSISTENT, input->is_persistent);
    if (input->autostart.is_present)
        qemu_field_put_boolean(writer, QEMU_FIELD_ABOUT_AUTOSTART, input->autostart.value != 0);
    qemu_field_put_string(writer, QEMU_FIELD_ABOUT_VERSION, input->facts->qemu_version);
    for (size_t i = 0; input->about != NULL && i < QEMU_ABOUT_N_TEXTS; i++)
        qemu_field_put_string(writer, text_fields[i], input->about->about.texts[i]);
}

/* A block driver that reads no format of its own, and libvirt's words for it. */
typedef struct {
    const char *driver;
    const char *type;
    bool is_protocol; /* of libvirt's too */
} Storage;

static const Storage storages[] = {
    {"file", "file", false},    {"host_device", "block", false}, {"host_cdrom", "block", false},
    {"nvme", "nvme", false},    {"vvfat", "dir", false},         {"nbd", "network", true},
    {"rbd", "network", true},   {"iscsi", "network", true},      {"ssh", "network", true},
    {"nfs", "network", true},   {"gluster", "network", true},    {"http", "network", true},
    {"https", "network", true}, {"ftp", "network", true},        {"ftps", "network", true},
    {"tftp", "network", true},  {"sheepdog", "network", true},   {"vxhs", "network", true},
    {"null-co", NULL, false},   {"null-aio", NULL, false},
};

static const Storage *
find_storage(const char *driver)
{
    for (size_t i = 0; driver != NULL && i < G_N_ELEMENTS(storages); i++)
        if (strcmp(storages[i].driver, driver) == 0)
            return &storages[i];
    return NULL;
}

static void
set_absent(const char **text, const char *value)
{
    if (*text == NULL)
        *text = value;
}

/* What QEMU tells of the image. One without a format's node is raw. */
static void
tell_nodes(const QemuEmitAboutDisk *disk, const char **texts)
{
    const Storage *storage = disk->storage ? find_storage(disk->storage->driver) : NULL;

    if (disk->node == NULL || disk->node->driver == NULL)
        return;
    set_absent(&texts[QEMU_ABOUT_DISK_FORMAT],
               find_storage(disk->node->driver) ? "raw" : disk->node->driver);
    if (storage == NULL)
        return;
    set_absent(&texts[QEMU_ABOUT_DISK_TYPE], storage->type);
    if (storage->is_protocol)
        set_absent(&texts[QEMU_ABOUT_DISK_PROTOCOL], storage->driver);
}

/* True if QEMU made the device for a drive: it has no id. */
static bool
is_of_drive(const QemuFactsDisk *disk)
{
    return disk->qdev != NULL && disk->qdev[0] == '/' &&
           !g_str_has_prefix(disk->qdev, "/machine/peripheral/");
}

/* What the name tells that QEMU made for the disk's drive. */
static void
tell_name(const QemuEmitInput *input, const QemuEmitAboutDisk *disk, const char **texts)
{
    const char *bus = NULL;
    const char *device = NULL;

    if (disk->disk == NULL || input->definition == NULL || !is_of_drive(disk->disk) ||
        !qemu_about_read_drive_name(disk->disk->device, &bus, &device))
        return;
    if (strcmp(bus, "ide") == 0 && input->definition->is_q35)
        bus = "sata";
    texts[QEMU_ABOUT_DISK_BUS] = bus;
    texts[QEMU_ABOUT_DISK_DEVICE] = device;
}

static void
copy_texts(const char **to, char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = texts[i];
}

void
qemu_emit_about_disk(QemuFieldWriter *writer, const QemuEmitInput *input,
                     const QemuEmitAboutDisk *disk)
{
    const char *texts[QEMU_ABOUT_DISK_N_TEXTS] = {NULL};

    if (disk->told != NULL)
        copy_texts(texts, disk->told->texts, QEMU_ABOUT_DISK_N_TEXTS);
    else
        tell_name(input, disk, texts);
    tell_nodes(disk, texts);
    for (size_t i = 0; i < QEMU_ABOUT_DISK_N_TEXTS; i++)
        qemu_field_put_string(writer, disk_fields[i], texts[i]);
}

/* A tap's network is not in the words that made it. */
static const char *
name_link(const QemuFactsNic *nic)
{
    if (nic->is_host_view)
        return "direct";
    if (nic->link == NULL)
        return NULL;
    return nic->link->bridge[0] != '\0' ? "bridge" : "ethernet";
}

void
qemu_emit_about_nic(QemuFieldWriter *writer, const QemuFactsNic *nic)
{
    const char *texts[QEMU_ABOUT_NIC_N_TEXTS] = {NULL};
    UtilCount mtu = nic->told ? nic->told->about.mtu : (UtilCount){0};

    if (nic->told != NULL)
        copy_texts(texts, nic->told->about.texts, QEMU_ABOUT_NIC_N_TEXTS);
    if (nic->ifname != NULL)
        set_absent(&texts[QEMU_ABOUT_NIC_TYPE], name_link(nic));
    if (nic->link != NULL) {
        mtu = util_count_of(nic->link->mtu);
        if (nic->link->bridge[0] != '\0')
            set_absent(&texts[QEMU_ABOUT_NIC_BRIDGE], nic->link->bridge);
    }
    for (size_t i = 0; i < QEMU_ABOUT_NIC_N_TEXTS; i++)
        qemu_field_put_string(writer, nic_fields[i], texts[i]);
    if (mtu.is_present)
        qemu_field_put_wide(writer, QEMU_FIELD_ABOUT_NET_MTU, mtu.value);
}

void
qemu_emit_about_nics(QemuFieldWriter *writer, const QemuEmitInput *input)
{
    const GArray *nics = input->facts->nics;
    const QemuDefinition *about = input->about;

    for (guint i = 0; nics != NULL && i < nics->len; i++) {
        writer->index[0] = i;
        qemu_emit_about_nic(writer, &g_array_index(nics, QemuFactsNic, i));
    }
    if (nics != NULL || about == NULL || !qemu_definition_tells_nics(about))
        return;
    for (guint i = 0; i < about->nics->len; i++) {
        const QemuFactsNic nic = {.told = &g_array_index(about->nics, QemuDefinitionNic, i)};

        writer->index[0] = i;
        qemu_emit_about_nic(writer, &nic);
    }
}
