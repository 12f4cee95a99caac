/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_xml: see util_xml.h.
 */
#include "util_xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <string.h>

/* Ends the parsing where a document type begins. The parser's private pointer leads to the flag
 * that this sets. */
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

UtilXmlDocument *
util_xml_parse(const char *text, size_t size)
{
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                        XML_PARSE_COMPACT | XML_PARSE_NOCDATA;
    xmlParserCtxt *context = size <= INT_MAX ? xmlCreateMemoryParserCtxt(text, (int)size) : NULL;
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

void
util_xml_free(UtilXmlDocument *self)
{
    xmlFreeDoc(self);
}

const xmlNode *
util_xml_root(const UtilXmlDocument *self)
{
    return self ? xmlDocGetRootElement(self) : NULL;
}

bool
util_xml_is(const xmlNode *node, const char *name)
{
    return node != NULL && node->type == XML_ELEMENT_NODE &&
           strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *
find_from(const xmlNode *node, const char *name)
{
    while (node != NULL && !util_xml_is(node, name))
        node = node->next;
    return node;
}

const xmlNode *
util_xml_child(const xmlNode *parent, const char *name)
{
    return parent ? find_from(parent->children, name) : NULL;
}

const xmlNode *
util_xml_next(const xmlNode *node, const char *name)
{
    return node ? find_from(node->next, name) : NULL;
}

/* Takes @text out of libxml2's memory. */
static char *
take_text(xmlChar *text)
{
    char *copy = g_strdup((const char *)text);

    xmlFree(text);
    return copy;
}

char *
util_xml_attribute(const xmlNode *node, const char *name)
{
    return node ? take_text(xmlGetNoNsProp(node, (const xmlChar *)name)) : NULL;
}

char *
util_xml_content(const xmlNode *node)
{
    return node ? take_text(xmlNodeGetContent(node)) : NULL;
}
