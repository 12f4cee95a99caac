/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_xml: what of a domain's definition concerns a monitor of its QEMU: which domain it is,
 * its security labels, what its <qemu:commandline> holds, and where that stands in the text.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "monitor_tags.h"

#define MONITOR_XML_NAMESPACE "http://libvirt.org/schemas/domain/qemu/1.0"

/* One <seclabel>. Each string may be NULL. */
typedef struct {
    char *model;
    char *type;
    char *label;
} MonitorXmlLabel;

typedef struct {
    char *uuid;
    char *emulator;    /* NULL: libvirt's default */
    GPtrArray *labels; /* MonitorXmlLabel */

    MonitorTags root;
    char *prefix;       /* of QEMU's namespace where it is declared; "": none; NULL: not declared */
    size_t declared_at; /* where the declaration is in the first tag, with the blank before it */
    size_t declaration_size; /* 0: it is not in the first tag */
    size_t n_others; /* elements and attributes of the namespace, but for <commandline> and its
                        <arg> */
    bool has_commandline;
    MonitorTags commandline;
    size_t n_children; /* elements in it */
    GPtrArray *words;  /* const char *, the value of each <arg> */
    GArray *word_tags; /* MonitorTags of each */

    GPtrArray *monitors; /* MonitorWordsFound */
} MonitorXml;

/* Gives NULL and BROKEN if @text is no XML of a domain. The caller frees. */
MonitorXml *monitor_xml_parse(const char *text, GError **error);
void monitor_xml_free(MonitorXml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MonitorXml, monitor_xml_free)

/* The label of the security model @model, or the one without a model for NULL; NULL if there is
 * none. */
const MonitorXmlLabel *monitor_xml_label(const MonitorXml *self, const char *model);
