/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml_about: see qemu_xml_about.h. Each text is the value of an attribute, or the content of
 * an element, at a path of elements: by table.
 */
#include "qemu_xml_about.h"

#include <glib.h>
#include <limits.h>
#include <string.h>

static const char nova_namespaces[] = "http://openstack.org/xmlns/libvirt/nova/"; /* 1.0, 1.1 */

enum { MOST_STEPS = 3 };

typedef struct {
    int text;
    const char *path[MOST_STEPS]; /* elements, from outside to inside */
    const char *attribute;        /* NULL: the content */
} Row;

static const Row domain_rows[] = {
    {QEMU_ABOUT_TYPE, {NULL}, "type"},
    {QEMU_ABOUT_OS, {"os", "type"}, NULL},
    {QEMU_ABOUT_ARCH, {"os", "type"}, "arch"},
    {QEMU_ABOUT_MACHINE, {"os", "type"}, "machine"},
    {QEMU_ABOUT_EMULATOR, {"devices", "emulator"}, NULL},
    {QEMU_ABOUT_TITLE, {"title"}, NULL},
};

static const Row nova_rows[] = {
    {QEMU_ABOUT_NOVA_NAME, {"name"}, NULL},
    {QEMU_ABOUT_NOVA_FLAVOR, {"flavor"}, "name"},
    {QEMU_ABOUT_NOVA_USER_NAME, {"owner", "user"}, NULL},
    {QEMU_ABOUT_NOVA_USER_ID, {"owner", "user"}, "uuid"},
    {QEMU_ABOUT_NOVA_PROJECT_NAME, {"owner", "project"}, NULL},
    {QEMU_ABOUT_NOVA_PROJECT_ID, {"owner", "project"}, "uuid"},
    {QEMU_ABOUT_NOVA_ROOT_TYPE, {"root"}, "type"},
    {QEMU_ABOUT_NOVA_ROOT_ID, {"root"}, "uuid"},
};

static const Row disk_rows[] = {
    {QEMU_ABOUT_DISK_DEVICE, {NULL}, "device"},
    {QEMU_ABOUT_DISK_BUS, {"target"}, "bus"},
    {QEMU_ABOUT_DISK_TYPE, {NULL}, "type"},
    {QEMU_ABOUT_DISK_FORMAT, {"driver"}, "type"},
    {QEMU_ABOUT_DISK_PROTOCOL, {"source"}, "protocol"},
    {QEMU_ABOUT_DISK_SOURCE, {"source"}, "name"},
    {QEMU_ABOUT_DISK_CACHE, {"driver"}, "cache"},
    {QEMU_ABOUT_DISK_DISCARD, {"driver"}, "discard"},
    {QEMU_ABOUT_DISK_SERIAL, {"serial"}, NULL},
};

static const Row nic_rows[] = {
    {QEMU_ABOUT_NIC_TYPE, {NULL}, "type"},
    {QEMU_ABOUT_NIC_BRIDGE, {"source"}, "bridge"},
    {QEMU_ABOUT_NIC_NETWORK, {"source"}, "network"},
    {QEMU_ABOUT_NIC_MODEL, {"model"}, "type"},
    {QEMU_ABOUT_NIC_INTERFACE_ID, {"virtualport", "parameters"}, "interfaceid"},
};

static void
read_row(const xmlNode *node, const Row *row, char **texts)
{
    for (size_t i = 0; i < MOST_STEPS && row->path[i] != NULL; i++)
        node = util_xml_child(node, row->path[i]);
    qemu_about_take(&texts[row->text], row->attribute ? util_xml_attribute(node, row->attribute)
                                                      : util_xml_content(node));
}

static void
read_rows(const xmlNode *node, const Row *rows, size_t n_rows, char **texts)
{
    for (size_t i = 0; i < n_rows; i++)
        read_row(node, &rows[i], texts);
}

/* Nova's element; NULL if there is none. */
static const xmlNode *
find_nova(const xmlNode *domain)
{
    const xmlNode *node = util_xml_child(util_xml_child(domain, "metadata"), "instance");

    while (node != NULL && (node->ns == NULL || node->ns->href == NULL ||
                            !g_str_has_prefix((const char *)node->ns->href, nova_namespaces)))
        node = util_xml_next(node, "instance");
    return node;
}

void
qemu_xml_about_domain(const xmlNode *domain, QemuAbout *about)
{
    const xmlNode *nova = find_nova(domain);

    read_rows(domain, domain_rows, G_N_ELEMENTS(domain_rows), about->texts);
    if (nova != NULL)
        read_rows(nova, nova_rows, G_N_ELEMENTS(nova_rows), about->texts);
}

/* "POOL/VOLUME" of a disk in a storage pool; NULL if it is in none. The caller frees. */
static char *
make_volume(const xmlNode *source)
{
    g_autofree char *pool = util_xml_attribute(source, "pool");
    g_autofree char *volume = util_xml_attribute(source, "volume");

    return pool && volume ? g_strdup_printf("%s/%s", pool, volume) : NULL;
}

void
qemu_xml_about_disk(const xmlNode *disk, QemuAboutDisk *about)
{
    char **cache = &about->texts[QEMU_ABOUT_DISK_CACHE];

    read_rows(disk, disk_rows, G_N_ELEMENTS(disk_rows), about->texts);
    if (g_strcmp0(about->texts[QEMU_ABOUT_DISK_TYPE], "volume") == 0)
        qemu_about_take(&about->texts[QEMU_ABOUT_DISK_SOURCE],
                        make_volume(util_xml_child(disk, "source")));
    if (g_strcmp0(*cache, "default") == 0) /* which says nothing */
        g_clear_pointer(cache, g_free);
}

/* What is no bridge and no network; NULL if it is one of these, or nothing. The caller frees. */
static char *
find_source(const xmlNode *source)
{
    char *device = util_xml_attribute(source, "dev");

    return device ? device : util_xml_attribute(source, "path");
}

void
qemu_xml_about_nic(const xmlNode *interface, QemuAboutNic *about)
{
    g_autofree char *mac = util_xml_attribute(util_xml_child(interface, "mac"), "address");
    g_autofree char *mtu = util_xml_attribute(util_xml_child(interface, "mtu"), "size");
    guint64 size = 0;

    read_rows(interface, nic_rows, G_N_ELEMENTS(nic_rows), about->texts);
    qemu_about_set_mac(&about->texts[QEMU_ABOUT_NIC_MAC], mac);
    qemu_about_take(&about->texts[QEMU_ABOUT_NIC_SOURCE],
                    find_source(util_xml_child(interface, "source")));
    if (mtu != NULL && g_ascii_string_to_unsigned(mtu, 10, 1, UINT_MAX, &size, NULL))
        about->mtu = util_count_of(size);
}
