/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_xml: see daemon_libvirt_xml.h.
 *
 * A disk is there only if it has a name by which its statistics can be asked for: clients ask for
 * each disk that they find, and some give up if one is refused.
 */
#include "daemon_libvirt_xml.h"

#include <libxml/tree.h>
#include <string.h>

#define NOVA "http://openstack.org/xmlns/libvirt/nova/1.1"

/* What XML cannot hold, and what is no UTF-8, becomes the sign for that. */
static char *
clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);

    for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool is_allowed =
            c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xfffe) || c >= 0x10000;

        g_string_append_unichar(out, is_allowed ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}

static xmlNode *
add(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

static xmlNode *
add_text(xmlNode *parent, const char *name, const char *text)
{
    g_autofree char *cleaned = clean(text);

    return xmlNewTextChild(parent, NULL, (const xmlChar *)name, (const xmlChar *)cleaned);
}

static void
set(xmlNode *node, const char *name, const char *value)
{
    g_autofree char *cleaned = value != NULL ? clean(value) : NULL;

    if (cleaned != NULL)
        xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)cleaned);
}

static void
set_number(xmlNode *node, const char *name, uint64_t number)
{
    char text[32];

    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, number);
    set(node, name, text);
}

/* An element @name with one attribute, unless @value is NULL. */
static void
add_with(xmlNode *parent, const char *name, const char *attribute, const char *value)
{
    if (value != NULL)
        set(add(parent, name), attribute, value);
}

static xmlNode *
add_number(xmlNode *parent, const char *name, uint64_t number)
{
    char text[32];

    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, number);
    return add_text(parent, name, text);
}

static const char *
nova(const DaemonLibvirtFields *fields, const char *name)
{
    return daemon_libvirt_fields_text(fields, "about.state.nova.%s", name);
}

static void
add_nova_who(xmlNode *owner, const DaemonLibvirtFields *fields, const char *element,
             const char *name, const char *id)
{
    const char *who = nova(fields, name);
    xmlNode *node = NULL;

    if (who == NULL && nova(fields, id) == NULL)
        return;
    node = add_text(owner, element, who != NULL ? who : "");
    set(node, "uuid", nova(fields, id));
}

/* What OpenStack keeps in the metadata, as exporters look for it. */
static void
add_metadata(xmlNode *domain, const DaemonLibvirtFields *fields)
{
    const char *name = nova(fields, "name");
    xmlNode *instance = NULL;
    xmlNode *owner = NULL;

    if (name == NULL && nova(fields, "flavor") == NULL && nova(fields, "project-id") == NULL)
        return;
    instance = add(add(domain, "metadata"), "nova:instance");
    set(instance, "xmlns:nova", NOVA);
    if (name != NULL)
        add_text(instance, "nova:name", name);
    add_with(instance, "nova:flavor", "name", nova(fields, "flavor"));
    owner = add(instance, "nova:owner");
    add_nova_who(owner, fields, "nova:user", "user-name", "user-id");
    add_nova_who(owner, fields, "nova:project", "project-name", "project-id");
    if (nova(fields, "root-id") != NULL) {
        xmlNode *root = add(instance, "nova:root");

        set(root, "type", nova(fields, "root-type"));
        set(root, "uuid", nova(fields, "root-id"));
    }
}

static void
add_memory(xmlNode *domain, const DaemonLibvirtFields *fields)
{
    uint64_t kib = 0;

    if (daemon_libvirt_fields_get(fields, &kib, "balloon.maximum"))
        set(add_number(domain, "memory", kib), "unit", "KiB");
    if (daemon_libvirt_fields_get(fields, &kib, "balloon.current"))
        set(add_number(domain, "currentMemory", kib), "unit", "KiB");
}

static void
add_vcpus(xmlNode *domain, const DaemonLibvirtFields *fields)
{
    uint64_t current = 0;
    uint64_t maximum = 0;
    xmlNode *vcpu = NULL;

    if (!daemon_libvirt_fields_get(fields, &maximum, "vcpu.maximum"))
        return;
    vcpu = add_number(domain, "vcpu", maximum);
    set(vcpu, "placement", "static");
    if (daemon_libvirt_fields_get(fields, &current, "vcpu.current") && current != maximum)
        set_number(vcpu, "current", current);
}

static void
add_os(xmlNode *domain, const DaemonLibvirtFields *fields)
{
    const char *type = daemon_libvirt_fields_text(fields, "about.state.os");
    xmlNode *node = add_text(add(domain, "os"), "type", type != NULL ? type : "hvm");

    set(node, "arch", daemon_libvirt_fields_text(fields, "about.state.arch"));
    set(node, "machine", daemon_libvirt_fields_text(fields, "about.state.machine"));
}

static const char *
disk_text(const DaemonLibvirtFields *fields, unsigned int index, const char *name)
{
    return daemon_libvirt_fields_text(fields, "about.block.%u.%s", index, name);
}

const char *
daemon_libvirt_xml_disk_source(const DaemonLibvirtFields *fields, unsigned int index)
{
    const char *path = daemon_libvirt_fields_text(fields, "block.%u.path", index);

    if (path != NULL && path[0] == '/')
        return path;
    return disk_text(fields, index, "source");
}

static const char *
disk_type(const DaemonLibvirtFields *fields, unsigned int index, const char *source)
{
    const char *type = disk_text(fields, index, "type");

    if (type != NULL)
        return type;
    return source != NULL && g_str_has_prefix(source, "/dev/") ? "block" : "file";
}

static void
add_disk_source(xmlNode *disk, const DaemonLibvirtFields *fields, unsigned int index,
                const char *type, const char *source)
{
    static const struct {
        const char *type;
        const char *attribute;
    } attributes[] = {
        {"file", "file"},    {"block", "dev"},     {"dir", "dir"},
        {"network", "name"}, {"volume", "volume"},
    };
    xmlNode *node = NULL;

    if (source == NULL)
        return;
    node = add(disk, "source");
    if (strcmp(type, "network") == 0)
        set(node, "protocol", disk_text(fields, index, "protocol"));
    for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++) {
        if (strcmp(attributes[i].type, type) == 0)
            set(node, attributes[i].attribute, source);
    }
}

static void
add_disk(xmlNode *devices, const DaemonLibvirtFields *fields, unsigned int index)
{
    const char *name = daemon_libvirt_fields_text(fields, "block.%u.name", index);
    const char *source = daemon_libvirt_xml_disk_source(fields, index);
    const char *type = disk_type(fields, index, source);
    const char *device = disk_text(fields, index, "device");
    xmlNode *disk = NULL;
    xmlNode *node = NULL;

    if (name == NULL)
        return;
    disk = add(devices, "disk");
    set(disk, "type", type);
    set(disk, "device", device != NULL ? device : "disk");
    node = add(disk, "driver");
    set(node, "name", "qemu");
    set(node, "type", disk_text(fields, index, "format"));
    set(node, "cache", disk_text(fields, index, "cache"));
    set(node, "discard", disk_text(fields, index, "discard"));
    add_disk_source(disk, fields, index, type, source);
    node = add(disk, "target");
    set(node, "dev", name);
    set(node, "bus", disk_text(fields, index, "bus"));
    if (disk_text(fields, index, "serial") != NULL)
        add_text(disk, "serial", disk_text(fields, index, "serial"));
}

static const char *
nic_text(const DaemonLibvirtFields *fields, unsigned int index, const char *name)
{
    return daemon_libvirt_fields_text(fields, "about.net.%u.%s", index, name);
}

static void
add_nic_source(xmlNode *interface, const DaemonLibvirtFields *fields, unsigned int index,
               const char *type)
{
    const char *bridge = nic_text(fields, index, "bridge");
    const char *network = nic_text(fields, index, "network");
    const char *source = nic_text(fields, index, "source");
    xmlNode *node = NULL;

    if (bridge == NULL && network == NULL && source == NULL)
        return;
    node = add(interface, "source");
    set(node, "network", network);
    set(node, "bridge", bridge);
    set(node, strcmp(type, "vhostuser") == 0 ? "path" : "dev", source);
}

static void
add_nic(xmlNode *devices, const DaemonLibvirtFields *fields, unsigned int index)
{
    const char *target = daemon_libvirt_fields_text(fields, "net.%u.name", index);
    const char *type = nic_text(fields, index, "type");
    const char *port = nic_text(fields, index, "interface-id");
    xmlNode *interface = NULL;
    uint64_t mtu = 0;

    if (type == NULL)
        type = target != NULL ? "ethernet" : "user";
    if (target == NULL && nic_text(fields, index, "type") == NULL &&
        nic_text(fields, index, "mac") == NULL)
        return;
    interface = add(devices, "interface");
    set(interface, "type", type);
    add_with(interface, "mac", "address", nic_text(fields, index, "mac"));
    add_nic_source(interface, fields, index, type);
    if (port != NULL) {
        xmlNode *node = add(interface, "virtualport");

        set(node, "type", "openvswitch");
        set(add(node, "parameters"), "interfaceid", port);
    }
    add_with(interface, "target", "dev", target);
    add_with(interface, "model", "type", nic_text(fields, index, "model"));
    if (daemon_libvirt_fields_get(fields, &mtu, "about.net.%u.mtu", index))
        set_number(add(interface, "mtu"), "size", mtu);
}

static void
add_devices(xmlNode *domain, const DaemonLibvirtFields *fields)
{
    const char *emulator = daemon_libvirt_fields_text(fields, "about.state.emulator");
    unsigned int n_disks = daemon_libvirt_fields_count(fields, "block");
    unsigned int n_nics = daemon_libvirt_fields_count(fields, "net");
    xmlNode *devices = add(domain, "devices");

    if (emulator != NULL)
        add_text(devices, "emulator", emulator);
    for (unsigned int i = 0; i < n_disks; i++)
        add_disk(devices, fields, i);
    for (unsigned int i = 0; i < n_nics; i++)
        add_nic(devices, fields, i);
}

/* Takes @take_root and gives its text. */
static char *
print(xmlNode *take_root)
{
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlBuffer *buffer = xmlBufferCreate();
    char *text = NULL;

    xmlDocSetRootElement(document, take_root);
    xmlNodeDump(buffer, document, take_root, 0, 1);
    text = g_strconcat((const char *)xmlBufferContent(buffer), "\n", NULL);
    xmlBufferFree(buffer);
    xmlFreeDoc(document);
    return text;
}

char *
daemon_libvirt_xml_make_domain(const DaemonLibvirtFields *fields)
{
    const DomstatsRecord *record = fields->record;
    const char *type = daemon_libvirt_fields_text(fields, "about.state.type");
    const char *title = daemon_libvirt_fields_text(fields, "about.state.title");
    xmlNode *domain = xmlNewNode(NULL, (const xmlChar *)"domain");

    set(domain, "type", type != NULL ? type : "qemu");
    if (record->id > 0)
        set_number(domain, "id", (uint64_t)record->id);
    add_text(domain, "name", record->name);
    add_text(domain, "uuid", record->uuid);
    if (title != NULL)
        add_text(domain, "title", title);
    add_metadata(domain, fields);
    add_memory(domain, fields);
    add_vcpus(domain, fields);
    add_os(domain, fields);
    add_devices(domain, fields);
    return print(domain);
}

static void
add_guest(xmlNode *capabilities, const char *machine)
{
    xmlNode *guest = add(capabilities, "guest");
    xmlNode *arch = NULL;

    add_text(guest, "os_type", "hvm");
    arch = add(guest, "arch");
    set(arch, "name", machine);
    add_text(arch, "wordsize", sizeof(void *) == 8 ? "64" : "32");
    add_with(arch, "domain", "type", "qemu");
    add_with(arch, "domain", "type", "kvm");
}

char *
daemon_libvirt_xml_make_capabilities(const char *machine, const DaemonLibvirtNode *node)
{
    xmlNode *capabilities = xmlNewNode(NULL, (const xmlChar *)"capabilities");
    xmlNode *cpu = add(add(capabilities, "host"), "cpu");
    xmlNode *topology = NULL;

    add_text(cpu, "arch", machine);
    topology = add(cpu, "topology");
    set_number(topology, "sockets", node->sockets);
    set_number(topology, "dies", 1);
    set_number(topology, "cores", node->cores);
    set_number(topology, "threads", node->threads);
    add_guest(capabilities, machine);
    return print(capabilities);
}
