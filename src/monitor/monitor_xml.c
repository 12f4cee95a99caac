/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_xml: see monitor_xml.h. util_xml tells what the elements are, and monitor_tags where they
 * are in the text. Both give them in the order of the text, so the n-th of one is the n-th of the
 * other.
 */
#include "monitor_xml.h"

#include <string.h>

#include "monitor_words.h"
#include "util/util_error.h"
#include "util/util_xml.h"

static bool
is_of_namespace(const xmlNs *ns)
{
    return ns != NULL && g_strcmp0((const char *)ns->href, MONITOR_XML_NAMESPACE) == 0;
}

static void
free_label(gpointer data)
{
    MonitorXmlLabel *label = data;

    g_free(label->model);
    g_free(label->type);
    g_free(label->label);
    g_free(label);
}

static void
parse_labels(MonitorXml *self, const xmlNode *domain)
{
    const xmlNode *node = util_xml_child(domain, "seclabel");

    for (; node != NULL; node = util_xml_next(node, "seclabel")) {
        MonitorXmlLabel *label = g_new0(MonitorXmlLabel, 1);

        label->model = util_xml_attribute(node, "model");
        label->type = util_xml_attribute(node, "type");
        label->label = util_xml_content(util_xml_child(node, "label"));
        g_ptr_array_add(self->labels, label);
    }
}

/* The next node in the order of the text; NULL behind the last one of @root. */
static const xmlNode *
next_node(const xmlNode *node, const xmlNode *root)
{
    const xmlNode *next = node->children;

    while (next == NULL && node != root) {
        next = node->next;
        node = node->parent;
    }
    return next;
}

static const xmlNode *
next_element(const xmlNode *node, const xmlNode *root)
{
    node = next_node(node, root);
    while (node != NULL && node->type != XML_ELEMENT_NODE)
        node = next_node(node, root);
    return node;
}

static void
take_commandline(MonitorXml *self, const xmlNode *node, const MonitorTags *tags)
{
    self->has_commandline = true;
    self->commandline = *tags;
    for (const xmlNode *child = node->children; child != NULL; child = child->next)
        self->n_children += child->type == XML_ELEMENT_NODE ? 1 : 0;
    g_free(self->prefix);
    self->prefix = g_strdup(node->ns->prefix ? (const char *)node->ns->prefix : "");
}

static void
take_word(MonitorXml *self, const xmlNode *node, const MonitorTags *tags)
{
    char *value = util_xml_attribute(node, "value");

    g_ptr_array_add(self->words, value ? value : g_strdup(""));
    g_array_append_vals(self->word_tags, tags, 1);
}

static void
look_at(MonitorXml *self, const xmlNode *node, const xmlNode *domain, const MonitorTags *tags)
{
    for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
        self->n_others += is_of_namespace(attribute->ns) ? 1 : 0;
    if (!is_of_namespace(node->ns))
        return;
    if (util_xml_is(node, "commandline") && node->parent == domain && !self->has_commandline)
        take_commandline(self, node, tags);
    else if (util_xml_is(node, "arg") && self->has_commandline &&
             tags->begin < self->commandline.close)
        take_word(self, node, tags);
    else
        self->n_others++;
}

/* Finds " xmlns:PREFIX='...'" in the first tag of @text, but not inside of quoted values. */
static void
find_declaration(MonitorXml *self, const char *text)
{
    g_autofree char *name = g_strdup_printf("xmlns:%s", self->prefix);
    size_t length = strlen(name);
    char quote = '\0';

    for (size_t at = self->root.begin; at < self->root.open_end; at++) {
        if (quote != '\0') {
            quote = text[at] == quote ? '\0' : quote;
        } else if (text[at] == '"' || text[at] == '\'') {
            quote = text[at];
        } else if (g_ascii_isspace(text[at]) && strncmp(text + at + 1, name, length) == 0 &&
                   (text[at + 1 + length] == '=' || g_ascii_isspace(text[at + 1 + length]))) {
            size_t value = at + 1 + length + strcspn(text + at + 1 + length, "'\"");

            self->declared_at = at;
            self->declaration_size =
                value + 2 + strcspn(text + value + 1, (char[]){text[value], '\0'}) - at;
            return;
        }
    }
}

static void
parse_namespace(MonitorXml *self, const xmlNode *domain, const char *text)
{
    for (const xmlNs *ns = domain->nsDef; ns != NULL; ns = ns->next) {
        if (!is_of_namespace(ns) || ns->prefix == NULL)
            continue;
        g_free(self->prefix);
        self->prefix = g_strdup((const char *)ns->prefix);
        find_declaration(self, text);
        return;
    }
}

static bool
parse_elements(MonitorXml *self, const xmlNode *domain, const GArray *tags)
{
    const xmlNode *node = domain;
    guint i = 0;

    for (; node != NULL && i < tags->len; i++) {
        look_at(self, node, domain, &g_array_index(tags, MonitorTags, i));
        node = next_element(node, domain);
    }
    return node == NULL && i == tags->len;
}

static bool
parse_domain(MonitorXml *self, const char *text, const GArray *tags)
{
    g_autoptr(UtilXmlDocument) document = util_xml_parse(text, strlen(text));
    const xmlNode *domain = util_xml_root(document);

    if (!util_xml_is(domain, "domain"))
        return false;
    self->root = g_array_index(tags, MonitorTags, 0);
    self->uuid = util_xml_content(util_xml_child(domain, "uuid"));
    self->emulator =
        util_xml_content(util_xml_child(util_xml_child(domain, "devices"), "emulator"));
    parse_labels(self, domain);
    parse_namespace(self, domain, text);
    return parse_elements(self, domain, tags) && util_xml_child(domain, "name") != NULL &&
           self->uuid != NULL;
}

MonitorXml *
monitor_xml_parse(const char *text, GError **error)
{
    g_autoptr(GArray) tags = monitor_tags_parse(text, strlen(text), error);
    g_autoptr(MonitorXml) self = NULL;

    if (tags == NULL)
        return NULL;
    self = g_new0(MonitorXml, 1);
    self->labels = g_ptr_array_new_with_free_func(free_label);
    self->words = g_ptr_array_new_with_free_func(g_free);
    self->word_tags = g_array_new(FALSE, FALSE, sizeof(MonitorTags));
    if (!parse_domain(self, text, tags)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "the definition is no XML of a domain");
        return NULL;
    }
    self->monitors = monitor_words_find((const char *const *)self->words->pdata, self->words->len);
    return g_steal_pointer(&self);
}

void
monitor_xml_free(MonitorXml *self)
{
    if (self == NULL)
        return;
    g_free(self->uuid);
    g_free(self->emulator);
    g_free(self->prefix);
    g_clear_pointer(&self->labels, g_ptr_array_unref);
    g_clear_pointer(&self->words, g_ptr_array_unref);
    g_clear_pointer(&self->word_tags, g_array_unref);
    g_clear_pointer(&self->monitors, g_ptr_array_unref);
    g_free(self);
}

const MonitorXmlLabel *
monitor_xml_label(const MonitorXml *self, const char *model)
{
    for (guint i = 0; i < self->labels->len; i++) {
        const MonitorXmlLabel *label = g_ptr_array_index(self->labels, i);

        if (g_strcmp0(label->model, model) == 0)
            return label;
    }
    return NULL;
}
