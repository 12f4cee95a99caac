/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_node: see monitor_node.h.
 */
#include "monitor_node.h"

#include <libxml/parser.h>
#include <string.h>

MonitorNodeDocument *
monitor_node_parse(const char *text, size_t size)
{
    return xmlReadMemory(text, (int)size, NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

void
monitor_node_free(MonitorNodeDocument *self)
{
    xmlFreeDoc(self);
}

bool
monitor_node_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE &&
           strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *
find_from(const xmlNode *node, const char *name)
{
    while (node != NULL && !monitor_node_is(node, name))
        node = node->next;
    return node;
}

const xmlNode *
monitor_node_child(const xmlNode *parent, const char *name)
{
    return parent ? find_from(parent->children, name) : NULL;
}

const xmlNode *
monitor_node_next(const xmlNode *node, const char *name)
{
    return node ? find_from(node->next, name) : NULL;
}

/* Takes @text out of libxml's memory. */
static char *
take_text(xmlChar *text)
{
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

char *
monitor_node_attribute(const xmlNode *node, const char *name)
{
    return node ? take_text(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

char *
monitor_node_content(const xmlNode *node)
{
    return node ? take_text(xmlNodeGetContent(node)) : NULL;
}
