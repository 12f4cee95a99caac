/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_node: reads libvirt's XML with libxml2: a text to a document, and what stands in its
 * elements. All functions take NULL for a node and answer NULL.
 */
#pragma once

#include <glib.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

typedef xmlDoc MonitorNodeDocument;

/* NULL if @text is no well-formed XML. The caller frees. */
MonitorNodeDocument *monitor_node_parse(const char *text, size_t size);
void monitor_node_free(MonitorNodeDocument *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorNodeDocument, monitor_node_free)

bool monitor_node_is(const xmlNode *node, const char *name);
/* The first element called @name in @parent; and the next one of that name behind @node. */
const xmlNode *monitor_node_child(const xmlNode *parent, const char *name);
const xmlNode *monitor_node_next(const xmlNode *node, const char *name);

/* The caller frees. */
char *monitor_node_attribute(const xmlNode *node, const char *name);
char *monitor_node_content(const xmlNode *node);
