/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_tags: where the elements of an XML text stand, so that a part of the text can be changed
 * and the rest stays as it is, byte for byte.
 *
 * Finds where tags begin and end; names, attributes and namespaces are left to util_xml.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* One element. All are offsets into the text. */
typedef struct {
    size_t begin;    /* of its "<" */
    size_t open_end; /* behind the ">" of its first tag */
    size_t close;    /* of the "<" of its last tag; @open_end of an empty-element tag */
    size_t end;      /* behind its last ">" */
} MonitorTags;

/* The elements (MonitorTags) in the order in which they begin. NULL and BROKEN for a text that is
 * no XML, or has a document type, whose entities could give parts of the text another meaning. The
 * caller frees. */
GArray *monitor_tags_parse(const char *text, size_t size, GError **error);
