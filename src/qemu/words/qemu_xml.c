/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml: libvirt's domain XML -> the definition of a virtual machine.
 *
 * The text is checked against its limit before it is parsed, and a document type declaration
 * ends the parsing where it stands: so there are no entities to expand, whatever is in it. The
 * parser itself bounds depth and names. What is not understood is left out.
 */
#include "qemu_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <limits.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "util/util_error.h"

static const char qemu_namespace[] = "http://libvirt.org/schemas/domain/qemu/1.0";

/* systemd's limit for the name of a machine, to which libvirt cuts the names that it makes. */
enum { MACHINE_NAME_BYTES = 64 };

static bool
is_called(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* The next element called @name, at @node or behind it. */
static const xmlNode *
find_from(const xmlNode *node, const char *name)
{
    while (node != NULL && !is_called(node, name))
        node = node->next;
    return node;
}

/* The first element called @name in @parent; NULL if there is none, or @parent is NULL. */
static const xmlNode *
child(const xmlNode *parent, const char *name)
{
    return parent ? find_from(parent->children, name) : NULL;
}

/* Takes @text out of libxml's memory. */
static char *
take_text(xmlChar *text)
{
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

/* NULL if there is none. The caller frees. */
static char *
attribute(const xmlNode *node, const char *name)
{
    return node ? take_text(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

static char *
content(const xmlNode *node)
{
    return node ? take_text(xmlNodeGetContent(node)) : NULL;
}

static bool
has_attribute(const xmlNode *node, const char *name, const char *value)
{
    g_autofree char *text = attribute(node, name);

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
    g_autofree char *text = attribute(node, name);

    return (unsigned int)parse_count(text, UINT_MAX).value;
}

/* Of an element in KiB, which is what libvirt writes whatever it was given. */
static UtilCount
kib_content(const xmlNode *node)
{
    g_autofree char *text = content(node);
    g_autofree char *unit = attribute(node, "unit");

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
            return attribute(child(owner, "source"), kinds[i].attribute);
    return NULL;
}

/* Appends one layer; takes @path and @format. */
static void
add_layer(QemuDefinitionDisk *disk, char *take_path, char *take_format, unsigned int index)
{
    g_ptr_array_add(disk->paths, take_path ? take_path : g_strdup(""));
    g_ptr_array_add(disk->formats, take_format ? take_format : g_strdup(""));
    g_array_append_val(disk->indexes, index);
}

static void
parse_chain(QemuDefinitionDisk *disk, const xmlNode *node)
{
    const xmlNode *layer = child(node, "backingStore");

    disk->paths = g_ptr_array_new_with_free_func(g_free);
    disk->formats = g_ptr_array_new_with_free_func(g_free);
    disk->indexes = g_array_new(FALSE, TRUE, sizeof(unsigned int));
    add_layer(disk, g_strdup(disk->path), g_strdup(disk->format),
              number_attribute(child(node, "source"), "index"));
    /* The end of a chain is an element without a source. */
    while (child(layer, "source") != NULL && disk->paths->len < QEMU_LIMIT_CHAIN_LAYERS) {
        add_layer(disk, source_path(layer), attribute(child(layer, "format"), "type"),
                  number_attribute(layer, "index"));
        layer = child(layer, "backingStore");
    }
}

/* The target of a copy; that of a commit is in the chain already. */
static void
parse_mirror(QemuDefinitionDisk *disk, const xmlNode *mirror)
{
    if (!has_attribute(mirror, "job", "copy"))
        return;
    disk->mirror_path = source_path(mirror);
    disk->mirror_index = number_attribute(child(mirror, "source"), "index");
}

static void
parse_disk(QemuDefinition *definition, const xmlNode *node)
{
    QemuDefinitionDisk *disk = qemu_definition_add_disk(definition);
    const xmlNode *source = child(node, "source");

    disk->target = attribute(child(node, "target"), "dev");
    disk->alias = attribute(child(node, "alias"), "name");
    disk->path = source_path(node);
    disk->format = attribute(child(node, "driver"), "type");
    disk->is_vhost_user = has_attribute(node, "type", "vhostuser");
    disk->is_encrypted = child(source, "encryption") != NULL || child(node, "encryption") != NULL;
    if (source == NULL)
        return;
    parse_chain(disk, node);
    parse_mirror(disk, child(node, "mirror"));
}

/* libvirt shows the counters of macvtap as the host has them, and swaps those of all others. What
 * has no device on the host is only counted. */
static void
parse_nic(QemuDefinition *definition, const xmlNode *node)
{
    QemuDefinitionNic *nic = qemu_definition_add_nic(definition);

    nic->id = attribute(child(node, "alias"), "name");
    nic->ifname = attribute(child(node, "target"), "dev");
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
        if (is_called(node, "disk") && definition->disks->len < QEMU_LIMIT_DISKS)
            parse_disk(definition, node);
        else if (is_called(node, "interface") && definition->nics->len < QEMU_LIMIT_NICS)
            parse_nic(definition, node);
        else if (is_called(node, "memballoon"))
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

/* One <monitor> of @group, a <cachetune>, <memorytune> or <energytune>. Its folder is that of
 * the group where both are about the same vCPUs, else one inside it. A group that allots
 * nothing has no folder of its own. */
static void
parse_resctrl_monitor(QemuDefinition *definition, const xmlNode *node, const xmlNode *group,
                      QemuDefinitionResctrlKind kind, const char *machine)
{
    QemuDefinitionResctrl *monitor = qemu_definition_add_resctrl(definition);
    g_autofree char *group_vcpus = attribute(group, "vcpus");
    g_autofree char *group_id = attribute(group, "id");
    g_autofree char *group_folder = NULL;
    bool is_allotting = child(group, "cache") != NULL || child(group, "node") != NULL;

    if (group_id == NULL)
        group_id = g_strdup_printf("vcpus_%s", group_vcpus ? group_vcpus : "");
    group_folder = is_allotting ? g_strdup_printf("%s-%s", machine, group_id) : g_strdup("");
    monitor->kind = kind;
    monitor->vcpus = attribute(node, "vcpus");
    if (g_strcmp0(monitor->vcpus, group_vcpus) == 0) {
        monitor->id = g_steal_pointer(&group_id);
        monitor->folder = g_steal_pointer(&group_folder);
        return;
    }
    monitor->id = g_strdup_printf("vcpus_%s", monitor->vcpus ? monitor->vcpus : "");
    monitor->folder = g_strdup_printf("%s%smon_groups/%s-%s", group_folder,
                                      group_folder[0] == '\0' ? "" : "/", machine, monitor->id);
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
        const xmlNode *group = child(cputune, groups[i].name);

        for (; group != NULL; group = find_from(group->next, groups[i].name)) {
            const xmlNode *monitor = child(group, "monitor");

            for (; monitor != NULL; monitor = find_from(monitor->next, "monitor"))
                parse_resctrl_monitor(definition, monitor, group, groups[i].kind, machine);
        }
    }
}

static void
parse_perf(QemuDefinition *definition, const xmlNode *perf)
{
    const xmlNode *event = child(perf, "event");

    for (; event != NULL; event = find_from(event->next, "event")) {
        g_autofree char *name = attribute(event, "name");

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
    g_autofree char *maximum = content(node);
    g_autofree char *current = attribute(node, "current");

    definition->vcpus_max = parse_count(maximum, QEMU_LIMIT_VCPUS);
    definition->vcpus_current =
        current ? parse_count(current, QEMU_LIMIT_VCPUS) : definition->vcpus_max;
}

static char **
parse_extra_args(const xmlNode *domain)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    const xmlNode *node = child(domain, "commandline");

    while (node != NULL &&
           (node->ns == NULL || g_strcmp0((const char *)node->ns->href, qemu_namespace) != 0))
        node = find_from(node->next, "commandline");
    node = child(node, "arg");
    for (; node != NULL; node = find_from(node->next, "arg")) {
        g_autofree char *word = attribute(node, "value");

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
    definition->name = content(child(domain, "name"));
    definition->uuid = content(child(domain, "uuid"));
    definition->memory_kib = kib_content(child(domain, "memory"));
    definition->memory_current_kib = kib_content(child(domain, "currentMemory"));
    parse_vcpus(definition, child(domain, "vcpu"));
    parse_devices(definition, child(domain, "devices"));
    parse_resctrl(definition, child(domain, "cputune"), number_attribute(domain, "id"));
    parse_perf(definition, child(domain, "perf"));
    self->extra_args = parse_extra_args(domain);
    return self;
}

/* Where a document type begins, the document ends. The parser's private pointer is the flag that
 * says so. */
static void
stop_at_doctype(void *data, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *context = data;
    bool *ret_has_doctype = context->_private;

    (void)name;
    (void)external;
    (void)system;
    *ret_has_doctype = true;
    xmlStopParser(context);
}

static xmlDoc *
parse_document(const char *text, size_t size)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                        XML_PARSE_COMPACT | XML_PARSE_NOCDATA;
    xmlParserCtxt *context = xmlCreateMemoryParserCtxt(text, (int)size);
    xmlDoc *document = NULL;
    bool has_doctype = false;

    if (context == NULL)
        return NULL;
    xmlCtxtUseOptions(context, options);
    context->_private = &has_doctype;
    context->sax->internalSubset = stop_at_doctype;
    xmlParseDocument(context);
    document = context->myDoc;
    if (!context->wellFormed || has_doctype) {
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(context);
    return document;
}

QemuXml *
qemu_xml_parse(const char *text, size_t size, GError **error)
{
    xmlDoc *document = NULL;
    const xmlNode *root = NULL;
    QemuXml *self = NULL;

    if (size > QEMU_LIMIT_XML_BYTES) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "a definition of %zu bytes is past the limit of %d", size,
                    QEMU_LIMIT_XML_BYTES);
        return NULL;
    }
    document = parse_document(text, size);
    root = document ? xmlDocGetRootElement(document) : NULL;
    if (root != NULL && is_called(root, "domain"))
        self = parse_domain(root);
    xmlFreeDoc(document);
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
