/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_xml: libvirt's domain XML -> the definition of a virtual machine. Pure.
 *
 * Reads no other file: no DTD, no entity, no network. Knows nothing of libvirt's library.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"

typedef struct {
    QemuDefinition *definition; /* its disks are always told */
    char **extra_args;          /* the words of <qemu:commandline>, NULL-terminated */
} QemuXml;

/* NULL and BROKEN when @text is not one domain in XML, or past a limit. */
QemuXml *qemu_xml_parse(const char *text, size_t size, GError **error);
void qemu_xml_free(QemuXml *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuXml, qemu_xml_free)
