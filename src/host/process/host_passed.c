/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_passed: see host_passed.h. Owns nothing.
 *
 * How it works
 *
 * A process that has a device has one of these open: the device itself, whose fdinfo tells where it
 * is in /sys (Linux 6.17 and later); its node /dev/vfio/devices/vfioN; or the node of its IOMMU
 * group, /dev/vfio/N, which one process can have open at a time. Of a group, the devices are taken
 * that a driver for passing them on has. If fdinfo tells, that is all there is.
 */
#include "host_passed.h"

#include <string.h>

#include "host/host_limits.h"
#include "host/host_text.h"

#define DEVICES     "sys/bus/pci/devices/"
#define DEVICE_LINK "anon_inode:[vfio-device]"
#define NODE        "/dev/vfio/devices/"
#define GROUP       "/dev/vfio/"
#define SYSPATH     "vfio-device-syspath:"

enum { MAX_PATH_BYTES = 256, MAX_INFO_BYTES = 4096, MAX_WORD_BYTES = 64 };

/* "0000:65:01.2", with a domain of four digits or more. */
static bool
is_address(const char *text)
{
    size_t domain = strspn(text, "0123456789abcdef");
    const char *rest = text + domain;

    return domain >= 4 && strlen(text) < HOST_PASSED_ADDRESS_BYTES && rest[0] == ':' &&
           strspn(rest + 1, "0123456789abcdef") == 2 && rest[3] == ':' &&
           strspn(rest + 4, "0123456789abcdef") == 2 && rest[6] == '.' &&
           strspn(rest + 7, "01234567") == 1 && rest[8] == '\0';
}

static void
add_address(GPtrArray *addresses, const char *address)
{
    for (guint i = 0; i < addresses->len; i++)
        if (strcmp(g_ptr_array_index(addresses, i), address) == 0)
            return;
    if (is_address(address) && addresses->len < HOST_LIMIT_PASSED_DEVICES)
        g_ptr_array_add(addresses, g_strdup(address));
}

/* The last part of where a link in the folder of @address points; NULL if there is none. The caller
 * frees. */
static char *
read_link_name(HostRoot *root, const char *address, const char *link)
{
    g_autofree char *path = g_strdup_printf(DEVICES "%s/%s", address, link);
    g_autofree char *target = host_root_readlink(root, path);

    return target ? g_path_get_basename(target) : NULL;
}

static bool
is_passed_on(HostRoot *root, const char *address)
{
    g_autofree char *driver = read_link_name(root, address, "driver");

    return driver != NULL && strstr(driver, "vfio") != NULL;
}

static bool
is_network(HostRoot *root, const char *address)
{
    g_autofree char *path = g_strdup_printf(DEVICES "%s/class", address);
    char text[MAX_WORD_BYTES] = "";

    return host_root_read(root, path, text, sizeof(text)) > 0 && g_str_has_prefix(text, "0x02");
}

static void
add_of_group(HostRoot *root, const char *group, GPtrArray *addresses)
{
    g_autofree char *path = g_strdup_printf("sys/kernel/iommu_groups/%s/devices", group);
    g_auto(GStrv) names = host_root_list(root, path, HOST_LIMIT_PASSED_DEVICES);

    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        if (is_address(names[i]) && is_passed_on(root, names[i]))
            add_address(addresses, names[i]);
}

/* The class links to "../../devices/.../ADDRESS/vfio-dev/vfioN". */
static void
add_of_node(HostRoot *root, const char *node, GPtrArray *addresses)
{
    g_autofree char *path = g_strdup_printf("sys/class/vfio-dev/%s", node);
    g_autofree char *target = host_root_readlink(root, path);
    g_auto(GStrv) parts = target ? g_strsplit(target, "/", -1) : NULL;
    guint n = parts ? g_strv_length(parts) : 0;

    if (n >= 3 && strcmp(parts[n - 2], "vfio-dev") == 0)
        add_address(addresses, parts[n - 3]);
}

static void
add_of_info(HostRoot *root, pid_t pid, const char *fd, GPtrArray *addresses)
{
    g_autofree char *path = g_strdup_printf("proc/%d/fdinfo/%s", (int)pid, fd);
    g_autofree char *syspath = NULL;
    g_autofree char *name = NULL;
    char text[MAX_INFO_BYTES] = "";
    const char *line = NULL;

    if (host_root_read(root, path, text, sizeof(text)) <= 0)
        return;
    line = host_text_find_line(text, SYSPATH);
    if (line == NULL)
        return;
    syspath = g_strstrip(g_strndup(line, strcspn(line, "\n")));
    name = g_path_get_basename(syspath);
    add_address(addresses, name);
}

static int
compare_addresses(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* char *, ascending; NULL with errno. The caller unrefs. */
static GPtrArray *
list_addresses(HostRoot *root, pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", (int)pid);
    g_auto(GStrv) fds = host_root_list(root, folder, HOST_LIMIT_DESCRIPTORS);
    g_autoptr(GPtrArray) told = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    if (fds == NULL)
        return NULL;
    for (size_t i = 0; fds[i] != NULL; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", folder, fds[i]);
        g_autofree char *target = host_root_readlink(root, path);

        if (target == NULL)
            continue;
        if (strcmp(target, DEVICE_LINK) == 0)
            add_of_info(root, pid, fds[i], told);
        else if (g_str_has_prefix(target, NODE))
            add_of_node(root, target + strlen(NODE), found);
        else if (g_str_has_prefix(target, GROUP) && is_number(target + strlen(GROUP)))
            add_of_group(root, target + strlen(GROUP), found);
    }
    g_ptr_array_sort(told, compare_addresses);
    g_ptr_array_sort(found, compare_addresses);
    return told->len > 0 ? g_steal_pointer(&told) : g_steal_pointer(&found);
}

/* Which virtual function of @pf it is. */
static UtilCount
find_vf(HostRoot *root, const char *pf, const char *address)
{
    g_autofree char *path = g_strdup_printf(DEVICES "%s/sriov_numvfs", pf);
    UtilCount n = host_root_read_count(root, path);

    for (unsigned int i = 0; n.is_present && i < MIN(n.value, HOST_LIMIT_VFS); i++) {
        char link[MAX_WORD_BYTES] = "";
        g_autofree char *name = NULL;

        g_snprintf(link, sizeof(link), "virtfn%u", i);
        name = read_link_name(root, pf, link);
        if (g_strcmp0(name, address) == 0)
            return util_count_of(i);
    }
    return (UtilCount){0};
}

/* What a port of a switch stands for, by its name: "p0" is the uplink, "pf0vf3" and "c0pf0vf3" are
 * representors. */
static bool
is_representor(const char *port, unsigned int *ret_vf)
{
    const char *vf = strstr(port, "vf");
    guint64 number = 0;

    if (vf == NULL || strstr(port, "pf") == NULL || strstr(port, "pf") > vf ||
        !g_ascii_string_to_unsigned(vf + 2, 10, 0, HOST_LIMIT_VFS, &number, NULL))
        return false;
    *ret_vf = (unsigned int)number;
    return true;
}

static bool
is_other_port(const char *port)
{
    return strstr(port, "pf") != NULL || strstr(port, "sf") != NULL;
}

/* The interfaces of the PCI device are its own and those that represent its functions. */
static void
read_interfaces(HostRoot *root, HostPassed *device)
{
    g_autofree char *folder = g_strdup_printf(DEVICES "%s/net", device->pf_address);
    g_auto(GStrv) names = host_root_list(root, folder, HOST_LIMIT_VFS);

    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s/phys_port_name", folder, names[i]);
        char port[MAX_WORD_BYTES] = "";
        unsigned int vf = 0;

        if (strlen(names[i]) >= IFNAMSIZ)
            continue;
        if (host_root_read(root, path, port, sizeof(port)) < 0)
            port[0] = '\0'; /* most drivers have no names for ports */
        g_strchomp(port);
        if (is_representor(port, &vf)) {
            if (device->vf.is_present && vf == device->vf.value)
                g_strlcpy(device->representor, names[i], sizeof(device->representor));
        } else if (!is_other_port(port) && device->pf_ifname[0] == '\0') {
            g_strlcpy(device->pf_ifname, names[i], sizeof(device->pf_ifname));
        }
    }
}

static HostPassed
read_device(HostRoot *root, const char *address)
{
    g_autofree char *pf = read_link_name(root, address, "physfn");
    HostPassed device = {0};

    g_strlcpy(device.address, address, sizeof(device.address));
    if (pf == NULL || !is_address(pf))
        return device;
    g_strlcpy(device.pf_address, pf, sizeof(device.pf_address));
    device.vf = find_vf(root, pf, address);
    read_interfaces(root, &device);
    return device;
}

bool
host_passed_is_possible(HostRoot *root)
{
    static const char *const folders[] = {"sys/class/vfio", "sys/class/vfio-dev"};

    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_auto(GStrv) names = host_root_list(root, folders[i], HOST_LIMIT_PASSED_DEVICES);

        if (names != NULL && names[0] != NULL)
            return true;
    }
    return false;
}

GArray *
host_passed_list(HostRoot *root, pid_t pid)
{
    g_autoptr(GPtrArray) addresses = list_addresses(root, pid);
    GArray *devices = NULL;

    if (addresses == NULL)
        return NULL;
    devices = g_array_new(FALSE, FALSE, sizeof(HostPassed));
    for (guint i = 0; i < addresses->len; i++) {
        const char *address = g_ptr_array_index(addresses, i);

        if (is_network(root, address)) {
            HostPassed device = read_device(root, address);

            g_array_append_val(devices, device);
        }
    }
    return devices;
}
