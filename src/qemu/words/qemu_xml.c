/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml: libvirt's domain XML -> the definition of a virtual machine.
 *
 * The text is checked against its limit before it is parsed. What is not understood is left out.
 */
#include "qemu_xml.h"

#include <limits.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_xml_about.h"
#include "qemu_xml_proven.h"
#include "util/util_error.h"
#include "util/util_xml.h"

static const char qemu_namespace[] = "http://libvirt.org/schemas/domain/qemu/1.0";

/* systemd's limit for the name of a machine, to which libvirt cuts the names that it makes. */
enum { MACHINE_NAME_BYTES = 64 };

static bool
has_attribute(const xmlNode *node, const char *name, const char *value)
{
    g_autofree char *text = util_xml_attribute(node, name);

    return g_strcmp0(text, value) == 0;
}

static UtilCount
parse_count(const char *text, uint64_t max)
{
    guint64 value = 0;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return (UtilCount){0};
    return util_count_of(value);
}

/* 0 if it is none. */
static unsigned int
number_attribute(const xmlNode *node, const char *name)
{
    g_autofree char *text = util_xml_attribute(node, name);

    return (unsigned int)parse_count(text, UINT_MAX).value;
}

/* Of an element in KiB, which is what libvirt writes whatever it was given. */
static UtilCount
kib_content(const xmlNode *node)
{
    g_autofree char *text = util_xml_content(node);
    g_autofree char *unit = util_xml_attribute(node, "unit");

    if (unit != NULL && strcmp(unit, "KiB") != 0)
        return (UtilCount){0};
    return parse_count(text, UINT64_MAX);
}

/* The local path of a <source> whose kind is told by the "type" of @owner; NULL if it is not
 * local, or there is none. */
static char *
source_path(const xmlNode *owner)
{
    static const struct {
        const char *type, *attribute;
    } kinds[] = {{"file", "file"}, {"block", "dev"}, {"dir", "dir"}};

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (has_attribute(owner, "type", kinds[i].type))
            return util_xml_attribute(util_xml_child(owner, "source"), kinds[i].attribute);
    return NULL;
}

/* Appends the data file of an image whose <source> is @source. */
static void
add_data_file(QemuDefinitionDisk *disk, const xmlNode *source)
{
    QemuDefinitionDataFile *file = qemu_definition_add_data_file(disk);
    const xmlNode *store = util_xml_child(source, "dataStore");

    if (store == NULL)
        return;
    file->is_there = true;
    file->path = source_path(store);
    file->format = util_xml_attribute(util_xml_child(store, "format"), "type");
    file->index = number_attribute(util_xml_child(store, "source"), "index");
}

/* Appends one layer, whose <source> is in @node; takes @path and @format. */
static void
add_layer(QemuDefinitionDisk *disk, const xmlNode *node, char *take_path, char *take_format,
          unsigned int index)
{
    g_ptr_array_add(disk->paths, take_path ? take_path : g_strdup(""));
    g_ptr_array_add(disk->formats, take_format ? take_format : g_strdup(""));
    g_array_append_val(disk->indexes, index);
    add_data_file(disk, util_xml_child(node, "source"));
}

static void
parse_chain(QemuDefinitionDisk *disk, const xmlNode *node)
{
    const xmlNode *layer = util_xml_child(node, "backingStore");

    disk->paths = g_ptr_array_new_with_free_func(g_free);
    disk->formats = g_ptr_array_new_with_free_func(g_free);
    disk->indexes = g_array_new(FALSE, TRUE, sizeof(unsigned int));
    add_layer(disk, node, g_strdup(disk->path), g_strdup(disk->format),
              number_attribute(util_xml_child(node, "source"), "index"));
    /* The end of a chain is an element without a source. */
    while (util_xml_child(layer, "source") != NULL && disk->paths->len < QEMU_LIMIT_CHAIN_LAYERS) {
        add_layer(disk, layer, source_path(layer),
                  util_xml_attribute(util_xml_child(layer, "format"), "type"),
                  number_attribute(layer, "index"));
        layer = util_xml_child(layer, "backingStore");
    }
}

/* The target of a copy; that of a commit is in the chain already. */
static void
parse_mirror(QemuDefinitionDisk *disk, const xmlNode *mirror)
{
    if (!has_attribute(mirror, "job", "copy"))
        return;
    disk->mirror_path = source_path(mirror);
    disk->mirror_index = number_attribute(util_xml_child(mirror, "source"), "index");
}

static void
parse_disk(QemuDefinition *definition, const xmlNode *node)
{
    QemuDefinitionDisk *disk = qemu_definition_add_disk(definition);
    const xmlNode *source = util_xml_child(node, "source");

    disk->target = util_xml_attribute(util_xml_child(node, "target"), "dev");
    disk->alias = util_xml_attribute(util_xml_child(node, "alias"), "name");
    disk->path = source_path(node);
    disk->format = util_xml_attribute(util_xml_child(node, "driver"), "type");
    disk->is_vhost_user = has_attribute(node, "type", "vhostuser");
    qemu_xml_about_disk(node, &disk->about);
    disk->is_encrypted =
        util_xml_child(source, "encryption") != NULL || util_xml_child(node, "encryption") != NULL;
    if (source == NULL)
        return;
    parse_chain(disk, node);
    parse_mirror(disk, util_xml_child(node, "mirror"));
}

/* libvirt shows the counters of macvtap as the host has them, and swaps those of all others. What
 * has no device on the host is only counted. */
static void
parse_nic(QemuDefinition *definition, const xmlNode *node)
{
    QemuDefinitionNic *nic = qemu_definition_add_nic(definition);

    nic->id = util_xml_attribute(util_xml_child(node, "alias"), "name");
    qemu_xml_about_nic(node, &nic->about);
    nic->ifname = util_xml_attribute(util_xml_child(node, "target"), "dev");
    if (has_attribute(node, "type", "direct"))
        nic->kind = QEMU_DEFINITION_NIC_HOST_VIEW;
    else
        nic->kind = nic->ifname ? QEMU_DEFINITION_NIC_TAP : QEMU_DEFINITION_NIC_NO_DEVICE;
}

static void
parse_devices(QemuDefinition *definition, const xmlNode *devices)
{
    const xmlNode *node = devices ? devices->children : NULL;

    for (; node != NULL; node = node->next) {
        if (util_xml_is(node, "disk") && definition->disks->len < QEMU_LIMIT_DISKS)
            parse_disk(definition, node);
        else if (util_xml_is(node, "interface") && definition->nics->len < QEMU_LIMIT_NICS)
            parse_nic(definition, node);
        else if (util_xml_is(node, "memballoon"))
            definition->has_balloon = !has_attribute(node, "model", "none");
    }
}

/* What libvirt calls the machine towards systemd and, in folders' names, towards resctrl. */
static char *
make_machine_name(const QemuDefinition *definition, unsigned int id)
{
    GString *name = g_string_new(NULL);

    g_string_printf(name, "qemu-%u-", id);
    for (const char *at = definition->name; at != NULL && *at != '\0'; at++)
        if ((g_ascii_isalnum(*at) || *at == '-' || *at == '_' || *at == '.') &&
            name->len < MACHINE_NAME_BYTES)
            g_string_append_c(name, *at);
    return g_string_free(name, FALSE);
}

/* One <monitor> of @group, a <cachetune>, <memorytune> or <energytune>. A group that allots nothing
 * has no folder of its own. The folder of the monitor is that of the group if it has one and both
 * are about the same vCPUs, else one among the monitors of the group's folder or of the host's. Its
 * name is libvirt's since 12.8, that of its folder; before it lacked the machine. */
static void
parse_resctrl_monitor(QemuDefinition *definition, const xmlNode *node, const xmlNode *group,
                      QemuDefinitionResctrlKind kind, const char *machine)
{
    QemuDefinitionResctrl *monitor = qemu_definition_add_resctrl(definition);
    g_autofree char *group_vcpus = util_xml_attribute(group, "vcpus");
    g_autofree char *group_id = util_xml_attribute(group, "id");
    bool is_allotting =
        util_xml_child(group, "cache") != NULL || util_xml_child(group, "node") != NULL;

    bool is_of_all = false;

    if (group_id == NULL)
        group_id = g_strdup_printf("vcpus_%s", group_vcpus ? group_vcpus : "");
    monitor->kind = kind;
    monitor->vcpus = util_xml_attribute(node, "vcpus");
    is_of_all = g_strcmp0(monitor->vcpus, group_vcpus) == 0;
    monitor->name =
        is_of_all ? g_strdup_printf("%s-%s", machine, group_id)
                  : g_strdup_printf("%s-vcpus_%s", machine, monitor->vcpus ? monitor->vcpus : "");
    if (is_allotting && is_of_all)
        monitor->folder = g_strdup(monitor->name);
    else if (is_allotting)
        monitor->folder = g_strdup_printf("%s-%s/mon_groups/%s", machine, group_id, monitor->name);
    else
        monitor->folder = g_strdup_printf("mon_groups/%s", monitor->name);
}

static void
parse_resctrl(QemuDefinition *definition, const xmlNode *cputune, unsigned int id)
{
    static const struct {
        const char *name;
        QemuDefinitionResctrlKind kind;
    } groups[] = {{"cachetune", QEMU_DEFINITION_CACHE},
                  {"memorytune", QEMU_DEFINITION_BANDWIDTH},
                  {"energytune", QEMU_DEFINITION_ENERGY}};
    g_autofree char *machine = make_machine_name(definition, id);

    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++) {
        const xmlNode *group = util_xml_child(cputune, groups[i].name);

        for (; group != NULL; group = util_xml_next(group, groups[i].name)) {
            const xmlNode *monitor = util_xml_child(group, "monitor");

            for (; monitor != NULL; monitor = util_xml_next(monitor, "monitor"))
                parse_resctrl_monitor(definition, monitor, group, groups[i].kind, machine);
        }
    }
}

static void
parse_perf(QemuDefinition *definition, const xmlNode *perf)
{
    const xmlNode *event = util_xml_child(perf, "event");

    for (; event != NULL; event = util_xml_next(event, "event")) {
        g_autofree char *name = util_xml_attribute(event, "name");

        if (name == NULL || !has_attribute(event, "enabled", "yes"))
            continue;
        if (definition->perf_events == NULL)
            definition->perf_events = g_ptr_array_new_null_terminated(0, g_free, TRUE);
        g_ptr_array_add(definition->perf_events, g_steal_pointer(&name));
    }
}

static void
parse_vcpus(QemuDefinition *definition, const xmlNode *node)
{
    g_autofree char *maximum = util_xml_content(node);
    g_autofree char *current = util_xml_attribute(node, "current");

    definition->vcpus_max = parse_count(maximum, QEMU_LIMIT_VCPUS);
    definition->vcpus_current =
        current ? parse_count(current, QEMU_LIMIT_VCPUS) : definition->vcpus_max;
}

static char **
parse_extra_args(const xmlNode *domain)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    const xmlNode *node = util_xml_child(domain, "commandline");

    while (node != NULL &&
           (node->ns == NULL || g_strcmp0((const char *)node->ns->href, qemu_namespace) != 0))
        node = util_xml_next(node, "commandline");
    node = util_xml_child(node, "arg");
    for (; node != NULL; node = util_xml_next(node, "arg")) {
        g_autofree char *word = util_xml_attribute(node, "value");

        if (word != NULL)
            g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

static QemuXml *
parse_domain(const xmlNode *domain)
{
    QemuXml *self = g_new0(QemuXml, 1);
    QemuDefinition *definition = qemu_definition_new_of_libvirt();

    self->definition = definition;
    definition->is_kvm = has_attribute(domain, "type", "kvm");
    qemu_xml_about_domain(domain, &definition->about);
    definition->name = util_xml_content(util_xml_child(domain, "name"));
    definition->uuid = util_xml_content(util_xml_child(domain, "uuid"));
    definition->memory_kib = kib_content(util_xml_child(domain, "memory"));
    definition->memory_current_kib = kib_content(util_xml_child(domain, "currentMemory"));
    parse_vcpus(definition, util_xml_child(domain, "vcpu"));
    parse_devices(definition, util_xml_child(domain, "devices"));
    parse_resctrl(definition, util_xml_child(domain, "cputune"), number_attribute(domain, "id"));
    parse_perf(definition, util_xml_child(domain, "perf"));
    self->extra_args = parse_extra_args(domain);
    qemu_xml_proven_set(domain, (const char *const *)self->extra_args, definition);
    return self;
}

QemuXml *
qemu_xml_parse(const char *text, size_t size, GError **error)
{
    g_autoptr(UtilXmlDocument) document = NULL;
    const xmlNode *root = NULL;
    QemuXml *self = NULL;

    if (size > QEMU_LIMIT_XML_BYTES) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "a definition of %zu bytes is past the limit of %d", size,
                    QEMU_LIMIT_XML_BYTES);
        return NULL;
    }
    document = util_xml_parse(text, size);
    root = util_xml_root(document);
    if (util_xml_is(root, "domain"))
        self = parse_domain(root);
    if (self == NULL)
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "the definition is no XML of a domain");
    return self;
}

void
qemu_xml_free(QemuXml *self)
{
    if (self == NULL)
        return;
    qemu_definition_free(self->definition);
    g_strfreev(self->extra_args);
    g_free(self);
}
