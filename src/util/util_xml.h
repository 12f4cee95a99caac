/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * util_xml: reads XML with libxml2: a text to a document, and what its elements hold.
 *
 * Reads no other file: no DTD, no entity, no network. The caller bounds the size of the text; the
 * parser bounds depth and names.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

typedef xmlDoc UtilXmlDocument;

/* NULL if @text is not well-formed, or has a document type declaration: so there are no entities to
 * expand. The caller frees. */
UtilXmlDocument *util_xml_parse(const char *text, size_t size);
void util_xml_free(UtilXmlDocument *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UtilXmlDocument, util_xml_free)

/* The following take NULL for a document or a node, and then give NULL or false. */

const xmlNode *util_xml_root(const UtilXmlDocument *self);
bool util_xml_is(const xmlNode *node, const char *name);
/* The first element called @name in @parent; and the next one of that name behind @node. */
const xmlNode *util_xml_child(const xmlNode *parent, const char *name);
const xmlNode *util_xml_next(const xmlNode *node, const char *name);

/* NULL if @node has no attribute of that name. The caller frees. */
char *util_xml_attribute(const xmlNode *node, const char *name);
/* The text in @node and in all elements inside it. The caller frees. */
char *util_xml_content(const xmlNode *node);
